"""Cutting a product out of its photograph, at the size at which a scene needs it."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from PIL import Image

from callsheet.kernel.errors import FieldError, InvalidInputError
from callsheet.media.compositing.fields import carried, grown, resized
from callsheet.media.compositing.light import Bytes, Plane
from callsheet.media.compositing.matting import matte
from callsheet.media.compositing.opening import Opened
from callsheet.media.compositing.outline import COARSE_SIDE, Outline, outline_of
from callsheet.media.compositing.regions import regions_of
from callsheet.ports.compositing import LOW_CONFIDENCE, PhotographedShadow, Wish

_LANCZOS: Final = Image.Resampling.LANCZOS
_OPAQUE: Final = 255
_SEEN: Final = 8  # of 255: less is seen by nobody
_LEAST_SIDE: Final = 8
_MARGIN: Final = 6  # pixels around what is visible: the edge runs out there
_SHADOW_ROOM: Final = 0.7  # of the product's size, around it: as far as its shadow is carried over
_SPECK: Final = 0.001
_NOT_SEPARABLE: Final = 0.12
_PREMULTIPLIED: Final = 0.995


class UnusableProductError(InvalidInputError):
    """A picture from which no product can be taken."""

    def __init__(self, number: int, reason: str) -> None:
        message = f"product {number} {reason}"
        super().__init__(message, [FieldError(f"products.{number}", reason)])


@dataclass(frozen=True, slots=True)
class CutOut:
    """A product at the size at which it is placed.

    `margin` pixels around its visible part belong to the arrays. `ratio`, if its photographed
    shadow is carried over, is that shadow over `room` (left, top, right, bottom) in pixels from
    the visible part's left top corner.
    """

    rgb: Bytes
    alpha: Bytes
    margin: int
    ratio: Plane | None = None
    room: tuple[int, int, int, int] = (0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Product:
    """A product as it was opened and looked at, not yet cut: that waits until its size is known.

    `box` is its visible part in pixels; `way` is ``alpha``, ``studio`` or ``whole``.
    """

    rgb: Image.Image
    alpha: Image.Image | None
    outline: Outline | None
    box: tuple[int, int, int, int]
    way: str
    confidence: float
    notes: tuple[str, ...]
    keeps_shadow: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """The visible part's width and height in pixels of the photograph."""
        left, top, right, bottom = self.box
        return right - left, bottom - top

    def cut(self, width: int, height: int) -> CutOut:
        """Cut it out so that its visible part has this size."""
        if self.outline is None:
            return self._from_alpha(width, height)
        if width > self.size[0]:
            native = self._from_studio(self.outline, *self.size)
            return _enlarged(native, self.size, (width, height))
        return self._from_studio(self.outline, width, height)

    def _from_alpha(self, width: int, height: int) -> CutOut:
        alpha = self.alpha
        if alpha is None:
            alpha = _soft_frame(self.rgb.size)
        whole = Image.merge("RGBA", (*self.rgb.split(), alpha))
        part = whole.crop(self.box)
        if part.size != (width, height):
            part = part.resize((width, height), _LANCZOS)  # Pillow weighs colours by alpha
        pixels = np.asarray(part)
        pads = ((_MARGIN, _MARGIN), (_MARGIN, _MARGIN))
        values = np.pad(pixels[..., :3], (*pads, (0, 0)), "edge")
        opacity = np.pad(pixels[..., 3], pads)
        return CutOut(_clean_edge(values, opacity), opacity, _MARGIN)

    def _from_studio(self, outline: Outline, width: int, height: int) -> CutOut:
        across, down = width / self.size[0], height / self.size[1]
        left, top, _, _ = self.box
        frame = (max(1, round(self.rgb.width * across)), max(1, round(self.rgb.height * down)))
        at = (round(left * across), round(top * down))
        part = (
            max(0, at[0] - _MARGIN),
            max(0, at[1] - _MARGIN),
            min(frame[0], at[0] + width + _MARGIN),
            min(frame[1], at[1] + height + _MARGIN),
        )
        source = (part[0] / across, part[1] / down, part[2] / across, part[3] / down)
        source = (*source[:2], min(source[2], self.rgb.width), min(source[3], self.rgb.height))
        size = (part[2] - part[0], part[3] - part[1])
        small = self.rgb.resize(size, _LANCZOS, source, reducing_gap=3.0)
        alpha, colours = matte(np.asarray(small), outline, part, frame)
        rgb, opacity = _padded(colours, alpha, at, part, (width, height))
        if not self.keeps_shadow:
            return CutOut(rgb, opacity, _MARGIN)
        ratio, room = _photographed(outline, at, (width, height), frame)
        return CutOut(rgb, opacity, _MARGIN, ratio, room)


