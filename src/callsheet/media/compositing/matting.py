"""The matte of a product before a studio ground: how much of each pixel is the product."""

from typing import Final

import numpy as np
from PIL import Image

from callsheet.media.compositing.fields import carried, eroded, grown, mean, most, resized, soft
from callsheet.media.compositing.light import Bytes, Mask, Plane
from callsheet.media.compositing.outline import Outline
from callsheet.media.compositing.regions import regions_of

_LEAST_OFF: Final = 0.02
_UNSHADED: Final = 0.97  # of the ground's light
_FAINT, _FULL = 0.035, 0.965  # alphas beyond them are noise
_LEAST_CONTRAST: Final = (
    0.05  # between product and ground, below which alpha comes from the outline
)

Box = tuple[int, int, int, int]


def matte(rgb: Bytes, outline: Outline, part: Box, frame: tuple[int, int]) -> tuple[Plane, Bytes]:
    """Estimate alpha (0 to 1) and the product's own colours over a part of its photograph.

    `part` is that part's box in pixels of a photograph of the size `frame`, from which `rgb` was
    cut. In the band along the edge alpha is how far a pixel lies on the way from the ground's
    colour behind it to the product's colour beside it.
    """
    values = rgb.astype(np.float32) / np.float32(255)
    plate = _plate(outline, part, frame)
    ratio = _enlarged(outline.ratio, part, frame)
    soft = _enlarged(outline.product.astype(np.float32), part, frame)
    scale = max(1.0, frame[0] / outline.product.shape[1])
    core, clear = _sure(values, plate * ratio[..., None], soft, scale, outline)
    own = _own_colours(values, core)
    if outline.shadow.any():
        ratio, clear, core = _at_the_foot(values, plate, ratio, (core, clear), own, soft)
    behind = plate * ratio[..., None]
    band = ~(core | clear)
    alpha = core.astype(np.float32)
    alpha[band] = _projected(values[band], behind[band], own[band], soft[band])
    alpha = _settled(alpha, band)
    return alpha, _decontaminated(rgb, values, alpha, behind, own, ratio)


