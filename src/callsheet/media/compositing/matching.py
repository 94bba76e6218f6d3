"""A product's colours brought towards its scene's, within bounds that keep it itself."""

from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np

from callsheet.media.compositing.light import (
    Bytes,
    Plane,
    difference,
    lab,
    luminance,
    spelled,
    to_linear,
)

MOST_EV: Final = 0.7
MOST_SHIFT: Final = 6.0  # CIEDE2000, on average over the product
_LEAST_CONTRAST, _MOST_CONTRAST = 0.8, 1.2
_BALANCE: Final = 0.6  # of the way to the scene's white
_SAMPLES: Final = 4_000
_USUAL_CONTRAST: Final = 0.21  # standard deviation of luma of an ordinary photograph


@dataclass(frozen=True, slots=True)
class Match:
    """Gains of linear light by channel, exposure in stops, contrast about `pivot` (0 to 1).

    `shift` is how far the product's colours move on average, in CIEDE2000.
    """

    gains: tuple[float, float, float] = (1.0, 1.0, 1.0)
    stops: float = 0.0
    contrast: float = 1.0
    pivot: float = 0.5
    shift: float = 0.0

    def at(self, strength: float) -> "Match":
        """Go only a part of the way."""
        red, green, blue = (gain**strength for gain in self.gains)
        contrast = 1 + (self.contrast - 1) * strength
        return replace(
            self, gains=(red, green, blue), stops=self.stops * strength, contrast=contrast
        )

    @property
    def table(self) -> Bytes:
        """What becomes of each byte of each channel: 256 x 3."""
        gain = np.array(self.gains) * 2.0**self.stops
        light = to_linear()[:, None].astype(np.float64)
        # what is brightened approaches white and does not clip
        lit = np.where(gain > 1, gain * light / (1 + (gain - 1) * light), gain * light)
        value = self.pivot + (np.asarray(spelled(lit)) - self.pivot) * self.contrast
        return np.rint(np.clip(value, 0, 1) * 255).astype(np.uint8)

    def told(self) -> dict[str, Any]:
        """Word it for a recipe."""
        return asdict(self)


def match_of(
    sample: Bytes,
    ground: tuple[float, float, float] | None,
    around: Plane,
    strength: float,
    guarded: tuple[tuple[int, int, int], ...] = (),
    tolerance: float = 2.0,
) -> Match:
    """Find how a product follows a scene.

    `sample` are pixels of the product, `ground` the linear colour of the studio ground behind it
    if that was neutral, `around` the scene's linear light around its place. No colour of `guarded`
    moves further than `tolerance`.
    """
    if strength <= 0 or not len(sample):
        return Match()
    step = max(1, len(sample) // _SAMPLES)
    sample = sample[::step]
    own = np.asarray(ground if ground is not None else (1.0, 1.0, 1.0))
    white = float(luminance(own.astype(np.float32))) if ground is not None else 0.9
    wanted = _illuminant(around) / (own / max(own.mean(), 1e-3))
    gains = wanted ** (_BALANCE * strength)
    gains /= float(gains @ np.array([0.2126, 0.7152, 0.0722]))
    light = luminance(around).ravel()
    level = float(np.quantile(light, 0.98)) / max(white, 0.2)
    middle = float(np.exp(np.log(np.maximum(light, 0.003)).mean())) / 0.16
    stops = 0.45 * np.log2(max(level, 0.02)) + 0.22 * np.log2(max(middle, 0.02))
    stops = float(np.clip(stops, -MOST_EV, MOST_EV)) * strength
    spread = float(np.std(spelled(light)))
    contrast = float(np.clip((spread / _USUAL_CONTRAST) ** 0.4, _LEAST_CONTRAST, _MOST_CONTRAST))
    pivot = float(np.mean(sample)) / 255
    red, green, blue = gains.tolist()
    whole = Match((red, green, blue), stops, 1 + (contrast - 1) * strength, pivot)
    return _bounded(whole, sample, guarded, tolerance)


def _illuminant(around: Plane) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Estimate the colour of light, with a mean of 1: shades of grey over what has little colour.

    After Finlayson and Trezzi, "Shades of gray and colour constancy", 2004.
    """
    flat = around.reshape(-1, 3).astype(np.float64)
    mean = flat.mean(1) + 1e-4
    colour = (flat.max(1) - flat.min(1)) / (flat.max(1) + 1e-4)
    weight = np.exp(-((colour / 0.35) ** 2)) * (mean > 0.01) + 1e-4  # noqa: PLR2004
    found = ((flat**5 * weight[:, None]).sum(0) / weight.sum()) ** 0.2
    return np.asarray(np.clip(found / max(float(found.mean()), 1e-4), 0.6, 1.5))


def _bounded(
    whole: Match, sample: Bytes, guarded: tuple[tuple[int, int, int], ...], tolerance: float
) -> Match:
    """Go as far as the bounds allow, found by halving."""
    before = lab(sample)
    brand = np.array(guarded, np.uint8).reshape(-1, 3)

    def shift(match: Match) -> tuple[float, float]:
        table = match.table
        moved = _looked_up(table, sample)
        mean = float(difference(before, lab(moved)).mean())
        if not len(brand):
            return mean, 0.0
        most = float(difference(lab(brand), lab(_looked_up(table, brand))).max())
        return mean, most

    low, high = 0.0, 1.0
    mean, most = shift(whole)
    if mean <= MOST_SHIFT and most <= tolerance:
        return replace(whole, shift=mean)
    for _ in range(8):
        middle = (low + high) / 2
        mean, most = shift(whole.at(middle))
        low, high = (middle, high) if mean <= MOST_SHIFT and most <= tolerance else (low, middle)
    found = whole.at(low)
    return replace(found, shift=shift(found)[0])


def _looked_up(table: Bytes, values: Bytes) -> Bytes:
    return np.stack([table[values[..., each], each] for each in range(3)], -1)


def matched(values: Bytes, match: Match) -> Bytes:
    """Bring a product's pixels towards its scene."""
    return _looked_up(match.table, values)
