"""Where a scene's light comes from, as its shadows and its ground tell."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from callsheet.media.compositing.fields import blurred, eroded, fitted, grown
from callsheet.media.compositing.light import Mask, Plane
from callsheet.media.compositing.regions import regions_of
from callsheet.media.compositing.surroundings import Surroundings

TRUSTED: Final = 0.5
_DEEP: Final = 0.16  # a shadow's darkening, in natural logarithms
_TINTED: Final = 0.28
_USUAL_LENGTH: Final = 0.9  # where no thing that casts one is seen whole
_TOUCHED: Final = 0.2  # of a shadow's rim along things
_LEAST: Final = 24  # pixels of a shadow


@dataclass(frozen=True, slots=True)
class Sun:
    """The direction that shadows fall in, in the picture: x to the right, y down, as they lie.

    `length` is a shadow's by the height of what casts it; `hard` from 0 (overcast) to 1; `depth`
    how much light a shadow takes, 0 to 1; `trust` from 0 to 1.
    """

    x: float
    y: float
    length: float
    hard: float
    depth: float
    trust: float

    @property
    def degrees(self) -> float:
        """Where light comes from, clockwise from above."""
        return float(np.degrees(np.arctan2(-self.x, self.y)) % 360)


OVERHEAD: Final = Sun(0.25, 0.12, 0.22, 0.15, 0.5, 0.0)


def sun_from(degrees: float) -> Sun:
    """Take a direction that a person gave."""
    angle = np.radians(degrees)
    return Sun(float(-np.sin(angle)), float(np.cos(angle)) * 0.6, 0.75, 0.6, 0.6, 1.0)


def sun_of(scene: Surroundings) -> Sun:
    """Read the light from the shadows on a scene's support; OVERHEAD where there are none."""
    light = scene.small
    top = (
        int(scene.surface * light.shape[0])
        if scene.surface_trust > TRUSTED
        else int(light.shape[0] * 0.3)
    )
    ground = light[top + light.shape[0] // 40 :]
    if min(ground.shape[:2]) < 24:  # noqa: PLR2004
        return OVERHEAD
    found = [_votes(dark, parts) for dark, parts in _shadows_and_things(ground)]
    suns = [_together(votes) for votes in found if votes]
    return max(suns, key=lambda sun: sun.trust, default=OVERHEAD)


def _shadows_and_things(ground: Plane) -> Iterator[tuple[Plane, tuple[Mask, Mask]]]:
    """Part a support into shadow and things that stand on it; how dark it is everywhere.

    A dark thing without colour looks like a shadow, but shadows of one light are all as deep: each
    depth that many dark places share is tried.
    """
    log = np.log(np.maximum(blurred(ground, 0.8), 0.003))
    plate, uneven = _plate(log)
    off = log - plate
    # planks and joints that lie across the picture are neither shadows nor things
    off = off - np.quantile(off, 0.65, axis=1, keepdims=True).astype(np.float32)
    mean = off.mean(-1)
    apart = np.abs(off - mean[..., None]).max(-1)
    deep = float(np.clip(2.6 * uneven, _DEEP, 0.5))
    dark = (mean < -deep) & (apart < _TINTED + 0.25 * np.minimum(-mean, 1))
    ground_like = (np.abs(mean) < deep) & (apart < _DEEP)
    thing = ~(dark | ground_like)
    yield mean, (_thick(dark), _thick(thing))
    counts, edges = np.histogram(mean[dark], bins=24, range=(-2.4, 0))
    for depth in (edges[np.argsort(counts)[::-1][:3]] + 0.05).tolist():
        shadow = dark & (np.abs(mean - depth) < 0.1 - 0.08 * depth)
        yield mean, (_thick(shadow), _thick((thing | dark) & ~grown(shadow, 1)))


def _thick(mask: Mask) -> Mask:
    """Leave out lines: joints and edges neither cast shadows nor are such."""
    return grown(eroded(mask, 1), 1) & mask


def _plate(log: Plane) -> tuple[Plane, float]:
    """Fit a quadratic to the bright majority of a support; how far that is spread around it."""
    height, width = log.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    basis = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], -1).reshape(-1, 6)
    flat = log.reshape(-1, 3).astype(np.float64)
    step = max(1, len(flat) // 8_000)
    some, seen = basis[::step], flat[::step]
    grey = seen.mean(1)
    good = np.abs(grey - np.median(grey)) < max(0.25, 1.2 * float(np.std(grey)))
    terms = np.zeros((6, 3))
    for _ in range(8):
        if good.sum() < 60:  # noqa: PLR2004
            break
        terms = fitted(some[good], seen[good])
        rest = (seen - some @ terms).mean(1)
        spread = 1.4826 * float(np.median(np.abs(rest[good])))
        good = (rest > -max(1.5 * spread, 0.05)) & (rest < max(2.5 * spread, 0.08))
    plate = (basis @ terms).reshape(log.shape).astype(np.float32)
    rest = np.abs((seen - some @ terms).mean(1))
    return plate, 1.4826 * float(np.median(rest[good])) if good.any() else 0.0


@dataclass(frozen=True, slots=True)
class _Vote:
    x: float
    y: float
    weight: float
    length: float
    depth: float


def _votes(dark: Plane, parts: tuple[Mask, Mask]) -> list[_Vote]:
    """Let each shadow that something casts say where it points."""
    shadow, thing = parts
    shadows, things = regions_of(shadow), regions_of(thing)
    votes = []
    for label in np.argsort(shadows.areas)[::-1][:8]:
        if shadows.areas[label] < _LEAST:
            break
        own = shadows.labels == label
        touched = things.labels[grown(own, 3) & (things.labels > 0)]
        share = np.bincount(touched, minlength=1) / max(1, touched.size)
        # where a shadow falls from one thing onto another, either may be what casts it
        for number in np.nonzero(share > _TOUCHED)[0].tolist():
            caster = things.labels == number
            wide = np.ptp(np.nonzero(caster.any(0))[0]) > 0.6 * caster.shape[1]
            if caster.sum() < _LEAST // 2 or wide or not _rises_above(caster, own):
                continue
            vote = _vote(own, caster, dark)
            weight = vote.weight * float(share[number]) * (0.4 if _touches_frame(own) else 1.0)
            votes.append(replace(vote, weight=weight))
    return votes


def _rises_above(caster: Mask, shadow: Mask) -> bool:
    """Tell whether a thing stands higher in the picture than its shadow, which lies."""
    return bool(np.argmax(caster.any(1)) < np.argmax(shadow.any(1)) - 1)


def _touches_frame(mask: Mask) -> bool:
    return bool(mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any())


def _vote(shadow: Mask, caster: Mask, dark: Plane) -> _Vote:
    rows, columns = np.nonzero(shadow)
    centre = np.array([columns.mean(), rows.mean()])
    there, along = _axis(columns.astype(np.float32), rows.astype(np.float32))
    foot = _foot(caster)
    away = centre - foot
    if (along * away).sum() < 0:
        along = -along
    # a long shadow's own axis is the better witness, a round one's distance from the foot
    long = float(np.clip((there - 1.3) / 1.2, 0, 1))
    far = away / max(float(np.hypot(*away)), 1e-6)
    way = along * long + far * (1 - long)
    way = way / max(float(np.hypot(*way)), 1e-6)
    reach = float(((columns - foot[0]) * way[0] + (rows - foot[1]) * way[1]).max())
    tall = max(3.0, float(np.ptp(np.nonzero(caster.any(1))[0])))
    length = 0.0 if caster[0].any() else reach / tall  # it rises beyond what was looked at
    depth = float(1 - np.exp(np.quantile(dark[shadow], 0.2)))
    agree = float(np.clip((along * far).sum(), 0, 1))
    weight = float(np.sqrt(len(rows))) * depth * (0.3 + 0.7 * agree)
    return _Vote(float(way[0]), float(way[1]), weight, length, depth)


def _axis(columns: Plane, rows: Plane) -> tuple[float, Plane]:
    """Find the longer axis of a set of places, and how much longer it is."""
    spread, axes = np.linalg.eigh(np.cov(np.stack([columns, rows])) + np.eye(2) * 0.1)
    return float(np.sqrt(spread[1] / spread[0])), axes[:, 1].astype(np.float32)


def _foot(caster: Mask) -> Plane:
    """Where a thing stands: the middle of its lowest rows."""
    rows, columns = np.nonzero(caster)
    low = rows >= np.quantile(rows, 0.7)
    return np.array([columns[low].mean(), rows[low].mean()], np.float32)


def _together(votes: list[_Vote]) -> Sun:
    """Take the direction that most votes are near; how far the rest agrees is how far to trust."""
    weights = np.array([vote.weight for vote in votes])
    ways = np.array([(vote.x, vote.y) for vote in votes])
    near_each = np.maximum(ways @ ways.T, 0) ** 8
    leader = int(np.argmax(near_each @ weights))
    near = ways @ ways[leader] > 0.82  # noqa: PLR2004  # within 35 degrees
    mean = (ways[near] * weights[near, None]).sum(0)
    way = mean / max(float(np.hypot(*mean)), 1e-6)
    agree = float(near_each[leader] @ weights / weights.sum())
    depth = float(np.average([vote.depth for vote in votes], weights=weights))
    lengths = [v.length for v, ok in zip(votes, near, strict=True) if ok and v.length > 0]
    length = float(np.median(lengths)) if lengths else _USUAL_LENGTH
    enough = 1 - float(np.exp(-(near_each[leader] @ weights) / 8))
    trust = float(np.clip((agree - 0.3) / 0.6, 0, 1)) * enough
    return Sun(
        float(way[0]),
        float(way[1]),
        float(np.clip(length, 0.15, 1.6)),
        float(np.clip(depth * 1.3, 0.2, 0.9)),
        float(np.clip(depth, 0.2, 0.85)),
        trust,
    )
