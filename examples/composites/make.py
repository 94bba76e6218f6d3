"""Make the gallery of composites: products and scenes that nobody photographed, and what became.

Run ``python -m examples.composites.make`` in the repository: products and scenes are rendered or
drawn, put together as `callsheet composite` does it, and written as small WebP files. With names
of pairs only those are made again. docs/why/composites.md shows them.
"""

import io
import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from tests.compositing import rendering as r

from callsheet.media.compositing.compositor import composite
from callsheet.media.examine import PictureLimits
from callsheet.ports.compositing import Box, CompositeSpec, Status, Wish

FOLDER = Path(__file__).parent
LIMITS = PictureLimits(8_192 * 8_192, 8_192)
SCENE = (900, 600)
STUDIO = r.Camera(height=2.4, back=4.2, down=26, focal=1.7)
EVEN = {"sun_elevation": 62.0, "sun_size": 40.0, "sun_rays": 6}
Picture = Image.Image


def _studio(thing: r.Thing, ground: float, size: tuple[int, int] = (560, 640)) -> Picture:
    """Photograph a thing on a seamless ground under a large soft light."""
    sun, sky = (0.62, 0.6, 0.58), (0.42, 0.42, 0.44)
    paper = r.flat(ground, ground, ground)
    return _scene(
        things=[thing], ground=paper, sun=sun, sky=sky, camera=STUDIO, size=size, noise=0.8, **EVEN
    )


def _with(world: r.World, changes: dict[str, float]) -> r.World:
    return r.World(
        **{**{name: getattr(world, name) for name in world.__dataclass_fields__}, **changes}
    )


def _bottle() -> Picture:
    paint = r.lettered("OLIO", (0.1, 0.28, 0.14), (0.05, 0.1, 0.06), 0.5, 0.28)
    return _studio(r.Thing(r.bottle(0, 0, 1.0), paint, 0.3), 0.86)


def _white_pot() -> Picture:
    return _studio(r.Thing(r.cylinder(0, 0, 0.42, 0, 0.9, 0.08), r.flat(0.8, 0.8, 0.79)), 0.84)


def _black_box() -> Picture:
    return _studio(
        r.Thing(r.box(0, 0, (1.0, 0.7, 0.6), 25), r.flat(0.022, 0.022, 0.026), 0.5), 0.03
    )


def _shoe() -> Picture:
    return _studio(r.Thing(r.shoe(0, 0, 0.75), r.flat(0.7, 0.12, 0.09)), 0.5, (640, 460))


def _lamp() -> Picture:
    """Stand a tall thin thing before a seamless grey."""
    stem = r.cylinder(0, 0, 0.035, 0, 1.3)
    foot, shade = r.cylinder(0, 0, 0.17, 0, 0.05), r.cylinder(0, 0, 0.16, 1.15, 1.45, 0.04)
    form: r.Distance = lambda place: np.minimum(np.minimum(stem(place), foot(place)), shade(place))  # noqa: E731  # a form
    return _studio(r.Thing(form, r.flat(0.75, 0.5, 0.12), 0.4), 0.5, (520, 760))


def _ring() -> Picture:
    return _studio(r.Thing(r.ring(0, 0, 0.4, 0.07), r.flat(0.85, 0.6, 0.2), 0.6), 0.86, (420, 420))


def _glass() -> Picture:
    """Draw a tumbler as its cut-out: hardly there in the middle, dark at its edges."""
    size, fine = (360, 480), 3
    width, height = size[0] * fine, size[1] * fine
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    v = (y / height - 0.06) / 0.88  # 0 at the rim, 1 at the foot
    half = (0.42 - 0.1 * np.clip(v, 0, 1)) * width
    u = (x - width / 2) / half
    rim = 0.035 * height * np.sqrt(np.clip(1 - u**2, 0, 1))
    inside = (np.abs(u) < 1) & (y > 0.06 * height - rim) & (y < 0.94 * height + rim * 0.8)
    wall = np.abs(u) ** 10
    foot = np.clip((v - 0.9) / 0.1, 0, 1)
    gleam = np.exp(-(((u + 0.62) / 0.07) ** 2)) * np.clip(np.sin(np.clip(v, 0, 1) * np.pi), 0, 1)
    lip = np.exp(-(((np.abs(y - 0.06 * height) - rim) / (0.006 * height)) ** 2)) * (np.abs(u) < 1)
    alpha = np.clip(0.1 + 0.5 * wall + 0.35 * foot + 0.6 * gleam + 0.4 * lip, 0, 0.95) * inside
    tone = np.clip(0.55 - 0.35 * wall - 0.1 * foot + 0.55 * gleam + 0.3 * lip, 0.05, 1)
    rgb = np.stack([tone * 0.93, tone * 0.98, tone], -1)
    whole = (np.dstack([rgb, alpha]) * 255).astype(np.uint8)
    return Image.fromarray(whole).resize(size, Image.Resampling.LANCZOS)


