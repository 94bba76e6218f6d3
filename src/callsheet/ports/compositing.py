"""Placing products in scenes, as rooms see it: what is asked for, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Protocol

from callsheet.kernel.errors import FieldError, InvalidInputError, shown


class PlacementError(InvalidInputError):
    """A place was named that we do not know, or that lies outside the scene."""

    code: ClassVar[str] = "placement"

    def __init__(self, given: str, reason: str) -> None:
        message = f"place {shown(given)} {reason}"
        super().__init__(message, [FieldError("place", reason, shown(given))])


class PhotographedShadow(StrEnum):
    """What becomes of the shadow that a product casts in its own photograph."""

    AUTO = "auto"  # kept where the ground was plain and the shadow shows
    KEEP = "keep"
    DROP = "drop"


class Holes(StrEnum):
    """Whether ground that a product encloses is seen through."""

    AUTO = "auto"  # where it is the same ground beyond doubt
    OPEN = "open"
    CLOSED = "closed"


class Status(StrEnum):
    """What a measurement says."""

    PASS = "pass"  # noqa: S105  # a verdict
    WARN = "warn"
    FAIL = "fail"
    NOT_ASSESSED = "not_assessed"


@dataclass(frozen=True, slots=True)
class Box:
    """Where a product's visible part goes: its left top corner and its width.

    Shares of the scene's width and height from 0 to 1, or pixels where any is larger than 1; the
    height follows from the product.
    """

    x: float
    y: float
    width: float


@dataclass(frozen=True, slots=True)
class Wish:
    """One product of a composite. `place` is a Box, an anchor such as "left third", or ""."""

    place: Box | str = ""
    height_cm: float | None = None
    holes: Holes = Holes.AUTO
    photographed_shadow: PhotographedShadow = PhotographedShadow.AUTO


@dataclass(frozen=True, slots=True)
class CompositeSpec:
    """How products are put into a scene; one wish for each, from the back to the front.

    `scene_cm` is the width of the scene in centimetres where the products stand. `match` bounds
    how far colour and exposure follow the scene; 0 leaves the products' pixels as they are.
    `brand_colours` are ``#rrggbb``: matching moves none of them further than `brand_tolerance`
    (CIEDE2000). `light` is the direction that light comes from, in degrees clockwise from above
    in the picture's plane; None reads it from the scene. `reflection` is the share of light that
    the ground mirrors. With `answered` the last file is no product but what a hosted model made of
    scene and first product: it is kept if the product is still itself, mended with the product's
    own pixels if that is enough, and else composed anew. The same spec and files give the same
    bytes.
    """

    wishes: tuple[Wish, ...]
    media_type: str = "image/png"
    seed: int = 1
    match: float = 1.0
    shadow: float = 1.0
    light: float | None = None
    reflection: float = 0.0
    grain: bool = True
    scene_cm: float | None = None
    brand_colours: tuple[str, ...] = ()
    brand_tolerance: float = 2.0
    layers: bool = False
    answered: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One measurement of a composite: see the judge for what each `check` means."""

    check: str
    status: Status
    value: float | None
    limit: float | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Composite:
    """A finished composite.

    `confidence` from 0 to 1 is that of the least certain matte; below 0.5 a person should look.
    `way` is ``local``, or what became of a hosted answer: ``kept``, ``restored``, or ``refused``,
    after which `picture` is a local one.
    `recipe` says all that was decided, as JSON; `layers` are PNG files by their names.
    """

    picture: bytes
    media_type: str
    size: tuple[int, int]
    confidence: float
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    recipe: Mapping[str, Any]
    layers: Mapping[str, bytes]
    way: str = "local"

    @property
    def needs_person(self) -> bool:
        """Whether it is a best effort that a person should look at."""
        worst = any(each.status is Status.FAIL for each in self.findings)
        return worst or self.confidence < LOW_CONFIDENCE


LOW_CONFIDENCE = 0.5


class Compositor(Protocol):
    """Puts products into scenes, away from the event loop and from our secrets."""

    async def composite(
        self, scene: bytes, products: Sequence[bytes], spec: CompositeSpec
    ) -> Composite:
        """Decode untrusted pictures and compose them in a locked-down process.

        Raises UnreadablePictureError, PlacementError, StudioUnavailableError.
        """


def read_place(given: str) -> Box | str:
    """Read a place as people write it: ``x,y,width`` or an anchor. Raises PlacementError."""
    parts = [part.strip() for part in given.split(",")]
    if len(parts) == 1:
        return given.strip()
    try:
        x, y, width = map(float, parts)
    except ValueError as error:
        raise PlacementError(given, "is not x,y,width, three numbers, nor an anchor") from error
    if not all(abs(each) < _FAR for each in (x, y, width)) or width <= 0:
        raise PlacementError(given, "needs three numbers, and a width above 0")
    return Box(x, y, width)


_FAR = 100_000
