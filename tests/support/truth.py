"""What must be true of any job whatever happened to it, read straight from the database."""

from collections import Counter, defaultdict
from typing import Any

import sqlalchemy as sa

from callsheet.database.connections import parse_url, sync_engine
from callsheet.jobs.tables import JOBS, JOURNAL
from callsheet.quality.verdicts import VERDICTS
from callsheet.takes.tables import TAKES


def check_books(database_url: str, job: str) -> dict[str, Any]:
    """Check that journal, counters and takes of a finished job agree; answers its row."""
    engine = sync_engine(parse_url(database_url))
    with engine.connect() as connection:
        row = dict(connection.execute(sa.select(JOBS).where(JOBS.c.id == job)).mappings().one())
        takes = connection.execute(sa.select(TAKES).where(TAKES.c.job == job)).mappings().all()
        journal = connection.execute(
            sa.select(JOURNAL).where(JOURNAL.c.job == job).order_by(JOURNAL.c.sequence)
        )
        entries = journal.mappings().all()
        made_again = sa.select(VERDICTS.c.take).where(VERDICTS.c.retake.is_not(None))
        replaced = set(connection.execute(made_again).scalars())
    engine.dispose()
    assert [entry["sequence"] for entry in entries] == list(range(1, row["sequence"] + 1))
    attempts: dict[tuple[int, int], list[Any]] = defaultdict(list)
    for take in takes:
        attempts[take["row"], take["variant"]].append(take)
    newest = [max(tries, key=lambda take: int(take["attempt"])) for tries in attempts.values()]
    counted = Counter(str(take["status"]) for take in newest)
    assert counted["succeeded"] == row["succeeded"]
    assert counted["failed"] == row["failed"]
    assert counted["cancelled"] == row["cancelled"]
    assert row["queued"] == row["running"] == row["in_doubt"] == 0
    for tries in attempts.values():
        made = [take for take in tries if take["status"] == "succeeded"]
        assert sum(take["id"] not in replaced for take in made) <= 1
    assert row["charged"] == sum(take["charged"] for take in takes)
    _check_journal_tells_each_success_once(entries)
    return row


def _check_journal_tells_each_success_once(entries: Any) -> None:
    """Check that a take that succeeded became so once and stayed so."""
    last: dict[str, str] = {}
    became: Counter[str] = Counter()
    for entry in entries:
        if entry["kind"] != "row":
            continue
        for variant in entry["body"]["variants"]:
            before = last.get(variant["take"])
            if variant["status"] == "succeeded" and before != "succeeded":
                became[variant["take"]] += 1
            last[variant["take"]] = variant["status"]
    assert all(times == 1 for times in became.values())


def check_results(state: dict[str, Any], rows: int, variants: int = 1) -> None:
    """Check that every picture of a job is there, once."""
    errors = [row["error"] for row in state["rows"] if row["error"]]
    assert state["status"] == "succeeded", (state["status"], state["problem"], errors[:5])
    assert len(state["rows"]) == rows
    takes = [variant for row in state["rows"] for variant in row["variants"]]
    assert len(takes) == rows * variants
    assert all(take["status"] == "succeeded" and take["sha256"] for take in takes)
    assert len({take["take"] for take in takes}) == len(takes)