def product_of(found: Opened, wish: Wish, number: int) -> Product:
    """Look at a product. Raises UnusableProductError."""
    width, height = found.rgb.size
    if min(width, height) < _LEAST_SIDE:
        raise UnusableProductError(number, f"has {width} x {height} pixels: too few to place")
    product = _opaque(found, wish, number) if found.alpha is None else _with_alpha(found, number)
    return replace(product, notes=(*found.notes, *product.notes))


def _with_alpha(found: Opened, number: int) -> Product:
    assert found.alpha is not None  # noqa: S101  # asked before
    alpha, notes = _without_dust(found.alpha)
    box = alpha.point(lambda value: _OPAQUE if value >= _SEEN else 0).getbbox()
    if box is None:
        raise UnusableProductError(number, "is wholly see-through")
    if min(box[2] - box[0], box[3] - box[1]) < _LEAST_SIDE // 2:
        raise UnusableProductError(number, "shows too few pixels to place")
    rgb = found.rgb
    if _is_premultiplied(rgb, alpha):
        rgb = _unmultiplied(rgb, alpha)
        notes = [*notes, "its colours were multiplied by alpha; that was undone"]
    notes += _touching(box, rgb.size)
    told = tuple(f"product {number}: {note}" for note in notes)
    return Product(rgb, alpha, None, box, "alpha", 1.0, told)


def _opaque(found: Opened, wish: Wish, number: int) -> Product:
    rgb = found.rgb
    small = rgb
    longest = max(rgb.size)
    if longest > COARSE_SIDE:
        share = COARSE_SIDE / longest
        size = (max(8, round(rgb.width * share)), max(8, round(rgb.height * share)))
        small = rgb.resize(size, Image.Resampling.BOX)
    outline = outline_of(np.asarray(small).astype(np.float32) / np.float32(255), wish.holes)
    if outline is None or outline.confidence < _NOT_SEPARABLE:
        why = "; ".join(outline.reasons) if outline else "nothing stands out from its ground"
        note = (
            f"product {number}: its ground cannot be told from it ({why}): the photo is placed"
            " whole; send a photo before a plain ground, or one with transparency"
        )
        return Product(rgb, None, None, (0, 0, *rgb.size), "whole", 0.05, (note,))
    left, top, right, bottom = outline.box
    box = (
        int(left * rgb.width),
        int(top * rgb.height),
        min(rgb.width, round(right * rgb.width)),
        min(rgb.height, round(bottom * rgb.height)),
    )
    if min(box[2] - box[0], box[3] - box[1]) < _LEAST_SIDE // 2:
        raise UnusableProductError(number, "shows too few pixels to place")
    notes = [*outline.reasons, *_touching(box, rgb.size)]
    if outline.confidence < LOW_CONFIDENCE:
        notes.append("its matte is a best effort: look at it, or send another photo")
    told = tuple(f"product {number}: {note}" for note in notes)
    kept = _is_kept(outline, wish.photographed_shadow)
    return Product(rgb, None, outline, box, "studio", outline.confidence, told, kept)


def _is_kept(outline: Outline, wish: PhotographedShadow) -> bool:
    if wish is PhotographedShadow.DROP:
        return False
    share = float(outline.shadow.sum()) / float(outline.product.sum())
    return wish is PhotographedShadow.KEEP or share > 0.02  # noqa: PLR2004  # of the product


def _touching(box: tuple[int, int, int, int], size: tuple[int, int]) -> list[str]:
    if box[3] >= size[1] - 1 and box[0] > 0 and box[2] < size[0]:
        return ["its base is cut off by the photo's edge: place it behind an edge of the scene"]
    return []


