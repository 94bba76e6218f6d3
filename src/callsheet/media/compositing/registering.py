"""Finding a product again in a picture that a model made of it: where, how large, how turned."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.fft import irfft2, rfft2
from PIL import Image

from callsheet.media.compositing.fields import blurred
from callsheet.media.compositing.light import Bytes, Plane

_COARSE: Final = 144  # pixels of the picture's longer side
_FINE: Final = 420
_SCALES: Final = 16
_TURNS: Final = (-6.0, 0.0, 6.0)
_LEAST_SCORE: Final = 0.55
_SHARP: Final = 0.04  # by which the best place must beat every other


@dataclass(frozen=True, slots=True)
class Pose:
    """How a product lies in a picture: its middle in pixels, its height by its own, degrees.

    `score` is the correlation there, from -1 to 1; `sharp` how far it beats other places.
    """

    x: float
    y: float
    scale: float
    turn: float
    score: float
    sharp: float

    @property
    def found(self) -> bool:
        """Whether it is beyond doubt."""
        return self.score >= _LEAST_SCORE and self.sharp >= _SHARP


def pose_of(answer: Bytes, product: Bytes, alpha: Bytes) -> Pose:
    """Find a product (its colours and alpha, tightly cut) in a picture."""
    longest = max(answer.shape[:2])
    coarse = _shrunk(answer, _COARSE / longest)
    best = _searched(coarse, product, alpha)
    share = min(1.0, _FINE / longest)
    ratio = share / (_COARSE / longest)
    fine = _shrunk(answer, share)
    pose = replace(best, x=best.x * ratio, y=best.y * ratio, scale=best.scale * ratio)
    pose = _refined(fine, product, alpha, pose)
    return replace(pose, x=pose.x / share, y=pose.y / share, scale=pose.scale / share)


def laid_on(pose: Pose, product: Bytes, alpha: Bytes, size: tuple[int, int]) -> tuple[Bytes, Bytes]:
    """Lay a product's colours and alpha where a pose says, over a picture of a size."""
    pixels = Image.fromarray(np.dstack([product, alpha])).convert("RGBa")
    shrink = pose.scale
    if shrink < 0.7:  # noqa: PLR2004  # a transform alone would leave pixels out
        width = max(1, round(pixels.width * shrink))
        height = max(1, round(pixels.height * shrink))
        pixels = pixels.resize((width, height), Image.Resampling.BOX)
        pose = replace(pose, scale=pose.scale * product.shape[0] / height)
    found = pixels.transform(
        size, Image.Transform.AFFINE, _back(pose, pixels.size), Image.Resampling.BICUBIC
    )
    laid = np.asarray(found.convert("RGBA"))
    return laid[..., :3], laid[..., 3]


def _back(pose: Pose, size: tuple[int, int]) -> tuple[float, ...]:
    """Word where each pixel of the picture comes from, as Pillow wants it."""
    cos, sin = np.cos(np.radians(pose.turn)), np.sin(np.radians(pose.turn))
    a, b = cos / pose.scale, sin / pose.scale
    middle = size[0] / 2, size[1] / 2
    c = middle[0] - a * pose.x - b * pose.y
    f = middle[1] + b * pose.x - a * pose.y
    return float(a), float(b), float(c), float(-b), float(a), float(f)


def _shrunk(values: Bytes, share: float) -> Plane:
    size = (max(8, round(values.shape[1] * share)), max(8, round(values.shape[0] * share)))
    small = Image.fromarray(values).resize(size, Image.Resampling.BOX)
    return _edged(np.asarray(small.convert("L")).astype(np.float32))


def _edged(grey: Plane) -> Plane:
    """Take slow changes out: relighting is no reason to look elsewhere."""
    return (grey - 0.75 * blurred(grey, 12)).astype(np.float32)


