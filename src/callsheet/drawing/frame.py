"""Storyboard frames: what `dry_run` shows for every shot, plainly a preview."""

import io
from collections.abc import Sequence

from PIL import Image

from callsheet.drawing.guides import DARK_LABEL, draw_guides, draw_inset, draw_label
from callsheet.drawing.materials import Materials, open_references
from callsheet.drawing.reading import Reading
from callsheet.drawing.scene import draw_scene, plan_scene, swatches
from callsheet.drawing.slate import Layout, bright, draw_slate, lay_out
from callsheet.drawing.stage import Stage
from callsheet.drawing.story import Story, understand
from callsheet.kernel.errors import FieldError, InvalidInputError
from callsheet.ports.pictures import FrameReference, FrameSpec

SMALLEST_SIDE, LARGEST_SIDE = 256, 4_096
_TWO_LABELS = 300  # pixels across, from which both labels fit side by side
_COMPRESSION = 3  # half the time of the default for files a few per cent larger

_SIZE_NAMES = {
    "extreme_close": "Extreme close-up",
    "close": "Close-up",
    "medium": "Medium shot",
    "cowboy": "Cowboy shot",
    "full": "Full shot",
    "wide": "Wide shot",
    "extreme_wide": "Extreme wide",
    "over_shoulder": "Over the shoulder",
    "two_shot": "Two-shot",
    "": "Medium wide",
}
_ANGLE_NAMES = {
    "overhead": "Top down",
    "aerial": "Aerial",
    "low": "Low angle",
    "high": "High angle",
    "dutch": "Dutch angle",
}


class FrameSizeError(InvalidInputError):
    """A frame was asked for in a size that we do not draw."""

    def __init__(self, field: str, value: int) -> None:
        message = f"{field} must be {SMALLEST_SIDE} to {LARGEST_SIDE} pixels, not {value}"
        super().__init__(message, [FieldError(field, message, str(value))])


def draw_frame(
    spec: FrameSpec, references: Sequence[FrameReference], story: Story | None = None
) -> bytes:
    """Draw a storyboard frame as a PNG of exactly the size that the spec names.

    `story` is what to draw in place of what the prompt is understood to say. The same spec,
    references and story give the same bytes. Raises FrameSizeError, and UnreadablePictureError for
    a reference that is not a PNG working copy.
    """
    for field, value in (("width", spec.width), ("height", spec.height)):
        if not SMALLEST_SIDE <= value <= LARGEST_SIDE:
            raise FrameSizeError(field, value)
    materials = open_references(references)
    told = story or understand(spec.prompt)
    layout = lay_out(spec.width, spec.height)
    stage = plan_scene(spec, told, materials, layout.scene_size)
    scene = draw_scene(stage, told, materials, spec.prompt)
    draw_guides(scene)
    _label(scene, layout, stage.reading, materials, stage)
    image = Image.new("RGB", (spec.width, spec.height))
    image.paste(scene, layout.scene[:2])
    draw_slate(
        image,
        layout,
        spec,
        accent=stage.palette.accent,
        swatches=swatches(stage.palette),
        styles=materials.styles,
    )
    return encode(image)


def encode(image: Image.Image) -> bytes:
    """Write a PNG without any metadata, so that equal pictures are equal bytes."""
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=_COMPRESSION)
    return out.getvalue()


def _label(
    scene: Image.Image, layout: Layout, reading: Reading, materials: Materials, stage: Stage
) -> None:
    size = max(9, round(layout.text * 0.8))
    half = scene.width * 0.44
    draw_label(
        scene, "PREVIEW", right=True, size=size, ground=bright(stage.palette.accent), room=half
    )
    if materials.first is not None and materials.last is not None:
        draw_inset(scene, materials.last, "Last frame", size)
    if scene.width >= _TWO_LABELS:
        words = _words(reading, materials, stage)
        draw_label(scene, words, right=False, size=size, ground=DARK_LABEL, room=half)


def _words(reading: Reading, materials: Materials, stage: Stage) -> str:
    words = [_SIZE_NAMES[stage.plan.size]]
    if reading.angle:
        words.append(_ANGLE_NAMES[reading.angle])
    if materials.first is not None:
        words.append("First-frame plate")
    elif materials.last is not None:
        words.append("Last-frame plate")
    elif reading.time:
        words.append(reading.time.capitalize())
    return "  ·  ".join(words)