def _fur() -> Picture:
    """Draw a pompon whose edge is hair, before grey."""
    side, fine = 520, 3
    dice = np.random.default_rng(5)
    big = side * fine
    photo = Image.new("RGB", (big, big), (148, 150, 153))
    pen = ImageDraw.Draw(photo)
    middle, radius = big / 2, big * 0.3
    for turn in range(5_200):
        way = dice.uniform(0, 2 * math.pi)
        near = math.sqrt(dice.uniform(0, 1)) * radius * 0.97
        start = (middle + near * math.cos(way), middle + near * math.sin(way))
        bend, far = way + dice.normal(0, 0.35), radius * dice.uniform(0.12, 0.26)
        end = (start[0] + far * math.cos(bend), start[1] + far * math.sin(bend))
        light = 0.55 - 0.4 * (start[1] - middle) / radius - 0.25 * (start[0] - middle) / radius
        tone = float(np.clip(light + dice.normal(0, 0.12), 0.12, 1.1)) * (0.7 + 0.3 * turn / 5_200)
        colour = tuple(int(np.clip(c * tone, 0, 255)) for c in (226, 178, 120))
        pen.line([start, end], fill=colour, width=fine)
    small = photo.resize((side, side), Image.Resampling.LANCZOS)
    noisy = np.asarray(small).astype(np.float32) + dice.standard_normal((side, side, 1))
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def _scene(**given: Any) -> Picture:
    """Photograph a world with these fields."""
    size, noise = given.pop("size", SCENE), given.pop("noise", 1.6)
    return r.photograph(r.World(**given), size, fine=2, noise=noise).rgb


def _side_light() -> Picture:
    """Light a wooden floor low from the left, with two things that cast long shadows."""
    things = [
        r.Thing(r.box(-1.7, 0.9, (0.5, 0.9, 0.5), 20), r.flat(0.25, 0.35, 0.45)),
        r.Thing(r.sphere(1.9, 0.6, 0.35), r.flat(0.7, 0.45, 0.2)),
    ]
    sun = {"sun_azimuth": 275.0, "sun_elevation": 24.0, "sun": (1.15, 0.95, 0.7)}
    return _scene(things=things, ground=r.wood(), wall=r.flat(0.42, 0.4, 0.38), **sun)


def _kitchen() -> Picture:
    """Lay stone tiles before a wall, under a soft light."""
    things = [r.Thing(r.cylinder(-1.6, 1.3, 0.4, 0, 0.8), r.flat(0.5, 0.5, 0.48))]
    return _scene(things=things, ground=r.tiles(), wall=r.flat(0.5, 0.55, 0.52), **EVEN)


def _white_room() -> Picture:
    sun, sky = (0.42, 0.42, 0.41), (0.42, 0.42, 0.43)
    white = r.flat(0.82, 0.82, 0.81)
    return _scene(things=[], ground=white, wall=r.flat(0.8, 0.8, 0.8), sun=sun, sky=sky, **EVEN)


def _night() -> Picture:
    """Light a dark floor with one thing on it a little, from the right."""
    things = [r.Thing(r.sphere(-1.5, 0.8, 0.45), r.flat(0.12, 0.13, 0.16), 0.5)]
    sun = {"sun_azimuth": 70.0, "sun_elevation": 35.0, "sun": (0.35, 0.33, 0.3)}
    dark, wall = r.tiles(0.05, 0.04), r.flat(0.03, 0.03, 0.035)
    return _scene(things=things, ground=dark, wall=wall, sky=(0.02, 0.022, 0.028), **sun)


def _tilted() -> Picture:
    """Hold the camera askew by seven degrees over a wooden table."""
    sun = {"sun_azimuth": 320.0, "sun_elevation": 45.0}
    things = [r.Thing(r.cylinder(1.5, 1.2, 0.3, 0, 0.7), r.flat(0.3, 0.4, 0.3))]
    ground, wall = r.wood(0.5, 0.36, 0.24, 3), r.flat(0.5, 0.48, 0.46)
    level = _scene(things=things, ground=ground, wall=wall, size=(1_100, 780), **sun)
    turned = level.rotate(7, Image.Resampling.BICUBIC)
    left, top = (turned.width - SCENE[0]) // 2, (turned.height - SCENE[1]) // 2
    return turned.crop((left, top, left + SCENE[0], top + SCENE[1]))


