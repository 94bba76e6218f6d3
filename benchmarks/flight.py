"""Twenty thousand takes in flight at once: what it costs to wait for them.

Every take is ordered from the simulated Replicate and runs for longer than the measurement lasts.
Nobody waits for a provider in callsheet: a take in flight is a row with a time at which to look at
it. Measured are the memory and the CPU of the whole process, and what it asks the database for, in
the half minute after the last order has gone out.
"""

import asyncio
import gc
import os
import time

from _measuring import Row, family_cpu_s, folder, options, rss_mb, show
from statements import Count
from tests.support.hosted import KEY, Simulator, simulating

from callsheet.cli.session import opened
from callsheet.intake.limits import Limits
from callsheet.intake.model import Defaults
from callsheet.intake.rows import draft_from_items
from callsheet.kernel.ids import LOCAL_WORKSPACE
from callsheet.settings import read_settings
from callsheet.wiring import Callsheet
from takes import database

MODEL = "replicate/kling-v2-6"  # clips take minutes: looks are rare
LATENCY_S = 3_600.0


async def order_all(cs: Callsheet, count: int) -> float:
    """Send one batch and wait until all of it is out; orders per second."""
    items = [{"prompt": f"clip {n}", "model": MODEL, "size": "1280x720"} for n in range(count)]
    limits = Limits(max_rows=count, max_variants=1)
    draft = draft_from_items(
        items, count=len(items), defaults=Defaults(run_mode="live"), limits=limits
    )
    began = time.perf_counter()
    accepted = await cs.submission.submit(LOCAL_WORKSPACE, draft)
    while True:
        async with cs.database.read() as connection:
            takes = await cs.line.books.takes.count_open(connection)
            job = await cs.line.jobs.store.of_any_workspace(connection, accepted.job)
        if takes.get("running", 0) == count:
            speed = count / (time.perf_counter() - began)
            break
        await cs.notifier.wait(job.id, job.work.sequence, 0.5)
    while (
        job.work.ledger_version < job.work.sequence
    ):  # the last of the work, and not a part of waiting
        await asyncio.sleep(1)
        async with cs.database.read() as connection:
            job = await cs.line.jobs.store.of_any_workspace(connection, job.id)
    return speed


def own_cpu_s(sim: Simulator) -> float:
    """Read the CPU seconds of this process and its children, without the simulator's."""
    return family_cpu_s(os.getpid()) - family_cpu_s(sim.process.pid)


async def measure(kind: str, called: bool, count: int, watch_s: float) -> Row:  # noqa: FBT001  # a table's column
    """Measure one kind of database; `called` is whether the provider promises webhooks."""
    home = folder()
    url = database(kind, home)
    with simulating(home, run_s=LATENCY_S) as sim:
        plenty = {"per_minute": 10_000_000, "reads_per_minute": 2_500}
        address = {"base_url": f"http://127.0.0.1:{sim.port}", "key": KEY}
        provider = {"replicate": {**address, **plenty}}
        ours = "https://callsheet.invalid" if called else ""
        settings = read_settings(
            data_dir=home, database_url=url, provider=provider, public_url=ours
        )
        async with opened(settings) as cs, cs.working():
            before_mb = rss_mb(os.getpid())
            speed = await order_all(cs, count)
            gc.collect()
            asked = Count()
            asked.watch(cs.database.engine.sync_engine)
            asked.watch(cs.engine.engine)
            cpu, began = own_cpu_s(sim), time.perf_counter()
            await asyncio.sleep(watch_s)
            seconds = time.perf_counter() - began
            row: Row = {
                "database": kind,
                "webhooks": "yes" if called else "no",
                "in flight": count,
                "ordered/s": speed,
                "MB": rss_mb(os.getpid()),
                "MB before": before_mb,
                "idle CPU %": (own_cpu_s(sim) - cpu) / seconds * 100,
                "statements/s": asked.statements / seconds,
                "commits/s": asked.commits / seconds,
            }
    return row


def main() -> None:
    """Measure both databases."""
    chosen = options(__doc__ or "")
    count, watch_s = (200, 2.0) if chosen.quick else (20_000, 30.0)
    setups = [("sqlite", True), ("sqlite", False), ("postgresql", True), ("postgresql", False)]
    rows = [
        asyncio.run(measure(kind, called, count, watch_s))
        for kind, called in (setups[:1] if chosen.quick else setups)
    ]
    show("takes in flight", rows, as_json=chosen.json)


if __name__ == "__main__":
    main()
