"""How large the simulated provider's outputs are: pixels for a ratio, as FLUX and Kling do."""

from collections.abc import Mapping

from callsheet.sim.core.models import Makes
from callsheet.sim.core.orders import Asked

Size = tuple[int, int]

_PICTURES: Mapping[str, Size] = {
    "1:1": (1024, 1024),
    "16:9": (1344, 768),
    "21:9": (1536, 640),
    "3:2": (1216, 832),
    "2:3": (832, 1216),
    "4:5": (896, 1088),
    "5:4": (1088, 896),
    "3:4": (896, 1152),
    "4:3": (1152, 896),
    "9:16": (768, 1344),
    "9:21": (640, 1536),
    "2:1": (1408, 704),
    "1:2": (704, 1408),
}
_CLIPS: Mapping[str, Size] = {"16:9": (1920, 1080), "9:16": (1080, 1920), "1:1": (1080, 1080)}
_SQUARE = _PICTURES["1:1"]
_PIXELS = 1024 * 1024
_STEP = 16
_LARGEST_SIDE = 4096


def size_of(asked: Asked, reference: Size | None) -> Size:
    """Choose width and height; `reference` is the size of the first picture that was given."""
    ratio = asked.model.given(asked.inputs, "aspect_ratio")
    if asked.model.makes is Makes.CLIP:
        return _CLIPS[ratio]
    if ratio == "custom":
        given = (asked.inputs.get("width"), asked.inputs.get("height"))
        width, height = (side or _SQUARE[0] for side in given)
        return _stepped(width), _stepped(height)
    if ratio == "match_input_image":
        return _SQUARE if reference is None else _like(reference)
    width, height = _PICTURES[ratio]
    if asked.model.given(asked.inputs, "megapixels") == "0.25":
        return width // 2, height // 2
    return width, height


def _like(reference: Size) -> Size:
    """Keep the ratio of a picture at about a million pixels."""
    width, height = reference
    scale = (_PIXELS / (width * height)) ** 0.5
    return _stepped(width * scale), _stepped(height * scale)


def _stepped(side: float) -> int:
    return min(_LARGEST_SIDE, max(_STEP, round(side / _STEP) * _STEP))
