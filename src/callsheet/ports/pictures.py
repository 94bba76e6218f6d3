"""Pictures as rooms see them: examined facts, thumbnails, frames and sheets of frames."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final, Protocol

from callsheet.kernel.digests import Sha256
from callsheet.kernel.errors import InvalidInputError, UnavailableError
from callsheet.ports.measuring import OpenFile

_TAIL: Final = 1 << 16


class ReferenceMode(StrEnum):
    """What a reference picture is for."""

    STYLE_ONLY = "style_only"
    SUBJECT = "subject"
    PRODUCT = "product"
    FIRST_FRAME = "first_frame"
    LAST_FRAME = "last_frame"


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """What examining one picture file found.

    `width` and `height` are pixels after EXIF rotation. `pixels` is the SHA-256 of the decoded
    RGBA pixels behind their size; `likeness` is a 256-bit perceptual hash in hexadecimal.
    `working_copy` is a PNG of at most 1,024 pixels a side, safe to decode again.
    """

    media_type: str
    width: int
    height: int
    pixels: Sha256
    likeness: str
    working_copy: bytes


@dataclass(frozen=True, slots=True)
class Glimpse:
    """A large file of which parts are at hand, each with where it begins: the beginning first."""

    size: int
    parts: Sequence[tuple[int, bytes]]

    @property
    def head(self) -> bytes:
        """How it begins."""
        return self.parts[0][1]

    @property
    def tail(self) -> bytes:
        """How it ends."""
        return self.parts[-1][1][-_TAIL:]


@dataclass(frozen=True, slots=True)
class Shown:
    """What can be shown of a picture that was made.

    `thumbnail` is JPEG, or WebP where it is see-through; None with a `note` why there is none.
    `size` is its width and height in pixels, upright where it could be decoded, if it is known.
    """

    thumbnail: bytes | None
    size: tuple[int, int] | None
    note: str | None = None


class UnreadablePictureError(InvalidInputError):
    """The bytes are not a picture that we read: wrong type, damaged, or beyond the limits."""

    code: ClassVar[str] = "unreadable_picture"

    def __init__(self, reason: str) -> None:
        super().__init__(f"not a usable picture: {reason}")
        self.reason = reason


class UnreadableClipError(UnreadablePictureError):
    """The bytes are not a clip that we read: wrong type, damaged, or beyond the limits."""

    code: ClassVar[str] = "unreadable_clip"

    def __init__(self, reason: str) -> None:
        InvalidInputError.__init__(self, f"not a usable clip: {reason}")
        self.reason = reason


class UnreadableSoundError(UnreadablePictureError):
    """The bytes are not a sound that we read: wrong type, damaged, or beyond the limits."""

    code: ClassVar[str] = "unreadable_sound"

    def __init__(self, reason: str) -> None:
        InvalidInputError.__init__(self, f"not a usable sound: {reason}")
        self.reason = reason


class StudioUnavailableError(UnavailableError):
    """The drawing process died or ran out of its time or memory on this job."""

    code: ClassVar[str] = "studio_unavailable"


@dataclass(frozen=True, slots=True)
class ClipFacts:
    """What looking at one clip found; `poster` is a WebP thumbnail of one of its frames.

    Of a long one that is known in part there may be no poster, or no more than its type: `note`
    says why. `frame_rate` is the mean, in frames a second; of its sound, `sample_rate` is in
    samples a second. What is not known, or not there, is None.
    """

    media_type: str
    width: int
    height: int
    duration_s: float
    has_audio: bool
    poster: bytes | None
    note: str | None = None
    frame_rate: float | None = None
    sample_rate: int | None = None
    channels: int | None = None


@dataclass(frozen=True, slots=True)
class SoundFacts:
    """What looking at one sound found: how long it is, its samples a second and its channels."""

    media_type: str
    duration_s: float
    sample_rate: int
    channels: int
    note: str | None = None


@dataclass(frozen=True, slots=True)
class FrameReference:
    """A reference to place in a frame: its mode and its working copy (PNG)."""

    mode: ReferenceMode
    picture: bytes


@dataclass(frozen=True, slots=True)
class FrameSpec:
    """One storyboard frame to draw. The same spec gives the same bytes.

    `width` and `height` are 256 to 4,096 pixels; `notes` are short facts for the slate line, such
    as the model that would be asked and its price.
    """

    prompt: str
    width: int
    height: int
    seed: int
    scene: str = ""
    variant: int = 1
    variants: int = 1
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SheetCell:
    """One picture or text on a contact sheet; with neither, the status is drawn in its place."""

    title: str
    caption: str
    status: str
    picture: bytes | None
    text: str = ""


class Studio(Protocol):
    """Draws and examines pictures, away from the event loop and from our secrets."""

    async def examine(self, content: bytes) -> PictureFacts:
        """Decode an untrusted picture in a locked-down process. Raises UnreadablePictureError."""

    async def shown(self, content: bytes, side: int, origin: str) -> Shown:
        """Read what can be shown of a picture that was made.

        Its thumbnail's longer side has about `side` pixels, between two thirds of it and 1.5; a
        smaller picture keeps its size. Pictures of one `origin` may share a process: name by it who
        could have made them all. Raises UnreadablePictureError.
        """

    async def clip(self, content: bytes | Glimpse | OpenFile, poster_side: int) -> ClipFacts:
        """Look at an untrusted clip in a locked-down process. Raises UnreadableClipError."""

    async def sound(self, content: bytes) -> SoundFacts:
        """Look at an untrusted sound in a locked-down process. Raises UnreadableSoundError."""

    def sound_type(self, beginning: bytes) -> str:
        """Name a sound's media type by how it begins. Raises UnreadableSoundError."""

    def glanced(self, glimpse: Glimpse, media_type: str) -> Shown:
        """Tell what is known of a picture without decoding it. Raises UnreadablePictureError."""

    def picture_type(self, content: bytes) -> str:
        """Name the media type of a picture that we read. Raises UnreadablePictureError."""

    def clip_type(self, beginning: bytes) -> str:
        """Name a clip's media type by how it begins. Raises UnreadableClipError."""

    def made_type(self, beginning: bytes) -> str:
        """Name that of a picture that was made, by how it begins. Raises UnreadablePictureError."""

    async def frame(self, spec: FrameSpec, references: Sequence[FrameReference]) -> bytes:
        """Draw a storyboard frame; PNG of exactly the asked size."""

    async def contact_sheet(self, title: str, subtitle: str, cells: Sequence[SheetCell]) -> bytes:
        """Draw a contact sheet; PNG, as tall as it needs within limits."""
