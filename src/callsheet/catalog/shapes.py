"""Shapes that models offer, found for the size that a row asks for."""

import math
from collections.abc import Sequence


def nearest_ratio(width: int, height: int, offered: Sequence[str]) -> str:
    """Pick the offered aspect ratio (``"16:9"``) that is nearest to a size, as proportions go."""

    def distance(ratio: str) -> float:
        across, down = map(int, ratio.split(":"))
        return abs(math.log(width / height) - math.log(across / down))

    return min(offered, key=distance)
