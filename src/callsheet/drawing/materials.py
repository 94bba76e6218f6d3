"""Reference pictures made ready: opened, cut out of a plain ground, or mounted as a print."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageStat

from callsheet.drawing.canvas import paint
from callsheet.drawing.colours import BLACK, Colour, mix
from callsheet.drawing.stage import Stage
from callsheet.ports.pictures import FrameReference, ReferenceMode, UnreadablePictureError

_CLEAR = 24  # alpha below this is nothing
_PLAIN = 13.0  # a border whose colours differ less than this is a plain ground
_MATTE_SIDE = 96
_OUTSIDE = 128  # marks the ground while a matte is made
_LEAST_COVERED, _MOST_COVERED = 0.02, 0.92  # of the picture; else no thing was found
_MOST_SIDE = 4_096
_MOST_REFERENCES = 6


@dataclass(frozen=True, slots=True)
class Cutout:
    """A thing or person to stand in the scene; `mounted` when it could not be cut out."""

    mode: ReferenceMode
    picture: Image.Image
    mounted: bool


@dataclass(frozen=True, slots=True)
class Materials:
    """The references of one frame, by what they are for. All RGBA."""

    styles: tuple[Image.Image, ...]
    cast: tuple[Cutout, ...]
    first: Image.Image | None
    last: Image.Image | None

    @property
    def plate(self) -> Image.Image | None:
        """The picture that fills the scene, if one was given."""
        return self.first or self.last


def open_references(references: Sequence[FrameReference]) -> Materials:
    """Open working copies; the first six count. Raises UnreadablePictureError."""
    opened = [(item.mode, _open(item.picture)) for item in references[:_MOST_REFERENCES]]

    def those(*modes: ReferenceMode) -> list[Image.Image]:
        return [picture for mode, picture in opened if mode in modes]

    cast = [
        _cut_out(mode, picture)
        for mode, picture in opened
        if mode in (ReferenceMode.SUBJECT, ReferenceMode.PRODUCT)
    ]
    return Materials(
        styles=tuple(those(ReferenceMode.STYLE_ONLY)),
        cast=tuple(cast),
        first=next(iter(those(ReferenceMode.FIRST_FRAME)), None),
        last=next(iter(those(ReferenceMode.LAST_FRAME)), None),
    )


def _open(content: bytes) -> Image.Image:
    try:
        with Image.open(io.BytesIO(content), formats=("PNG",)) as picture:
            if max(picture.size) > _MOST_SIDE:
                raise UnreadablePictureError(f"{picture.width}x{picture.height} is no working copy")
            return picture.convert("RGBA")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise UnreadablePictureError(f"the working copy is no PNG: {error}") from error


def cover(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Scale and crop to fill `size`; clear parts become grey."""
    ground = Image.new("RGBA", picture.size, (128, 128, 128, 255))
    ground.alpha_composite(picture)
    ratio = max(size[0] / picture.width, size[1] / picture.height)
    wide, tall = size[0] / ratio, size[1] / ratio
    left, top = (picture.width - wide) / 2, (picture.height - tall) / 2
    return ground.convert("RGB").resize(
        size, Image.Resampling.LANCZOS, box=(left, top, left + wide, top + tall)
    )


def _cut_out(mode: ReferenceMode, picture: Image.Image) -> Cutout:
    alpha = picture.getchannel("A")
    lowest = alpha.getextrema()[0]
    if isinstance(lowest, int | float) and lowest > 255 - _CLEAR:
        matte = _matte(picture.convert("RGB"))
        if matte is None:
            return Cutout(mode, _print(picture), mounted=True)
        picture = picture.copy()
        picture.putalpha(matte)
        alpha = matte
    box = alpha.point([255 if value > _CLEAR else 0 for value in range(256)]).getbbox()
    return Cutout(mode, picture.crop(box) if box else picture, mounted=False)


