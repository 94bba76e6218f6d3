"""Small pictures and measures for the tests of the drawing hand."""

import io

from PIL import Image, ImageChops, ImageStat

from callsheet.drawing.frame import draw_frame
from callsheet.ports.pictures import FrameReference, FrameSpec, ReferenceMode

INK = (255, 255, 255)
GROUND = (0, 0, 0)


def spec(
    prompt: str = "A mug on a table, morning", width: int = 512, height: int = 512, **rest: object
) -> FrameSpec:
    """Spell a frame with what the test cares about."""
    facts: dict[str, object] = {"seed": 7, "scene": "SC-01", "variant": 1, "variants": 3}
    return FrameSpec(prompt=prompt, width=width, height=height, **{**facts, **rest})  # type: ignore[arg-type]  # tests pass fields by name


def frame(shot: FrameSpec, *references: FrameReference) -> Image.Image:
    """Draw a frame and open it."""
    return opened(draw_frame(shot, references))


def opened(content: bytes) -> Image.Image:
    """Open a PNG whole."""
    with Image.open(io.BytesIO(content), formats=("PNG",)) as picture:
        return picture.convert("RGB")


def png(picture: Image.Image) -> bytes:
    """Write a picture as a PNG."""
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def reference(mode: ReferenceMode, picture: Image.Image) -> FrameReference:
    """Make a reference of a picture."""
    return FrameReference(mode, png(picture))


def difference(left: Image.Image, right: Image.Image) -> float:
    """Measure how far two pictures are apart, 0 to 255 on average."""
    return sum(ImageStat.Stat(ImageChops.difference(left, right)).mean) / 3


def share_near(picture: Image.Image, colour: tuple[int, int, int], within: int) -> float:
    """Measure the share of pixels whose channels all lie within some distance of a colour."""
    far = ImageChops.difference(picture, Image.new("RGB", picture.size, colour))
    red, green, blue = far.split()
    worst = ImageChops.lighter(red, ImageChops.lighter(green, blue))
    near = sum(worst.histogram()[: within + 1])
    return near / (picture.width * picture.height)


def inked(picture: Image.Image) -> int:
    """Count pixels that are not the ground."""
    return sum(picture.convert("L").histogram()[40:])
