"""Where the product is in its photograph, coarsely: what is ground, what shadow, what a hole."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from callsheet.media.compositing.fields import blurred, eroded, grown, mean, most, spread
from callsheet.media.compositing.light import Mask, Plane
from callsheet.media.compositing.plate import StudioGround, studio_ground
from callsheet.media.compositing.regions import regions_of
from callsheet.ports.compositing import Holes

COARSE_SIDE: Final = 640  # pixels: what hangs together is decided at this size
_LEAST_OFF: Final = 0.014  # from the plate, in sRGB values: less is ground whatever its noise
_NOISY: Final = 3.6  # spreads of the ground
_CHROMA: Final = 0.035  # by which a shadow's channels may darken apart
_SOFT: Final = 0.03  # change of a soft shadow from pixel to pixel
_HARD: Final = 0.2  # and of the dark line where things touch the ground
_CONTACT: Final = 0.02  # of the photo's height: how far that line is from a soft shadow
_LEFT: Final = 0.4  # of what is not ground must be left when its shadow is taken away
_LEFT_OF_THIN: Final = 0.1  # where that is as tall: thin things have larger shadows
_TALL: Final = 0.7
_DARKEST: Final = 0.22
_LIGHTEST: Final = 1.04
_SPECK: Final = 0.004  # of the product's area
_TWIN: Final = 0.3


@dataclass(frozen=True, slots=True)
class Outline:
    """What the coarse look found, over the whole frame at `COARSE_SIDE`.

    `ratio` is photograph by plate outside the product (1 where no shadow falls), carried under
    it. `confidence` is from 0 to 1, `reasons` say what lowers it.
    """

    ground: StudioGround
    product: Mask
    shadow: Mask
    ratio: Plane
    confidence: float
    reasons: tuple[str, ...]

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The product's left, top, right and bottom, as shares of the frame."""
        rows, columns = np.nonzero(self.product.any(1))[0], np.nonzero(self.product.any(0))[0]
        height, width = self.product.shape
        return (
            float(columns[0] / width),
            float(rows[0] / height),
            float((columns[-1] + 1) / width),
            float((rows[-1] + 1) / height),
        )


def outline_of(values: Plane, holes: Holes) -> Outline | None:
    """Find the product before a studio ground; None where nothing stands out from it."""
    ground = studio_ground(values)
    plate = ground.over(values.shape[1], values.shape[0])
    off = np.abs(values - plate)
    limit = np.maximum(_NOISY * ground.sigma, _LEAST_OFF)
    share = off / limit
    near = (most(blurred(share, 0.8)) < 1) & (most(share) < 1.6)  # noqa: PLR2004
    outside = regions_of(near).touching(_frame(near.shape))
    shadow, leaked = _shadow(values, plate, outside)
    product = _open_holes(~(outside | shadow), near, most(share), holes)
    product = _without_specks(product)
    if not product.any():
        return None
    ratio = _ratio(values, plate, product)
    confidence, reasons = _judged(ground, product, most(share))
    if leaked:
        confidence, reasons = confidence * 0.7, [*reasons, "its shadow cannot be told from it"]
    elif _climbs(shadow, product, values, plate):
        confidence, reasons = confidence * 0.45, [*reasons, "a grey part of it may be its shadow"]
    elif _is_grey_at_its_foot(shadow, product, values, plate):
        confidence, reasons = confidence * 0.6, [*reasons, "it is as grey as its shadow"]
    return Outline(ground, product, shadow & ~product, ratio, confidence, tuple(reasons))


def _frame(shape: tuple[int, ...]) -> Mask:
    frame = np.ones(shape, np.bool_)
    frame[1:-1, 1:-1] = False
    return frame


