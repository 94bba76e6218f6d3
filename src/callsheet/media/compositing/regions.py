"""Regions of a mask: what hangs together, by runs of pixels in rows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from callsheet.media.compositing.light import Mask


@dataclass(frozen=True, slots=True)
class Regions:
    """The regions of a mask: `labels` is 0 outside, else a number from 1; `areas` by label."""

    labels: NDArray[np.int32]
    areas: NDArray[np.int64]

    def touching(self, seeds: Mask) -> Mask:
        """Keep the regions of which some pixel is among the seeds."""
        hit = np.zeros(len(self.areas), np.bool_)
        hit[self.labels[seeds]] = True
        hit[0] = False
        return np.asarray(hit[self.labels])

    def of_at_least(self, area: float) -> Mask:
        """Keep the regions of at least so many pixels."""
        large = self.areas >= area
        large[0] = False
        return np.asarray(large[self.labels])


def regions_of(mask: Mask) -> Regions:
    """Find what hangs together by pixels side by side or one above the other."""
    height, width = mask.shape
    padded = np.zeros((height, width + 2), np.int8)
    padded[:, 1:-1] = mask
    change = np.diff(padded, axis=1)
    rows, starts = np.nonzero(change == 1)
    ends = np.nonzero(change == -1)[1]
    roots = _joined(rows, starts, ends, height)
    _, names = np.unique(roots, return_inverse=True)
    marks = np.zeros((height, width + 1), np.int32)
    marks[rows, starts] += names.astype(np.int32) + 1
    marks[rows, ends] -= names.astype(np.int32) + 1
    labels = np.cumsum(marks, axis=1, dtype=np.int32)[:, :width]
    areas = np.bincount(labels.ravel(), minlength=1)
    areas[0] = 0
    return Regions(labels, areas)


def _joined(
    rows: NDArray[np.intp], starts: NDArray[np.intp], ends: NDArray[np.intp], height: int
) -> NDArray[np.int64]:
    """Join runs that overlap in neighbouring rows; the root of each run."""
    first = np.searchsorted(rows, np.arange(height + 1)).tolist()
    begin, end = starts.tolist(), ends.tolist()
    parent = list(range(len(begin)))

    def root(run: int) -> int:
        while parent[run] != run:
            parent[run] = parent[parent[run]]
            run = parent[run]
        return run

    for row in range(1, height):
        above, here = first[row - 1], first[row]
        last_above, last = first[row], first[row + 1]
        while above < last_above and here < last:
            if begin[above] < end[here] and begin[here] < end[above]:
                one, other = root(above), root(here)
                parent[max(one, other)] = min(one, other)
            if end[above] < end[here]:
                above += 1
            else:
                here += 1
    return np.array([root(run) for run in range(len(begin))], np.int64)