PRODUCTS: dict[str, Callable[[], Picture]] = {
    "bottle": _bottle,
    "white-pot": _white_pot,
    "black-box": _black_box,
    "shoe": _shoe,
    "lamp": _lamp,
    "ring": _ring,
    "glass": _glass,
    "fur": _fur,
}
SCENES: dict[str, Callable[[], Picture]] = {
    "side-light": _side_light,
    "kitchen": _kitchen,
    "white-room": _white_room,
    "night": _night,
    "tilted": _tilted,
}


@dataclass(frozen=True)
class Pair:
    """One picture of the gallery."""

    product: str
    scene: str
    place: Box | str = ""

    @property
    def name(self) -> str:
        """Name it."""
        return f"{self.product}-in-{self.scene}"


PAIRS = (
    Pair("bottle", "side-light", Box(0.46, 0.27, 0.1)),
    Pair("shoe", "side-light", Box(0.3, 0.6, 0.3)),
    Pair("glass", "kitchen", Box(0.5, 0.38, 0.17)),
    Pair("fur", "kitchen", Box(0.36, 0.45, 0.24)),
    Pair("white-pot", "white-room", Box(0.42, 0.42, 0.14)),
    Pair("black-box", "night", Box(0.45, 0.5, 0.27)),
    Pair("lamp", "kitchen", Box(0.6, 0.12, 0.07)),
    Pair("ring", "tilted", Box(0.52, 0.72, 0.05)),
    Pair("bottle", "tilted", Box(0.36, 0.32, 0.1)),
)


def _kept(kind: str, name: str, make: Callable[[], Picture]) -> Picture:
    """Read a picture that was made before, or make it; lossless, for others are made of it."""
    path = FOLDER / kind / f"{name}.webp"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        make().save(path, "WEBP", quality=93, method=6, exact=True)
    return Image.open(path)


def _file(picture: Picture) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def _pasted(product: Picture, scene: Picture, place: Box) -> Picture:
    """Put a product there as a plain paste would: what there was before."""
    width = round(place.width * scene.width)
    small = product.resize((width, round(product.height * width / product.width)))
    plain = scene.convert("RGB")
    at = (round(place.x * scene.width), round(place.y * scene.height))
    plain.paste(small, at, small if small.mode == "RGBA" else None)
    return plain


def made(pair: Pair) -> Iterator[str]:
    """Make one pair's picture; say what it says of itself."""
    scene = _kept("scenes", pair.scene, SCENES[pair.scene])
    product = _kept("products", pair.product, PRODUCTS[pair.product])
    spec = CompositeSpec((Wish(pair.place),))
    result = composite(_file(scene), [_file(product)], spec, LIMITS)
    picture = Image.open(io.BytesIO(result.picture)).convert("RGB")
    (FOLDER / "made").mkdir(exist_ok=True)
    picture.save(FOLDER / "made" / f"{pair.name}.webp", "WEBP", quality=90, method=6)
    bad = [each.check for each in result.findings if each.status is Status.FAIL]
    yield f"{pair.name}: confidence {result.confidence:.2f} {' '.join(bad)}"
    yield from (f"  {note}" for note in result.notes)


def overview() -> None:
    """Show all in one sheet: the product, its scene, a plain paste, and ours."""
    cell, head = (330, 220), 22
    sheet = Image.new("RGB", (cell[0] * 4, (cell[1] + head) * len(PAIRS)), (24, 24, 26))
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(14)
    for row, pair in enumerate(PAIRS):
        scene = _kept("scenes", pair.scene, SCENES[pair.scene])
        product = _kept("products", pair.product, PRODUCTS[pair.product])
        place = pair.place if isinstance(pair.place, Box) else Box(0.4, 0.4, 0.2)
        ours = Image.open(FOLDER / "made" / f"{pair.name}.webp")
        shown = (product, scene, _pasted(product, scene, place), ours)
        names = (pair.product, pair.scene, "pasted", "callsheet composite")
        for column, (picture, name) in enumerate(zip(shown, names, strict=True)):
            small = picture.convert("RGBA")
            small.thumbnail(cell)
            corner = (column * cell[0], row * (cell[1] + head))
            sheet.paste(small, (corner[0] + (cell[0] - small.width) // 2, corner[1] + head), small)
            pen.text((corner[0] + 6, corner[1] + 3), name, fill=(220, 220, 220), font=font)
    blurred = sheet.filter(ImageFilter.UnsharpMask(0.6, 40))
    blurred.save(FOLDER / "overview.webp", "WEBP", quality=84, method=6)


if __name__ == "__main__":
    for each in PAIRS:
        if not sys.argv[1:] or each.name in sys.argv[1:]:
            print(*made(each), sep="\n")
    overview()
