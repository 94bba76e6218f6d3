"""How rows stand: shots summed up from their newest takes, as the journal tells it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from callsheet.jobs.model import Entry, ShotStatus, shot_status
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


def row_entry(
    row: int,
    scene_id: str,
    status: ShotStatus,
    takes: Sequence[Take] = (),
    error: Mapping[str, Any] | None = None,
) -> Entry:
    """Tell where a row and each of its variants stand now; `error` is of one without takes."""
    variants = [
        {
            "variant": take.variant,
            "take": take.id,
            "status": take.status,
            "sha256": take.asset,
            "model": take.model,
            "cost": str(take.charged),
            "error": take.error,
            "note": take.note,
        }
        for take in takes
    ]
    said = first_error(takes) if takes else error
    body = {"row": row, "scene_id": scene_id, "status": status, "error": said}
    return Entry("row", {**body, "variants": variants})