def _without_dust(alpha: Image.Image) -> tuple[Image.Image, list[str]]:
    """Clear stray specks that would widen the visible part."""
    values = np.asarray(alpha)
    step = max(1, max(values.shape) // COARSE_SIDE)
    # the largest of each block: a speck is not to be missed
    rows, columns = values.shape[0] // step * step, values.shape[1] // step * step
    blocks = values[:rows, :columns].reshape(rows // step, step, columns // step, step).max((1, 3))
    found = regions_of(blocks >= _SEEN)
    if len(found.areas) <= 2:  # noqa: PLR2004  # the outside and one
        return alpha, []
    kept = found.of_at_least(_SPECK * float(found.areas.max()))
    dust = (blocks >= _SEEN) & ~kept
    if not dust.any():
        return alpha, []
    clean = values.copy()
    clean[:rows, :columns][np.kron(dust, np.ones((step, step), np.bool_))] = 0
    return Image.fromarray(clean), ["stray specks beside it were left out"]


def _is_premultiplied(rgb: Image.Image, alpha: Image.Image) -> bool:
    opacity = np.asarray(alpha)
    partial = (opacity > 16) & (opacity < 240)  # noqa: PLR2004
    if partial.sum() < 64:  # noqa: PLR2004
        return False
    colours, share = np.asarray(rgb)[partial].max(-1).astype(np.int16), opacity[partial]
    hidden = np.asarray(rgb)[opacity == 0]
    return bool(
        (colours <= share + 2).mean() >= _PREMULTIPLIED
        and (not hidden.size or hidden.max() == 0)
        # colours of their own would not follow alpha so closely
        and np.corrcoef(colours, share)[0, 1] > 0.5  # noqa: PLR2004
    )


def _unmultiplied(rgb: Image.Image, alpha: Image.Image) -> Image.Image:
    share = np.maximum(np.asarray(alpha), 1).astype(np.float32)[..., None] / 255
    return Image.fromarray(np.clip(np.rint(np.asarray(rgb) / share), 0, 255).astype(np.uint8))


def _soft_frame(size: tuple[int, int]) -> Image.Image:
    """Make an alpha for a photograph that is placed whole: its edges run out over a fiftieth."""
    width, height = size
    run = max(2, min(size) // 50)
    x = np.minimum(np.arange(width), np.arange(width)[::-1]) / run
    y = np.minimum(np.arange(height), np.arange(height)[::-1]) / run
    share = np.clip(np.minimum(x[None], y[:, None]), 0, 1)
    return Image.fromarray(np.rint(share * 255).astype(np.uint8))


def _clean_edge(rgb: Bytes, alpha: Bytes) -> Bytes:
    """Carry inner colours over the edge, more the fainter a pixel is: no rim of an old ground.

    Where no opaque pixel is near, as in glass, colours stay as they are.
    """
    partial = (alpha > 0) & (alpha < 250)  # noqa: PLR2004
    if not partial.any():
        return rgb
    core = alpha >= 250  # noqa: PLR2004
    inner = carried(rgb.astype(np.float32), core)
    close = partial & grown(core, 5)
    fade = (1 - alpha[close].astype(np.float32) / 255)[:, None]
    out = rgb.copy()
    out[close] = np.rint(rgb[close] * (1 - fade) + inner[close] * fade).astype(np.uint8)
    return out


def _padded(
    colours: Bytes,
    alpha: Plane,
    at: tuple[int, int],
    part: tuple[int, int, int, int],
    size: tuple[int, int],
) -> tuple[Bytes, Bytes]:
    """Bring a part to the full margin on all sides, where the photograph's frame cut it."""
    opacity = np.rint(alpha * 255).astype(np.uint8)
    before = (_MARGIN - (at[1] - part[1]), _MARGIN - (at[0] - part[0]))
    height, width = size[1] + 2 * _MARGIN, size[0] + 2 * _MARGIN
    after = (
        max(0, height - before[0] - opacity.shape[0]),
        max(0, width - before[1] - opacity.shape[1]),
    )
    pads = ((before[0], after[0]), (before[1], after[1]))
    if not any(before + after):
        return colours, opacity
    return np.pad(colours, (*pads, (0, 0)), "edge"), np.pad(opacity, pads)


def _photographed(
    outline: Outline, at: tuple[int, int], size: tuple[int, int], frame: tuple[int, int]
) -> tuple[Plane, tuple[int, int, int, int]]:
    """Cut the photographed shadow out around the product, at half its size, running out."""
    room_x, room_y = round(size[0] * _SHADOW_ROOM), round(size[1] * _SHADOW_ROOM * 0.6)
    left, top = max(0, at[0] - room_x), max(0, at[1])
    right = min(frame[0], at[0] + size[0] + room_x)
    bottom = min(frame[1], at[1] + size[1] + room_y)
    across, down = outline.ratio.shape[1] / frame[0], outline.ratio.shape[0] / frame[1]
    box = (left * across, top * down, right * across, bottom * down)
    half = (max(2, (right - left) // 2), max(2, (bottom - top) // 2))
    ratio = resized(outline.ratio, half, box)
    y = np.linspace(0, 1, half[1], dtype=np.float32)[:, None]
    x = np.linspace(0, 1, half[0], dtype=np.float32)[None]
    ends = np.clip(np.minimum(np.minimum(x, 1 - x), 1 - y) / 0.12, 0, 1)
    faded = np.asarray(1 - (1 - ratio) * ends, np.float32)
    return faded, (left - at[0], top - at[1], right - at[0], bottom - at[1])


def _enlarged(cut: CutOut, size: tuple[int, int], wanted: tuple[int, int]) -> CutOut:
    """Enlarge a product that its photograph shows smaller than it is wanted."""
    across = wanted[0] / size[0]
    margin = max(1, round(cut.margin * across))
    whole = (wanted[0] + 2 * margin, wanted[1] + 2 * margin)
    pixels = np.dstack([cut.rgb, cut.alpha])
    large = np.asarray(Image.fromarray(pixels).resize(whole, _LANCZOS))
    left, top, right, bottom = (round(each * across) for each in cut.room)
    return CutOut(
        large[..., :3].copy(), large[..., 3].copy(), margin, cut.ratio, (left, top, right, bottom)
    )
