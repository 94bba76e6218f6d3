"""Where the camera stands and where things are: from words, the frame's shape and the seed."""

import random
from dataclasses import dataclass
from typing import Literal

from callsheet.drawing.reading import Reading, Thing

Stature = Literal["people", "products", "vehicles", "buildings", "nature", "abstract"]

INDOORS = frozenset(
    ("studio", "cafe", "kitchen", "room", "office", "stage", "hallway", "hall", "workshop", "shop",
     "cinema", "classroom")
)  # fmt: skip

# How much of the frame's height the whole subject takes, by its sort and the size of shot.
_SCALES: dict[str, dict[str, float]] = {
    "people": {
        "extreme_wide": 0.15, "wide": 0.34, "full": 0.76, "cowboy": 1.22, "medium": 1.62,
        "two_shot": 1.5, "over_shoulder": 1.7, "close": 2.7, "extreme_close": 4.6, "": 0.66,
    },
    "products": {
        "extreme_wide": 0.14, "wide": 0.24, "full": 0.5, "cowboy": 0.5, "medium": 0.46,
        "two_shot": 0.46, "over_shoulder": 0.4, "close": 0.62, "extreme_close": 1.25, "": 0.48,
    },
    "vehicles": {
        "extreme_wide": 0.1, "wide": 0.2, "full": 0.42, "cowboy": 0.48, "medium": 0.46,
        "two_shot": 0.4, "over_shoulder": 0.4, "close": 0.85, "extreme_close": 1.4, "": 0.36,
    },
    "buildings": {
        "extreme_wide": 0.3, "wide": 0.48, "full": 0.7, "cowboy": 0.8, "medium": 0.84,
        "two_shot": 0.6, "over_shoulder": 0.6, "close": 1.3, "extreme_close": 2.0, "": 0.6,
    },
    "nature": {
        "extreme_wide": 0.12, "wide": 0.26, "full": 0.5, "cowboy": 0.6, "medium": 0.62,
        "two_shot": 0.5, "over_shoulder": 0.5, "close": 1.1, "extreme_close": 2.0, "": 0.5,
    },
    "abstract": {"": 0.56},
}  # fmt: skip
_CROPPED = 0.95  # larger than this, the subject is cut by the frame's lower edge
_TIGHT = frozenset(("close", "extreme_close", "medium", "over_shoulder", "two_shot"))
_DISTANCES = (1.0, 0.82, 1.13, 0.92)
_HEIGHTS = (0.0, -0.05, 0.045, 0.02)
_TURNS = (0.0, 17.0, -19.0, 32.0)
_MOST_SUPPORTS = 2
_LIT_PLACES = {"neon": "city", "fire": "room"}  # a light that tells the place
_MIDDLE = 0.5
_NO_COMPANY = frozenset(("hands", "vase", "chair"))  # beside a product they would be its stand
_FLYING = frozenset(("plane", "balloon"))
_NARROW = 0.7  # of width to height, below which the subject is centred


@dataclass(frozen=True, slots=True)
class Composition:
    """One way to stage a shot. Fractions are of the scene's width and height."""

    size: str
    angle: str
    setting: str
    main: Thing | None
    supports: tuple[Thing, ...]
    horizon: float
    subject_x: float
    base: float  # where the subject stands
    scale: float  # the subject's whole height
    light_x: float
    light_y: float
    mirrored: bool
    tabletop: bool
    soft: float  # how much the background is out of focus, 0 to 1
    turn: float  # degrees that the palette is rotated
    choice: int  # picks among what the prompt leaves open

    @property
    def indoors(self) -> bool:
        """Whether there are walls."""
        return self.setting in INDOORS

    @property
    def on_left(self) -> bool:
        """Whether the subject stands in the left half."""
        return self.subject_x < _MIDDLE

    @property
    def from_left(self) -> bool:
        """Whether the light comes from the left."""
        return self.light_x < self.subject_x


def compose(
    reading: Reading, *, seed: int, variant: int, aspect: float, staged: bool = False
) -> Composition:
    """Stage a shot; variants of one seed differ in side, distance, height, light and colour.

    A `staged` shot brings its own subject.
    """
    dice = random.Random(f"{seed}:{reading.setting}")  # noqa: S311 - a drawing, not a secret
    step = variant - 1
    mirrored = (dice.random() < _MIDDLE) != (step % 2 == 1)
    main = _main(reading)
    size = _size(reading, main, staged=staged)
    sort = main.sort if main else "abstract"
    scale = _SCALES[sort].get(size, _SCALES[sort][""])
    scale *= _DISTANCES[step % len(_DISTANCES)] * dice.uniform(0.95, 1.05)
    if reading.angle == "low":
        scale *= 1.22
    setting = _setting(reading, main)
    # A studio has its own floor and plinth.
    tabletop = sort == "products" and setting != "studio" and size not in ("wide", "extreme_wide")
    horizon = _horizon(reading.angle, size, tabletop=tabletop) + _HEIGHTS[step % len(_HEIGHTS)]
    third = _third(size, aspect)
    return Composition(
        size=size,
        angle=reading.angle,
        setting=setting,
        main=main,
        supports=_supports(reading, main),
        horizon=min(0.88, max(0.12, horizon)),
        subject_x=1 - third if mirrored else third,
        base=_base(scale, horizon, reading.angle, sort=sort, setting=setting, tabletop=tabletop),
        scale=scale,
        light_x=_light_x(dice, mirrored=mirrored, step=step),
        light_y=dice.uniform(0.16, 0.3) if reading.time in ("day", "night") else 0.0,
        mirrored=mirrored,
        tabletop=tabletop,
        soft=_softness(reading, size, sort),
        turn=_TURNS[step % len(_TURNS)] * (0.25 if reading.colours else 1.0),
        choice=dice.randrange(1 << 16) + step,
    )