def _at_the_foot(
    values: Plane, plate: Plane, ratio: Plane, sure: tuple[Mask, Mask], own: Plane, soft: Plane
) -> tuple[Plane, Mask, Mask]:
    """Follow the shadow up to the product, where the product's colour is none that shadows have.

    What was carried there from further out is not how dark it is at the foot.
    """
    low = np.nonzero(sure[0].any(1))[0]
    if not len(low):
        return ratio, sure[1], sure[0]
    feet = slice(int(low[0] + 2 * (low[-1] - low[0]) // 3), None)  # nothing above them changes
    changed, core, clear = ratio.copy(), sure[0].copy(), sure[1].copy()
    parts = (changed[feet], clear[feet], core[feet])
    changed[feet], clear[feet], core[feet] = _below(
        values[feet], plate[feet], parts, own[feet], soft[feet]
    )
    return changed, clear, core


def _below(
    values: Plane, plate: Plane, parts: tuple[Plane, Mask, Mask], own: Plane, soft: Plane
) -> tuple[Plane, Mask, Mask]:
    """Do that with the rows in which a product stands."""
    ratio, clear, core = parts
    here = values / np.maximum(plate, 0.02)
    level = mean(here)
    apart = most(np.abs(here - level[..., None]))
    theirs = own / np.maximum(plate, 0.02)
    tone = mean(theirs)
    colour = most(np.abs(theirs - tone[..., None]))
    # a dark product's colour is little, and yet none that a shadow has
    other = (colour > 0.12) | ((colour > 0.05) & (colour > 0.2 * tone))  # noqa: PLR2004
    shade = (apart < 0.04) & (level > 0.2) & (level < 1.04) & other & ~eroded(soft > 0.5, 4)  # noqa: PLR2004
    shade = regions_of(shade | clear).touching(clear) & shade & ~clear
    if not shade.any():
        return ratio, clear, core
    known = (shade | clear).astype(np.float32)
    local = carried(np.dstack([np.clip(level, 0.2, 1)] * 3), known > 0)[..., 0]
    rows = np.nonzero(shade.any(1))[0]
    ratio = ratio.copy()
    ratio[rows[0] :] = local[rows[0] :]
    wide = grown(shade, 2)
    return ratio, clear | eroded(shade, 1), core & ~wide


def _plate(outline: Outline, part: Box, frame: tuple[int, int]) -> Plane:
    left, top, right, bottom = part
    x = (np.arange(left, right, dtype=np.float32) + 0.5) * (2 / frame[0]) - 1
    y = (np.arange(top, bottom, dtype=np.float32) + 0.5) * (2 / frame[1]) - 1
    one, xs, ys, xx, xy, yy = outline.ground.terms[:, None, None, :]
    across, down = x[None, :, None], y[:, None, None]
    plate = (one + xs * across + xx * across * across) + (ys + yy * down) * down
    plate = plate + xy * (across * down)
    return np.asarray(np.clip(plate, 0, 1), np.float32)


def _enlarged(plane: Plane, part: Box, frame: tuple[int, int]) -> Plane:
    """Cut the same part out of a coarse plane, at the part's own size."""
    across, down = plane.shape[1] / frame[0], plane.shape[0] / frame[1]
    left, top, right, bottom = part
    box = (left * across, top * down, right * across, bottom * down)
    return resized(plane, (right - left, bottom - top), box)


def _sure(
    values: Plane, behind: Plane, soft: Plane, scale: float, outline: Outline
) -> tuple[Mask, Mask]:
    """Tell what is wholly product and what is wholly ground; the band is what is left."""
    limit = np.maximum(3.6 * outline.ground.sigma, _LEAST_OFF)
    off = most(np.abs(values - behind) / limit)
    like_ground = off < 1
    likely = soft > 0.5  # noqa: PLR2004
    reach = round(min(10.0, 1.6 + 1.3 * scale))
    possible = ~eroded(likely, reach)  # the coarse look is a pixel or two off
    seen = regions_of(like_ground & possible).touching(soft < 0.02)  # noqa: PLR2004
    clear = eroded(seen, 1) | ~grown(likely, reach + 2) | ((soft < 0.02) & seen)  # noqa: PLR2004
    core = likely & ~grown(seen, max(2, reach // 2))
    return core, clear & ~core


def _own_colours(values: Plane, core: Mask) -> Plane:
    """Carry the product's colours outwards over its edge."""
    inner = eroded(core, 3)  # what lies nearer may still be ground
    if inner.sum() < 0.3 * core.sum():
        inner = eroded(core, 1)
    return carried(values, inner if inner.any() else core)


def _projected(pixel: Plane, behind: Plane, own: Plane, soft: Plane) -> Plane:
    """How far each pixel lies between ground and product; `soft` where they are hardly apart."""
    way = own - behind
    length = (way * way).sum(-1)
    share = ((pixel - behind) * way).sum(-1) / np.maximum(length, 1e-6)
    sharp = np.clip((soft - 0.5) * 1.6 + 0.5, 0, 1)
    trust = np.clip(length / _LEAST_CONTRAST**2, 0, 1)
    return np.asarray(np.clip(share, 0, 1) * trust + sharp * (1 - trust), np.float32)


def _settled(alpha: Plane, band: Mask) -> Plane:
    """Push what noise left faint or nearly full to the ends, and drop lonely dust."""
    calm = (alpha - _FAINT) / (_FULL - _FAINT)
    alpha = np.where(band, np.clip(calm, 0, 1), alpha).astype(np.float32)
    bytes_ = Image.fromarray((alpha * 255).astype(np.uint8))
    around = np.asarray(soft(bytes_, 2))
    return np.where(band & (around < 8), 0, alpha).astype(np.float32)  # noqa: PLR2004


def _decontaminated(
    rgb: Bytes, values: Plane, alpha: Plane, behind: Plane, own: Plane, ratio: Plane
) -> Bytes:
    """Take the ground's light out of the edge's colours, as far as alpha tells it.

    In a shadow nobody knows how dark the ground was right there: colours come from within.
    """
    edge = (alpha < 1) & (alpha > 0)
    share = alpha[edge][:, None]
    freed = (values[edge] - (1 - share) * behind[edge]) / np.maximum(share, 0.05)
    trust = share * share * (ratio[edge] > _UNSHADED)[:, None]
    colours = np.clip(freed, 0, 1) * trust + own[edge] * (1 - trust)
    out = rgb.copy()
    out[edge] = np.rint(np.clip(colours, 0, 1) * 255).astype(np.uint8)
    nothing = alpha == 0
    out[nothing] = np.rint(np.clip(own[nothing], 0, 1) * 255).astype(np.uint8)
    return out