def _searched(coarse: Plane, product: Bytes, alpha: Bytes) -> Pose:
    """Correlate at all places, over sizes and turns."""
    height, width = coarse.shape
    padded = (height * 2, width * 2)
    seen, squared = rfft2(coarse, padded), rfft2(coarse * coarse, padded)
    best = Pose(0, 0, 1, 0, -1, 0)
    peaks: list[tuple[float, float, float]] = []
    for form, mask, scale, turn in _forms(product, alpha, coarse.shape):
        weight = float(mask.sum())
        plain = (form - (form * mask).sum() / weight) * mask
        energy = float((plain * plain).sum())
        over = irfft2(seen * np.conj(rfft2(plain, padded)), padded)[:height, :width]
        ones = np.conj(rfft2(mask, padded))
        mean = irfft2(seen * ones, padded)[:height, :width]
        spread = irfft2(squared * ones, padded)[:height, :width] - mean**2 / weight
        score = over / np.sqrt(np.maximum(spread, weight * 4) * max(energy, 1))
        score[height - form.shape[0] + 1 :] = -1
        score[:, width - form.shape[1] + 1 :] = -1
        row, column = np.unravel_index(int(np.argmax(score)), score.shape)
        x, y = column + form.shape[1] / 2, row + form.shape[0] / 2
        value = float(score[row, column])
        peaks += _others(score.astype(np.float32), form.shape)
        if value > best.score:
            best = Pose(float(x), float(y), scale, turn, value, 0)
    reach = best.scale * max(alpha.shape) * 0.35
    others = [score for score, x, y in peaks if np.hypot(x - best.x, y - best.y) > reach]
    return replace(best, sharp=best.score - max(others, default=0.0))


def _others(score: Plane, form: tuple[int, ...]) -> list[tuple[float, float, float]]:
    """List the best few places of one form, apart from each other."""
    score = score.copy()
    found = []
    for _ in range(2):
        row, column = np.unravel_index(int(np.argmax(score)), score.shape)
        x, y = column + form[1] / 2, row + form[0] / 2
        found.append((float(score[row, column]), float(x), float(y)))
        top, left = max(0, row - form[0] // 3), max(0, column - form[1] // 3)
        score[top : row + form[0] // 3 + 1, left : column + form[1] // 3 + 1] = -1
    return found


def _forms(
    product: Bytes, alpha: Bytes, room: tuple[int, ...]
) -> Iterator[tuple[Plane, Plane, float, float]]:
    """Make a product's edges and mask at every size and turn that fits."""
    largest = min(room[0] / alpha.shape[0], room[1] / alpha.shape[1]) * 0.98
    for scale in np.geomspace(largest, largest * 0.18, _SCALES).tolist():
        for turn in _TURNS:
            rgb, seen = _turned(product, alpha, scale, turn)
            if min(seen.shape) < 8 or seen.shape[0] > room[0] or seen.shape[1] > room[1]:  # noqa: PLR2004
                continue
            mask = (seen > 128).astype(np.float32)  # noqa: PLR2004
            if mask.sum() >= 24:  # noqa: PLR2004
                yield _edged(rgb), mask, scale, turn


def _turned(product: Bytes, alpha: Bytes, scale: float, turn: float) -> tuple[Plane, Bytes]:
    size = (max(1, round(alpha.shape[1] * scale)), max(1, round(alpha.shape[0] * scale)))
    whole = Image.fromarray(np.dstack([product, alpha])).resize(size, Image.Resampling.BOX)
    if turn:
        whole = whole.rotate(-turn, Image.Resampling.BILINEAR, expand=True)
    return np.asarray(whole.convert("L")).astype(np.float32), np.asarray(whole.getchannel("A"))


def _refined(fine: Plane, product: Bytes, alpha: Bytes, pose: Pose) -> Pose:
    """Walk to the best pose nearby: by steps that halve."""
    size = (fine.shape[1], fine.shape[0])

    def score(at: Pose) -> float:
        rgb, seen = laid_on(at, product, alpha, size)
        mask = seen > 128  # noqa: PLR2004
        if mask.sum() < 50:  # noqa: PLR2004
            return -1.0
        grey = np.asarray(Image.fromarray(rgb).convert("L")).astype(np.float32)
        one, other = _edged(grey)[mask], fine[mask]
        one, other = one - one.mean(), other - other.mean()
        return float((one * other).sum() / np.sqrt((one**2).sum() * (other**2).sum() + 1e-6))

    best = replace(pose, score=score(pose))
    step = np.array([3.0, 3.0, 0.05, 3.0])
    for _ in range(5):
        moved = True
        while moved:
            moved = False
            for axis in range(4):
                for sign in (1, -1):
                    by = np.zeros(4)
                    by[axis] = sign * step[axis]
                    near = replace(
                        best,
                        x=best.x + by[0],
                        y=best.y + by[1],
                        scale=best.scale * (1 + by[2]),
                        turn=best.turn + by[3],
                    )
                    value = score(near)
                    if value > best.score + 1e-4:
                        best, moved = replace(near, score=value), True
        step /= 2
    return best
