"""How large the simulated provider's outputs are: pixels for a ratio, as FLUX and Kling do."""

import re
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
_NAMED: Mapping[str, Size] = {
    "square_hd": (1024, 1024),
    "square": (512, 512),
    "portrait_4_3": (768, 1024),
    "portrait_16_9": (576, 1024),
    "landscape_4_3": (1024, 768),
    "landscape_16_9": (1024, 576),
}
_CLIPS: Mapping[str, Size] = {"16:9": (1920, 1080), "9:16": (1080, 1920), "1:1": (1080, 1080)}
_SQUARE = _PICTURES["1:1"]
_PIXELS = 1024 * 1024
_STEP = 16
_PIXELS_TOLD = re.compile(r"(\d{3,4})[x:](\d{3,4})")
_LARGEST_SIDE = 4096


def size_of(asked: Asked, reference: Size | None) -> Size:
    """Choose width and height; `reference` is the size of the first picture that was given."""
    told = _told(asked)
    if told is not None:
        return told
    ratio = asked.model.given(asked.inputs, "aspect_ratio")
    if asked.model.makes is Makes.CLIP:
        return _CLIPS.get(ratio, _CLIPS["16:9"])
    if ratio == "match_input_image":
        return _SQUARE if reference is None else _like(reference)
    width, height = _PICTURES.get(ratio, _SQUARE)
    if asked.model.given(asked.inputs, "megapixels") == "0.25":
        return width // 2, height // 2
    return width, height


def _told(asked: Asked) -> Size | None:
    """Read a size that was asked for: two sides, `1280x720`, `1280:720` or one of fal's names."""
    named = asked.model.given(asked.inputs, "image_size")
    if named in _NAMED:
        return _NAMED[named]
    given = {name: asked.model.given(asked.inputs, name) for name in ("width", "height")}
    if asked.model.given(asked.inputs, "aspect_ratio") == "custom" or all(given.values()):
        width, height = (side or _SQUARE[0] for side in given.values())
        return _stepped(width), _stepped(height)
    for name in ("size", "ratio"):
        found = _PIXELS_TOLD.fullmatch(str(asked.model.given(asked.inputs, name) or ""))
        if found:
            return _stepped(int(found[1])), _stepped(int(found[2]))
    return None


def _like(reference: Size) -> Size:
    """Keep the ratio of a picture at about a million pixels."""
    width, height = reference
    scale = (_PIXELS / (width * height)) ** 0.5
    return _stepped(width * scale), _stepped(height * scale)


def _stepped(side: float) -> int:
    return min(_LARGEST_SIDE, max(_STEP, round(side / _STEP) * _STEP))
