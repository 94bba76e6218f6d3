"""Pictures as rooms see them: examined facts, thumbnails, frames and sheets of frames."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Protocol

from callsheet.kernel.digests import Sha256
from callsheet.kernel.errors import InvalidInputError, UnavailableError


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


class StudioUnavailableError(UnavailableError):
    """The drawing process died or ran out of its time or memory on this job."""

    code: ClassVar[str] = "studio_unavailable"


@dataclass(frozen=True, slots=True)
class ClipFacts:
    """What looking at one clip found; `poster` is a WebP thumbnail of one of its frames."""

    media_type: str
    width: int
    height: int
    duration_s: float
    has_audio: bool
    poster: bytes


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

    async def thumbnail(self, content: bytes, side: int, origin: str) -> bytes:
        """Shrink until the longer side has about `side` pixels, between two thirds of it and 1.5.

        JPEG, or WebP where it is see-through; a smaller picture keeps its size. Pictures of
        one `origin` may share a process: name by it who could have made them all. Raises
        UnreadablePictureError.
        """

    async def clip(self, content: bytes, poster_side: int) -> ClipFacts:
        """Look at an untrusted clip in a locked-down process. Raises UnreadableClipError."""

    def picture_type(self, content: bytes) -> str:
        """Name a picture's media type by its bytes. Raises UnreadablePictureError."""

    async def frame(self, spec: FrameSpec, references: Sequence[FrameReference]) -> bytes:
        """Draw a storyboard frame; PNG of exactly the asked size."""

    async def contact_sheet(self, title: str, subtitle: str, cells: Sequence[SheetCell]) -> bytes:
        """Draw a contact sheet; PNG, as tall as it needs within limits."""
