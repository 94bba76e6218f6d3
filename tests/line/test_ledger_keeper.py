"""Who writes a ledger object, when several want it written."""

import asyncio
from pathlib import Path

from callsheet.intake.limits import Limits
from callsheet.intake.model import Defaults
from callsheet.intake.rows import draft_from_items
from callsheet.kernel.ids import LOCAL_WORKSPACE
from callsheet.settings import read_settings
from callsheet.wiring import build


async def test_one_process_writes_a_ledger_once_at_a_time(tmp_path: Path) -> None:
    """Nobody is refused because of a write beside it, and what is known is not written again."""
    cs = await build(read_settings(data_dir=tmp_path))
    try:
        await cs.ready()
        items = [{"prompt": f"dot {n}", "model": "local/dot"} for n in range(300)]
        draft = draft_from_items(
            items,
            count=len(items),
            defaults=Defaults(run_mode="live"),
            limits=Limits(max_rows=300, max_variants=1),
        )
        job = (await cs.submission.submit(LOCAL_WORKSPACE, draft)).job
        keeper = cs.ledger_keeper()

        await asyncio.gather(
            keeper.write_one(job),
            *(keeper.write_through(job) for _ in range(4)),
            *(keeper.write_one(job) for _ in range(2)),
        )

        async with cs.database.read() as connection:
            known = await cs.line.jobs.store.of_any_workspace(connection, job)
        assert known.work.ledger_version == known.work.sequence
        assert (await cs.ledger.read(job))["version"] == known.work.sequence
        name, labels = "callsheet_ledger_writes_total", {"result": "written"}
        assert cs.metrics.registry.get_sample_value(name, labels) == 3  # by those who insist
    finally:
        await cs.close()
