"""Whether a composite is good: is it still the product, and does it stand in the scene.

All measures compare the finished picture with the product's own photograph, laid where the product
is, and with the scene as it was. They know nothing of how the picture was made, so they judge a
hosted model's answer as they judge ours.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from PIL import Image

from callsheet.media.compositing.fields import blurred, carried, eroded, grown
from callsheet.media.compositing.light import (
    Bytes,
    Mask,
    Plane,
    difference,
    lab,
    linear,
    luminance,
    spelled,
)
from callsheet.ports.compositing import Finding, Status

JUDGED_SIDE: Final = 512  # pixels: larger products are judged at this size
TILE: Final = 32
_LIMITS: Final = {
    "product_detail": 0.72,  # correlation of the worst tile
    "product_lettering": 0.86,
    "product_colour": 5.0,  # CIEDE2000, after one light for the whole product
    "product_shape": 2.5,  # pixels of the judged size
    "halo": 5.0,  # L*
    "contact": 0.05,  # share of light lost beneath the base
    "grain": 2.5,  # times the scene's
}
_CALM: Final = 2.4  # spread of detail in bytes below which there is none to compare
_LETTERED: Final = 16.0
_MOST_RELIT: Final = 9.0  # CIEDE2000 that one light may move colours by, without exposure


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is judged, all at one size and over the same box of the scene.

    `result` and `before` are that box of the finished picture and of the scene; `product` and
    `alpha` the product as it was cut out, at its place in that box. `before` may be None where the
    scene behind is not known pixel by pixel. `noise` is the scene's.
    """

    result: Bytes
    before: Bytes | None
    product: Bytes
    alpha: Bytes
    noise: float


def judged(evidence: Evidence) -> tuple[Finding, ...]:
    """Measure a composite."""
    small = _at_judged_size(evidence)
    inner = eroded(small.alpha >= 250, 2)  # noqa: PLR2004
    if inner.sum() < TILE * TILE // 4:
        note = "the product is too small to be judged"
        return tuple(
            Finding(check, Status.NOT_ASSESSED, None, None, note)
            for check in ("product_detail", "product_colour", "product_shape")
        )
    measures: tuple[Callable[[Evidence, Mask], Iterator[Finding]], ...] = (
        _detail,
        _colour,
        _shape,
        _halo,
        _contact,
        _grain,
    )
    return tuple(finding for measure in measures for finding in measure(small, inner))


def _at_judged_size(evidence: Evidence) -> Evidence:
    rows, columns = np.nonzero(evidence.alpha.any(1))[0], np.nonzero(evidence.alpha.any(0))[0]
    if not len(rows):
        return evidence
    longest = max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1
    share = JUDGED_SIDE / longest
    if share >= 1:
        return evidence

    def small(values: Bytes) -> Bytes:
        size = (max(1, round(values.shape[1] * share)), max(1, round(values.shape[0] * share)))
        return np.asarray(Image.fromarray(values).resize(size, Image.Resampling.BOX))

    before = None if evidence.before is None else small(evidence.before)
    return Evidence(
        small(evidence.result),
        before,
        small(evidence.product),
        small(evidence.alpha),
        evidence.noise * min(1.0, share * 1.5),
    )


def _finding(check: str, value: float, *, above: bool, note: str) -> Finding:
    """Hold a value against its limit: it must lie above it, or below."""
    limit = _LIMITS[check]
    good = value >= limit if above else value <= limit
    near = value >= limit * 0.9 if above else value <= limit * 1.15
    status = Status.PASS if good else Status.WARN if near else Status.FAIL
    return Finding(check, status, round(value, 4), limit, note)