def _main(reading: Reading) -> Thing | None:
    """Choose whom the shot is about: the first thing named, but a product when seen close."""
    products = [thing for thing in reading.things if thing.sort == "products"]
    # "Ceramic" beside a mug says what it is made of; alone it is a vessel.
    several = len(products) > 1
    things = [thing for thing in reading.things if not (several and thing.name == "vase")]
    if reading.size == "extreme_close" or (reading.size == "close" and "hands" in _names(things)):
        for thing in things:
            if thing.sort == "products":
                return thing
    people = [thing for thing in things if thing.sort == "people" and thing.name != "hands"]
    if reading.size in ("two_shot", "over_shoulder"):
        return people[0] if people else Thing("couple", "people")
    first = next((thing for thing in things if thing.name != "hands"), None)
    # "A woman in a car": the person matters; "a mug a potter made": the mug does.
    if first is not None and first.sort in ("buildings", "nature") and people:
        return people[0]
    return first


def _names(things: list[Thing]) -> set[str]:
    return {thing.name for thing in things}


def _supports(reading: Reading, main: Thing | None) -> tuple[Thing, ...]:
    """Choose the company: things of other sorts, and one more product beside a product."""
    sorts = {main.sort} if main and main.sort != "products" else set()
    chosen: list[Thing] = []
    for thing in reading.things:
        plain = thing.name not in _NO_COMPANY or (main and main.sort != "products")
        if thing != main and thing.sort not in sorts and plain:
            chosen.append(thing)
            sorts.add(thing.sort)
    return tuple(chosen[:_MOST_SUPPORTS])


def _size(reading: Reading, main: Thing | None, *, staged: bool) -> str:
    if reading.size:
        return reading.size
    if reading.angle == "aerial":
        return "extreme_wide"
    if not staged and main is None and reading.setting and reading.setting not in INDOORS:
        return "wide"
    return ""


def _setting(reading: Reading, main: Thing | None) -> str:
    if reading.setting:
        return reading.setting
    if main is None:
        return "abstract"
    if main.name in ("boat", "lighthouse"):
        return "sea"
    if reading.time in _LIT_PLACES:
        return _LIT_PLACES[reading.time]
    if main.sort in ("products", "people"):
        return "studio"
    return "road" if main.sort == "vehicles" and main.name not in _FLYING else "field"


def _horizon(angle: str, size: str, *, tabletop: bool) -> float:
    if angle == "low":
        return 0.82
    if angle == "high":
        return 0.3
    if tabletop:
        return 0.64
    return {"extreme_wide": 0.62, "wide": 0.6, "close": 0.66, "extreme_close": 0.7}.get(size, 0.62)


def _third(size: str, aspect: float) -> float:
    if aspect < _NARROW or size in ("extreme_close", "two_shot"):
        return 0.47
    return 0.39 if size in ("close", "medium") else 1 / 3 + 0.02


def _base(
    scale: float, horizon: float, angle: str, *, sort: str, setting: str, tabletop: bool
) -> float:
    if angle in ("overhead", "aerial"):
        return 0.5 + scale / 2
    if tabletop:
        return 0.5 + scale / 2 if scale > _CROPPED else min(0.93, horizon + 0.2)
    if sort == "products" and setting == "studio" and scale <= _CROPPED:
        return min(0.86, horizon + 0.16)
    if scale > _CROPPED:
        return 0.13 + scale
    if sort == "abstract":
        return 0.5 + scale / 2
    # Whoever is seen whole has room above the head.
    return min(0.95, max(horizon + 0.05, scale + 0.1, horizon + 0.1 + scale * 0.28))


def _light_x(dice: random.Random, *, mirrored: bool, step: int) -> float:
    across = dice.uniform(0.62, 0.8)
    opposite = (step // 2) % 2 == 0
    return across if mirrored != opposite else 1 - across


def _softness(reading: Reading, size: str, sort: str) -> float:
    soft = {"extreme_close": 1.0, "close": 0.75, "over_shoulder": 0.55, "medium": 0.4}.get(
        size, 0.0
    )
    if sort == "products" and size == "":
        soft = 0.35
    return max(soft, 0.7) if "bokeh" in reading.weather and size in {*_TIGHT, ""} else soft
