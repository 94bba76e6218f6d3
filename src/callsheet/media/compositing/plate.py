"""The ground of a studio photograph: a smooth plate, fitted to what the frame's edges show."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from callsheet.media.compositing.fields import fitted
from callsheet.media.compositing.light import Mask, Plane

_RING: Final = 0.03  # of each side's length
_ROUNDS: Final = 6
_LEAST_SIGMA: Final = 0.8 / 255
_GOOD_SIDE: Final = 0.6  # share of a side that shows the plate
_SAMPLES: Final = 6_000
_SIDES: Final = ("top", "bottom", "left", "right")


@dataclass(frozen=True, slots=True)
class StudioGround:
    """A plate, quadratic in place for each channel, in sRGB values from 0 to 1.

    `sigma` is the spread of the ground around it for each channel, `sides` the share of each side
    of the frame that shows it.
    """

    terms: NDArray[np.float32]  # 6 x 3
    sigma: NDArray[np.float32]
    sides: dict[str, float]

    @property
    def bad_sides(self) -> tuple[str, ...]:
        """The sides of the frame where something else than ground shows."""
        return tuple(side for side, share in self.sides.items() if share < _GOOD_SIDE)

    def at(self, x: Plane, y: Plane) -> Plane:
        """Tell the plate's values at places of the frame, both from -1 to 1."""
        return np.asarray(np.clip(_basis(x, y) @ self.terms, 0, 1), np.float32)

    def over(self, width: int, height: int) -> Plane:
        """Spread the plate over a whole frame."""
        x = np.linspace(-1, 1, width, dtype=np.float32)
        y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
        one, xs, ys, xx, xy, yy = self.terms[:, None, None, :]
        x, y = x[None, :, None], y[..., None]
        plate = one + xs * x + xx * x * x + (ys + yy * y) * y + xy * (x * y)
        return np.asarray(np.clip(plate, 0, 1), np.float32)


def studio_ground(values: Plane) -> StudioGround:
    """Fit the plate to a ring along the frame of a picture (values from 0 to 1).

    A side on which the product lies is found by how little of it agrees, and left out.
    """
    height, width = values.shape[:2]
    ring = dict(zip(_SIDES, _ring(height, width), strict=True))
    places = {side: _sampled(mask) for side, mask in ring.items()}
    used = list(_SIDES)
    terms, sigma = _fitted(values, [places[side] for side in used])
    shares = _shares(values, places, terms, sigma)
    for _ in range(2):
        bad = [side for side in used if shares[side] < _GOOD_SIDE]
        if not bad or len(used) - len(bad) < 1:
            break
        used = [side for side in used if side not in bad]
        terms, sigma = _fitted(values, [places[side] for side in used])
        shares = _shares(values, places, terms, sigma)
    return StudioGround(terms.astype(np.float32), sigma.astype(np.float32), shares)


def _ring(height: int, width: int) -> Iterator[Mask]:
    high, wide = max(2, round(height * _RING)), max(2, round(width * _RING))
    for part in (
        np.s_[:high, :],
        np.s_[-high:, :],
        np.s_[:, :wide],
        np.s_[:, -wide:],
    ):
        mask = np.zeros((height, width), np.bool_)
        mask[part] = True
        yield mask


def _sampled(mask: Mask) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    rows, columns = np.nonzero(mask)
    step = max(1, len(rows) // _SAMPLES)
    return rows[::step], columns[::step]


def _fitted(
    values: Plane, places: list[tuple[NDArray[np.intp], NDArray[np.intp]]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit by least squares on what agrees, round by round; terms and spread for each channel."""
    rows = np.concatenate([rows for rows, _ in places])
    columns = np.concatenate([columns for _, columns in places])
    seen = values[rows, columns].astype(np.float64)
    basis = _basis(*_unit(rows, columns, values)).astype(np.float64)
    # ground is what most of the ring shows: begin with what is near the median
    off = np.abs(seen - np.median(seen, 0)).max(1)
    good = off <= max(float(np.quantile(off, 0.6)), 0.02)
    sigma: NDArray[np.float64] = np.full(3, 0.02)
    terms = np.zeros((6, 3))
    for _ in range(_ROUNDS):
        terms = fitted(_damped(basis[good]), _padded(seen[good]))
        rest = np.abs(seen - basis @ terms)
        sigma = np.asarray(np.maximum(1.4826 * np.median(rest[good], 0), _LEAST_SIGMA))
        agreed = (rest < 3.5 * sigma).all(1)
        if agreed.sum() < 24 or (agreed == good).all():  # noqa: PLR2004  # six terms, four times
            break
        good = agreed
    return terms, sigma


def _damped(basis: NDArray[np.float64]) -> NDArray[np.float64]:
    """Add a little weight against bending: sides that are left out must not run away."""
    weight = 0.02 * np.sqrt(len(basis)) * np.diag([0, 0.3, 0.3, 1, 1, 1])
    return np.vstack([basis, weight])


def _padded(seen: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.vstack([seen, np.zeros((6, seen.shape[1]))])


def _shares(
    values: Plane,
    places: dict[str, tuple[NDArray[np.intp], NDArray[np.intp]]],
    terms: NDArray[np.float64],
    sigma: NDArray[np.float64],
) -> dict[str, float]:
    shares = {}
    for side, (rows, columns) in places.items():
        plate = _basis(*_unit(rows, columns, values)) @ terms
        rest = np.abs(values[rows, columns] - plate)
        shares[side] = float((rest < np.maximum(4 * sigma, 0.012)).all(1).mean())
    return shares


def _unit(rows: NDArray[np.intp], columns: NDArray[np.intp], values: Plane) -> tuple[Plane, Plane]:
    height, width = values.shape[:2]
    x = columns * (2 / max(1, width - 1)) - 1
    y = rows * (2 / max(1, height - 1)) - 1
    return x.astype(np.float32), y.astype(np.float32)


def _basis(x: Plane, y: Plane) -> Plane:
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], -1)
