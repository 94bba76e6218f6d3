"""How rows stand: shots summed up from their newest takes, as the journal tells it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from callsheet.jobs.model import Entry, Shot, ShotStatus, shot_status
from callsheet.takes.model import Take, counted


def newest(takes: Iterable[Take]) -> dict[int, list[Take]]:
    """Group takes by row, keeping the newest attempt of each variant, in order of variant."""
    by_variant: dict[tuple[int, int], Take] = {}
    for take in takes:
        place = (take.row, take.variant)
        if place not in by_variant or by_variant[place].attempt < take.attempt:
            by_variant[place] = take
    rows: dict[int, list[Take]] = defaultdict(list)
    for (row, _), take in sorted(by_variant.items()):
        rows[row].append(take)
    return rows


def summed_up(takes: Sequence[Take]) -> ShotStatus:
    """Sum a row up from the newest takes of its variants."""
    return shot_status(counted(take.status for take in takes))


def first_error(takes: Sequence[Take]) -> Mapping[str, Any] | None:
    """Pick the error that explains a row."""
    return next((take.error for take in takes if take.error), None)


def row_entry(shot: Shot, status: ShotStatus, takes: Sequence[Take]) -> Entry:
    """Tell where a row and each of its variants stand now."""
    error = shot.error if not takes else first_error(takes)
    variants = [
        {
            "variant": take.variant,
            "take": take.id,
            "status": take.status,
            "sha256": take.asset,
            "model": take.model,
            "cost": str(take.charged),
            "error": take.error,
        }
        for take in takes
    ]
    body = {"row": shot.row, "scene_id": shot.scene_id, "status": status, "error": error}
    return Entry("row", {**body, "variants": variants})