def _shadow(values: Plane, plate: Plane, outside: Mask) -> tuple[Mask, bool]:
    """Find the colourless darkening that runs softly into the ground, and its dark contact.

    True beside it if what was found cannot be a shadow alone; then there is none.
    """
    none = np.zeros_like(outside)
    product = ~outside
    if not product.any():
        return none, False
    ratio = blurred((values / np.maximum(plate, 0.02)).astype(np.float32), 0.8)
    level = mean(ratio)
    apart = most(np.abs(ratio - level[..., None]))
    down, across = np.gradient(level)
    steep = np.hypot(down, across) / np.clip(level, 0.3, 1)
    like = (apart < _CHROMA) & (level > _DARKEST) & (level < _LIGHTEST)
    rows = np.nonzero(product.any(1))[0]
    like[: rows[0] + (rows[-1] - rows[0]) // 3] = False  # shadows lie low
    soft = regions_of(outside | (like & (steep < _SOFT))).touching(outside) & ~outside
    close = max(3, round(_CONTACT * values.shape[0]))
    contact = like & grown(soft & (level < 0.93), close)  # noqa: PLR2004  # a shadow beyond doubt
    found = regions_of(outside | soft | (contact & (steep < _HARD))).touching(outside) & ~outside
    rest = product & ~found
    least = _LEFT if _extent(rest) < _TALL * _extent(product) else _LEFT_OF_THIN
    if rest.sum() < least * product.sum():
        return none, True
    return found, False


def _extent(mask: Mask) -> int:
    """Count the rows from the first to the last of a mask."""
    rows = np.nonzero(mask.any(1))[0]
    return int(rows[-1] - rows[0]) + 1 if len(rows) else 0


def _climbs(shadow: Mask, product: Mask, values: Plane, plate: Plane) -> bool:
    """Tell whether a shadow goes up a product's side, as shadows on the ground do not."""
    dark = shadow & (mean(values / np.maximum(plate, 0.02)) < 0.95)  # noqa: PLR2004
    rows = np.nonzero(product.any(1))[0]
    high = rows[0] + 0.62 * (rows[-1] - rows[0])
    beside = grown(product, 4) & dark
    above = np.arange(len(product))[:, None] < high
    return bool((beside & above).sum() > 0.02 * product.sum() ** 0.5 * 10)


def _is_grey_at_its_foot(shadow: Mask, product: Mask, values: Plane, plate: Plane) -> bool:
    """Tell whether only its brightness parts a product from the shadow in which it stands."""
    share = values / np.maximum(plate, 0.02)
    level = mean(share)
    foot = product & grown(shadow & (level < 0.9), 4)  # noqa: PLR2004  # a shadow that is seen
    if foot.sum() < 0.5 * product.sum() ** 0.5:
        return False
    grey = (most(np.abs(share - level[..., None])) < _CHROMA) & (level > _DARKEST)
    return bool((grey & foot).sum() > 0.7 * foot.sum())


def _open_holes(product: Mask, near: Mask, off: Plane, holes: Holes) -> Mask:
    """Take out ground that the product encloses: all of it, none, or where it is beyond doubt."""
    if holes is Holes.CLOSED:
        return _filled(product)
    whole = _filled(product)
    enclosed = regions_of(near & whole & product | (whole & ~product))
    least = max(12.0, 0.0004 * product.size)
    candidates = enclosed.of_at_least(least)
    if holes is Holes.AUTO:
        labels = np.where(candidates, enclosed.labels, 0)
        count = len(enclosed.areas)
        total = np.bincount(labels.ravel(), off.ravel(), count)
        share = total / np.maximum(enclosed.areas, 1)
        sure = share < 0.55  # noqa: PLR2004  # of the limit: what ground of this noise comes to
        sure[0] = False
        candidates = sure[labels]
    return whole & ~candidates


def _filled(product: Mask) -> Mask:
    outside = regions_of(~product).touching(_frame(product.shape) & ~product)
    return ~outside


def _without_specks(product: Mask) -> Mask:
    found = regions_of(product)
    if len(found.areas) < 2:  # noqa: PLR2004  # nothing but the outside
        return product
    kept = found.of_at_least(max(6.0, _SPECK * float(found.areas.max())))
    largest = found.labels == int(found.areas.argmax())
    at_frame = found.touching(_frame(product.shape) & product)
    return np.asarray(kept & (largest | ~at_frame))


def _ratio(values: Plane, plate: Plane, product: Mask) -> Plane:
    """Photograph by plate, without colour, from 0.25 to 1; carried under the product."""
    clear = ~grown(product, 2)
    ratio = np.clip(mean(values / np.maximum(plate, 0.02)), 0.25, 1.0)
    ratio = np.where(ratio > 0.985, 1.0, ratio).astype(np.float32)  # noqa: PLR2004  # noise
    return np.clip(spread(ratio, clear.astype(np.float32)), 0.25, 1.0)


def _judged(ground: StudioGround, product: Mask, off: Plane) -> tuple[float, list[str]]:
    """Say how far the outline is to be believed, and why not further."""
    reasons: list[str] = []
    sure = 1.0
    bad = ground.bad_sides
    if bad:
        touching = "touches" if len(bad) == 1 else "or something else touches"
        reasons.append(f"the product {touching} the photo's {' and '.join(bad)}")
        sure *= {1: 0.75, 2: 0.45, 3: 0.2}.get(len(bad), 0.05)
    spread_out = float(ground.sigma.mean())
    if spread_out > 0.014:  # noqa: PLR2004  # measured: studio grounds have less
        reasons.append("its ground is uneven")
        sure *= float(np.clip(1 - (spread_out - 0.014) / 0.03, 0.1, 1))
    share = float(product.mean())
    if not 0.003 < share < 0.9:  # noqa: PLR2004
        reasons.append(f"it fills {share:.1%} of the photo")
        sure *= 0.4
    rim = grown(~product, 3) & product & ~grown(~product, 1)
    weak = float((off[rim] < 2.2).mean()) if rim.any() else 1.0  # noqa: PLR2004  # limits
    if weak > 0.08:  # noqa: PLR2004
        reasons.append(f"{weak:.0%} of its edge hardly differs from the ground")
        sure *= float(np.clip(1.12 - 1.6 * weak, 0.1, 1))
    areas = regions_of(eroded(product, 2)).areas
    if (areas > _TWIN * areas.max()).sum() > 1:
        reasons.append("there are several things in the photo")
        sure *= 0.8
    return sure, reasons
