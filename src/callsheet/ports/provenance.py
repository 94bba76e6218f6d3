"""Content credentials (C2PA) as packages see them: what we state, who signs it, what is read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, Final, Protocol

from callsheet.kernel.digests import Sha256
from callsheet.kernel.errors import ConflictError, InvalidInputError

File = bytes | Path
_IPTC: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/"
EMBEDDED: Final = frozenset({"image/jpeg", "image/png", "image/webp", "video/mp4"})
SIDECAR_TYPE: Final = "application/c2pa"
SIDECAR_SUFFIX: Final = ".c2pa"


class SourceType(StrEnum):
    """How a file came about, in the words of IPTC's digital source types."""

    MODEL = f"{_IPTC}trainedAlgorithmicMedia"  # made by a trained model
    MODEL_COMPOSITE = f"{_IPTC}compositeWithTrainedAlgorithmicMedia"
    COMPOSITE = f"{_IPTC}composite"  # of several pictures, no model in it that we know of
    ALGORITHM = f"{_IPTC}algorithmicMedia"  # drawn by a program that was trained on nothing

    @property
    def term(self) -> str:
        """Its last part, as people know it."""
        return self.rpartition("/")[2]


class Relationship(StrEnum):
    """How an ingredient stands to what was made of it (C2PA 2.2, 18.16)."""

    PARENT = "parentOf"
    COMPONENT = "componentOf"
    INPUT = "inputTo"


@dataclass(frozen=True, slots=True)
class Ingredient:
    """A file that went into another: its bytes, and as what it went in (such as `product`)."""

    sha256: Sha256
    title: str
    media_type: str
    relationship: Relationship
    role: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Statement:
    """What we say of a file in its manifest.

    `uuid` names the manifest, in its label and in the part of the claim that is signed: a manifest
    whose label was changed is told by it. `facts` go into an assertion of our own, as JSON.
    """

    uuid: str
    title: str
    media_type: str
    source_type: SourceType
    description: str
    made_at: datetime
    software: str  # the model or program that made it
    generator: str  # the version of callsheet
    facts: Mapping[str, Any]

    @property
    def label(self) -> str:
        """The manifest's name."""
        return f"urn:c2pa:{self.uuid}"

    @property
    def instance(self) -> str:
        """The file's name in the claim."""
        return f"{INSTANCE}{self.uuid}"


INSTANCE: Final = "xmp:iid:"
GENERATOR: Final = "callsheet"
FACTS: Final = "org.callsheet.take"  # the label of our own assertion


class State(StrEnum):
    """What the C2PA validator says of a file as a whole."""

    NONE = "none"  # there is no manifest
    INVALID = "invalid"
    VALID = "valid"  # intact, by somebody whom nothing here vouches for
    TRUSTED = "trusted"  # intact, and its signer is vouched for by a trust anchor


@dataclass(frozen=True, slots=True)
class Fault:
    """One failure that the validator names: its code, which manifest, and in words."""

    code: str
    manifest: str
    explanation: str


@dataclass(frozen=True, slots=True)
class IngredientRead:
    """An ingredient as a manifest lists it; `state` is that of its own manifest."""

    title: str
    relationship: str
    media_type: str
    label: str | None
    state: State
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class ManifestRead:
    """What was read of a file's active manifest.

    `label` is its name, `instance` the file's in the signed claim. `store_sha256` is the hash of
    the manifest store as it lies in the file. `certificate` is the serial number of the signer's
    certificate. `others` counts the manifests beside it.
    """

    state: State
    label: str = ""
    instance: str = ""
    title: str = ""
    generator: str = ""
    issuer: str = ""
    signer: str = ""
    algorithm: str = ""
    certificate: str = ""
    signed_at: str | None = None
    store_sha256: Sha256 | None = None
    source_types: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    facts: Mapping[str, Any] | None = None
    ingredients: tuple[IngredientRead, ...] = ()
    faults: tuple[Fault, ...] = ()
    others: int = 0


class UnreadableManifestError(InvalidInputError):
    """What is in the file cannot be read as content credentials, or took too long or too much."""

    code: ClassVar[str] = "unreadable_manifest"

    def __init__(self, reason: str) -> None:
        super().__init__(f"its content credentials cannot be read: {reason}")
        self.reason = reason


class UnsignableFileError(ConflictError):
    """This file cannot carry a manifest, or is larger than is signed."""

    code: ClassVar[str] = "unsignable_file"

    def __init__(self, reason: str) -> None:
        super().__init__(f"the file cannot be signed: {reason}")
        self.reason = reason


class ClaimSigner(Protocol):
    """Who signs claims: a key in a file, or a key service. The key never leaves it."""

    @property
    def algorithm(self) -> str:
        """The COSE algorithm: es256, es384, es512, ps256, ps384, ps512 or ed25519."""

    @property
    def certificates(self) -> bytes:
        """The chain as PEM, the signer's own certificate first, without the root."""

    @property
    def key_id(self) -> str:
        """The SHA-256 of the signer's own certificate."""

    @property
    def signature_size(self) -> int:
        """How many bytes a signature has."""

    async def sign(self, data: bytes) -> bytes:
        """Sign; of elliptic curves r and s one after the other, as COSE has it.

        Raises SigningKeyUnavailableError where a service does not answer.
        """


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed file, not verified yet: whole, or as it was with `manifest` beside it."""

    content: bytes | None
    manifest: bytes


class Credentials(Protocol):
    """Writes and reads manifests of files, on disk or in memory, in locked-down processes.

    Every verb may raise UnreadableManifestError, UnreadableMediaError for a file that cannot be
    opened, FileChangedError and StudioUnavailableError.
    """

    async def signed(
        self,
        file: File,
        statement: Statement,
        ingredients: Sequence[Ingredient],
        signer: ClaimSigner,
    ) -> Signed:
        """Sign a file. Raises UnsignableFileError and what the signer raises."""

    async def read(
        self, file: File, media_type: str, anchors: bytes = b"", sidecar: bytes | None = None
    ) -> ManifestRead:
        """Read a file's manifest and validate it; `anchors` are PEM certificates to trust."""

    async def fingerprint(self, file: File, media_type: str) -> Sha256:
        """Digest what a file shows: the decoded pixels of a picture, the packets of a clip.

        Whatever is written beside them changes nothing; of other files it digests the bytes.
        """

    async def close(self) -> None:
        """Let the processes go."""