def _matte(picture: Image.Image) -> Image.Image | None:
    """Tell the thing from a plain ground: what differs from the border, and all it encloses."""
    small = picture.resize((_MATTE_SIDE, _MATTE_SIDE), Image.Resampling.BOX)
    border = _border(small)
    if max(ImageStat.Stat(border).stddev) > _PLAIN:
        return None
    red, green, blue = (round(value) for value in ImageStat.Stat(border).median)
    far = _difference(picture, (red, green, blue)).point(_ramp(14, 40))
    rough = _difference(small, (red, green, blue)).point(_ramp(10, 11))
    framed = Image.new("L", (_MATTE_SIDE + 2, _MATTE_SIDE + 2))
    framed.paste(rough, (1, 1))
    ImageDraw.floodfill(framed, (0, 0), _OUTSIDE)
    solid = framed.point([0 if value == _OUTSIDE else 255 for value in range(256)])
    solid = solid.crop((1, 1, _MATTE_SIDE + 1, _MATTE_SIDE + 1)).filter(ImageFilter.MinFilter(3))
    matte = ImageChops.lighter(far, solid.resize(picture.size, Image.Resampling.BICUBIC))
    covered = ImageStat.Stat(matte).mean[0] / 255
    return matte if _LEAST_COVERED < covered < _MOST_COVERED else None


def _border(small: Image.Image) -> Image.Image:
    side = _MATTE_SIDE
    strip = Image.new("RGB", (side, 8))
    strip.paste(small.crop((0, 0, side, 2)), (0, 0))
    strip.paste(small.crop((0, side - 2, side, side)), (0, 2))
    strip.paste(small.crop((0, 0, 2, side)).transpose(Image.Transpose.ROTATE_90), (0, 4))
    strip.paste(small.crop((side - 2, 0, side, side)).transpose(Image.Transpose.ROTATE_90), (0, 6))
    return strip


def _difference(picture: Image.Image, ground: Colour) -> Image.Image:
    red, green, blue = ImageChops.difference(
        picture, Image.new("RGB", picture.size, ground)
    ).split()
    return ImageChops.lighter(red, ImageChops.lighter(green, blue))


def _ramp(low: int, high: int) -> list[int]:
    return [min(255, max(0, (value - low) * 255 // (high - low))) for value in range(256)]


def _print(picture: Image.Image) -> Image.Image:
    """Mount a picture whose thing cannot be cut out on a white card."""
    edge = max(6, round(min(picture.size) * 0.045))
    card = Image.new(
        "RGBA", (picture.width + 2 * edge, picture.height + 3 * edge), (247, 246, 243, 255)
    )
    card.alpha_composite(picture, (edge, edge))
    return card


def place_picture(
    stage: Stage,
    image: Image.Image,
    picture: Image.Image,
    *,
    x: float,
    base: float,
    room: tuple[float, float],
) -> None:
    """Stand a cut-out in the scene: scaled to `room` pixels, lit like the scene, with a shadow."""
    ratio = min(room[0] / picture.width, room[1] / picture.height)
    size = max(1, round(picture.width * ratio)), max(1, round(picture.height * ratio))
    scaled = picture.resize(size, Image.Resampling.LANCZOS)
    middle, foot = x * stage.width, base * stage.height
    shadow = stage.on(type(stage.canvas)(stage.width, stage.height))
    away = 1 if stage.light_x < middle else -1
    flat = max(stage.unit, size[0] * 0.08)
    shadow.canvas.glow(
        middle + away * size[0] * 0.3, foot, size[0] * 0.8, flat * 1.3, stage.palette.shade, 0.42
    )
    shadow.canvas.glow(
        middle, foot - flat * 0.1, size[0] * 0.52, flat * 0.7, stage.palette.shade, 0.7
    )
    paint(image, shadow.canvas)
    alpha = scaled.getchannel("A")
    toned = Image.blend(
        scaled.convert("RGB"),
        Image.new("RGB", size, mix(stage.palette.light, BLACK, 0.3 if stage.palette.dark else 0.0)),
        0.16 if stage.palette.dark else 0.06,
    )
    image.paste(toned, (round(middle - size[0] / 2), round(foot - size[1])), alpha)