def _detail(evidence: Evidence, inner: Mask) -> Iterator[Finding]:
    """Correlate detail tile by tile, light taken out; tell of the worst and where it is."""
    own = _details(evidence.product, inner)
    seen = _details(evidence.result, inner)
    calm = max(_CALM, 2.5 * evidence.noise)
    height, width = inner.shape
    worst: dict[str, tuple[float, float, float]] = {}
    for shift in (0, TILE // 2):  # tiles overlap, so that nothing lies between two
        spread, alike = _correlated(
            own[shift:, shift:], seen[shift:, shift:], inner[shift:, shift:]
        )
        lettered = spread > _LETTERED
        for kind, mask in (
            ("product_lettering", lettered),
            ("product_detail", (spread >= calm) & ~lettered),
        ):
            values = np.where(mask, alike, 2.0)
            if values.size and float(values.min()) < worst.get(kind, (2.0, 0, 0))[0]:
                row, column = np.unravel_index(int(np.argmin(values)), values.shape)
                across = (column * TILE + shift) / width
                down = (row * TILE + shift) / height
                worst[kind] = float(values.min()), float(across), float(down)
    if not worst:
        note = "the product has no detail to compare"
        yield Finding("product_detail", Status.NOT_ASSESSED, None, None, note)
    for kind, (value, across, down) in worst.items():
        note = f"the worst tile lies {across:.0%} across and {down:.0%} down"
        yield _finding(kind, value, above=True, note=note)


def _details(values: Bytes, inner: Mask) -> Plane:
    """Luma without what changes slowly, by how bright it is around: relighting hardly shows."""
    grey = np.asarray(Image.fromarray(values).convert("L")).astype(np.float32)
    weight = blurred(inner.astype(np.float32), 9) + 1e-3
    around = blurred(grey * inner, 9) / weight
    return np.asarray((grey - around) * (110 / np.maximum(around, 24)), np.float32)


def _correlated(one: Plane, other: Plane, inner: Mask) -> tuple[Plane, Plane]:
    """For each tile: the spread of detail in the first, and how alike the second is, -1 to 1.

    Tiles of which less than a third is the product have no spread.
    """
    mask = inner.astype(np.float32)
    count = np.maximum(_sums(mask, TILE), 1)
    mean, theirs = _sums(one * mask, TILE) / count, _sums(other * mask, TILE) / count
    square = _sums(one * one * mask, TILE) / count - mean * mean
    square_theirs = _sums(other * other * mask, TILE) / count - theirs * theirs
    both = _sums(one * other * mask, TILE) / count - mean * theirs
    alike = both / np.sqrt(np.maximum(square * square_theirs, 1e-6))
    spread = np.sqrt(np.maximum(square, 0))
    enough = count >= TILE * TILE // 3
    return np.where(enough, spread, 0).astype(np.float32), alike.astype(np.float32)


def _sums(plane: Plane, side: int) -> Plane:
    """Sum up squares of pixels; what is left over at the end is left out."""
    rows, columns = plane.shape[0] // side, plane.shape[1] // side
    cut = plane[: rows * side, : columns * side]
    return np.asarray(
        cut.reshape(rows, side, columns, side, *plane.shape[2:]).sum((1, 3)), np.float32
    )


def _colour(evidence: Evidence, inner: Mask) -> Iterator[Finding]:
    """Let one light explain what it can, and tell how far colours are apart beyond it."""
    own, seen = linear(evidence.product), linear(evidence.result)
    some, theirs = own[inner], seen[inner]
    gains = np.clip((some * theirs).sum(0) / np.maximum((some * some).sum(0), 1e-4), 0.05, 8)
    level = float(gains @ np.array([0.2126, 0.7152, 0.0722]))
    before, after = _means(own, seen, inner)
    if not len(before):
        yield Finding("product_colour", Status.NOT_ASSESSED, None, None, "too small to be judged")
        return
    # each tile's own brightness is light, too: only its colour is the product's
    lit = before * gains
    lit *= (after.mean(1) / np.maximum(lit.mean(1), 1e-4))[:, None]
    apart = difference(_lab_of(lit), _lab_of(after))
    plain = before * level
    plain *= (after.mean(1) / np.maximum(plain.mean(1), 1e-4))[:, None]
    cast = float(np.mean(difference(_lab_of(plain), _lab_of(after))))
    value = float(np.quantile(apart, 0.95))
    if cast > _MOST_RELIT:
        value = max(value, cast)
    note = f"{cast:.1f} of it one light for all" if cast <= _MOST_RELIT else "the whole product"
    yield _finding("product_colour", value, above=False, note=note)


def _means(own: Plane, seen: Plane, inner: Mask) -> tuple[Plane, Plane]:
    """Average the product's light and the picture's over small squares that lie inside."""
    side = TILE // 2
    mask = inner.astype(np.float32)
    count = _sums(mask, side)
    good = count >= side * side // 2
    weight = np.maximum(count, 1)[..., None]
    one = _sums(own * mask[..., None], side) / weight
    other = _sums(seen * mask[..., None], side) / weight
    return np.asarray(one[good], np.float32), np.asarray(other[good], np.float32)


def _lab_of(
    light: np.ndarray[tuple[int, ...], np.dtype[np.floating]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return lab(np.asarray(spelled(np.clip(light, 0, 1)), np.float64) * 255)


def _shape(evidence: Evidence, inner: Mask) -> Iterator[Finding]:
    """Follow the outline: how far from it does the picture's own edge lie, in pixels."""
    del inner
    share = evidence.alpha.astype(np.float32) / 255
    down, across = np.gradient(blurred(share.astype(np.float32), 1))
    slope = np.asarray(np.hypot(down, across))
    rows, columns = np.nonzero((np.abs(share - 0.5) < 0.35) & (slope > 0.08))  # noqa: PLR2004
    margin = 9
    height, width = share.shape
    inside = (
        (rows > margin) & (rows < height - margin) & (columns > margin) & (columns < width - margin)
    )
    rows, columns = rows[inside], columns[inside]
    step = max(1, len(rows) // 1_500)
    rows, columns = rows[::step], columns[::step]
    if len(rows) < 20:  # noqa: PLR2004
        yield Finding("product_shape", Status.NOT_ASSESSED, None, None, "no outline to follow")
        return
    tall = slope[rows, columns]
    y = np.asarray(down)[rows, columns] / tall
    x = np.asarray(across)[rows, columns] / tall
    away = np.arange(-7, 8)
    at = (
        np.rint(rows[:, None] + y[:, None] * away).astype(int),
        np.rint(columns[:, None] + x[:, None] * away).astype(int),
    )
    line = np.asarray(evidence.result).astype(np.float32)[at]
    steps = np.asarray(np.diff(_smoothed(line), axis=1))
    change = np.asarray(np.abs(steps).max(-1))
    plain = change.max(1) > 8  # noqa: PLR2004  # bytes: an edge that shows
    if plain.mean() < 0.2:  # noqa: PLR2004
        yield Finding("product_shape", Status.NOT_ASSESSED, None, None, "its outline hardly shows")
        return
    weight = change[plain] ** 2
    offset = np.abs((weight * (away[:-1] + 0.5)).sum(1) / weight.sum(1))
    value = float(np.quantile(offset, 0.75))
    yield _finding("product_shape", value, above=False, note="pixels from its outline")


def _smoothed(line: Plane) -> Plane:
    """Smooth each line of samples a little."""
    padded = np.pad(line, ((0, 0), (1, 1), (0, 0)), "edge")
    return np.asarray((padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]) / 4, np.float32)


def _halo(evidence: Evidence, inner: Mask) -> Iterator[Finding]:
    """How far the edge is brighter or darker than both the product and what is behind it."""
    band = (evidence.alpha > 12) & (evidence.alpha < 243)  # noqa: PLR2004
    band |= grown(evidence.alpha > 12, 2) & (evidence.alpha <= 12)  # noqa: PLR2004
    if band.sum() < 20:  # noqa: PLR2004
        return
    seen = _lightness(evidence.result)
    outside = ~grown(evidence.alpha > 12, 3)  # noqa: PLR2004
    if not outside.any():
        return
    one = carried(np.dstack([seen] * 3), inner)[..., 0]
    other = carried(np.dstack([seen] * 3), outside)[..., 0]
    high, low = np.maximum(one, other), np.minimum(one, other)
    over = np.maximum(seen - high, 0) - np.maximum(low - seen, 0) * 0.5
    by_part = over[band]
    value = float(np.abs(np.quantile(by_part, 0.9)))
    note = "brighter than product and scene" if value > 0 else "no rim"
    yield _finding("halo", value, above=False, note=note)


def _lightness(values: Bytes) -> Plane:
    light = luminance(linear(values))
    return (116 * np.cbrt(np.maximum(light, 0.008)) - 16).astype(np.float32)


def _contact(evidence: Evidence, inner: Mask) -> Iterator[Finding]:
    """How much darker it is right beneath the base than it was."""
    del inner
    if evidence.before is None:
        return
    solid = evidence.alpha >= 128  # noqa: PLR2004
    rows = np.nonzero(solid.any(1))[0]
    base, tall = int(rows[-1]) + 1, int(rows[-1] - rows[0]) + 1
    foot = np.nonzero(solid[max(0, base - max(2, tall // 25)) : base].any(0))[0]
    deep = max(2, tall // 40)
    beneath = np.s_[base + 1 : base + 1 + deep, foot[0] : foot[-1] + 1]
    if base + 1 + deep > evidence.result.shape[0]:
        yield Finding("contact", Status.NOT_ASSESSED, None, None, "its base is at the frame")
        return
    clear = evidence.alpha[beneath] == 0
    if not clear.any():
        return
    now = luminance(linear(evidence.result[beneath]))[clear].mean()
    then = luminance(linear(evidence.before[beneath]))[clear].mean()
    value = float(1 - now / max(float(then), 1e-4))
    yield _finding("contact", value, above=True, note="light lost beneath its base")


def _grain(evidence: Evidence, inner: Mask) -> Iterator[Finding]:
    """Compare the product's noise with the scene's, where both can be measured."""
    if evidence.noise < 0.6:  # noqa: PLR2004  # of a byte: rounding
        return
    values = np.asarray(Image.fromarray(evidence.result).convert("L")).astype(np.float32)
    rows = values[:-2] - 2 * values[1:-1] + values[2:]
    both = np.abs(rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:])[inner[1:-1, 1:-1]]
    own = float(np.quantile(both, 0.35) / 0.454 / 6)  # of |normal|: its 35th percentile
    ratio = own / evidence.noise
    value = max(ratio, 1 / max(ratio, 0.05))
    found = _finding("grain", value, above=False, note=f"{ratio:.2f} of the scene's")
    yield replace(found, status=Status.WARN) if found.status is Status.FAIL else found
