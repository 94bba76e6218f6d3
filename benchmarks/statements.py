"""SQL per take: statements, commits and time in the database, ours and the durable engine's.

One process does everything, as `callsheet up` without its web server; each database connection of
ours and of the engine's counts what it runs.
"""

import asyncio
import cProfile
import pstats
import sys
import time
from dataclasses import dataclass
from typing import Any

from _measuring import Row, folder, options, show
from sqlalchemy import Engine, event
from tests.support.hosted import IMAGE, KEY, simulating

from callsheet.intake.limits import Limits
from callsheet.intake.model import Defaults
from callsheet.intake.rows import draft_from_items
from callsheet.kernel.ids import LOCAL_WORKSPACE
from callsheet.settings import read_settings
from callsheet.wiring import Callsheet, build
from takes import database


@dataclass
class Count:
    """What went over one set of connections."""

    statements: int = 0
    rows: int = 0
    commits: int = 0
    seconds: float = 0.0

    def watch(self, engine: Engine) -> None:
        """Count what this engine's connections do."""

        @event.listens_for(engine, "before_cursor_execute")
        def before(
            _c: Any,
            _k: Any,
            _s: str,
            parameters: Any,
            context: Any,
            many: bool,  # noqa: FBT001  # SQLAlchemy's signature
        ) -> None:
            self.statements += 1
            self.rows += len(parameters) if many else 1
            context.began = time.perf_counter()

        @event.listens_for(engine, "after_cursor_execute")
        def after(_c: Any, _k: Any, _s: str, _p: Any, context: Any, _m: bool) -> None:  # noqa: FBT001  # see above
            now = time.perf_counter()
            self.seconds += now - getattr(context, "began", now)  # it began before we watched

        @event.listens_for(engine, "commit")
        def commit(_connection: Any) -> None:
            self.commits += 1


async def run(cs: Callsheet, count: int, model: str) -> None:
    """Take one batch through the line, and through a provider if its model is hosted."""
    items = [{"prompt": f"frame {n}", "model": model, "size": "256x256"} for n in range(count)]
    limits = Limits(max_rows=count, max_variants=3)
    defaults = Defaults(run_mode="live")
    draft = draft_from_items(items, count=len(items), defaults=defaults, limits=limits)
    accepted = await cs.submission.submit(LOCAL_WORKSPACE, draft)
    while True:
        async with cs.database.read() as connection:
            job = await cs.line.jobs.store.of_any_workspace(connection, accepted.job)
        if job.ended:
            return
        await cs.notifier.wait(job.id, job.work.sequence, 1.0)


async def measure(kind: str, model: str, count: int) -> Row:
    """Count one batch on one kind of database."""
    home = folder()
    url = database(kind, home)
    with simulating(home, run_s=0) as sim:
        address = f"http://127.0.0.1:{sim.port}"
        limits = {"per_minute": 1_000_000, "reads_per_minute": 1_000_000}
        provider = {"replicate": {"base_url": address, "key": KEY, **limits}}
        told = {"data_dir": home, "database_url": url, "provider": provider}
        cs = await build(read_settings(**told, qa_technical="off"))  # what is measured is the line
        try:
            await cs.ready()
            ours, engines = Count(), Count()
            async with cs.working():
                await run(cs, min(50, count), model)  # warm
                ours.watch(cs.database.engine.sync_engine)
                engines.watch(cs.engine.engine)
                profile = cProfile.Profile(time.thread_time)
                profile.enable()
                await run(cs, count, model)
                profile.disable()
        finally:
            await cs.close()
    return {
        "database": kind,
        "model": model,
        "takes": count,
        "statements/take": (ours.statements + engines.statements) / count,
        "of them the engine's": engines.statements / count,
        "rows/take": (ours.rows + engines.rows) / count,
        "commits/take": (ours.commits + engines.commits) / count,
        "engine's share of SQL time": engines.seconds / (ours.seconds + engines.seconds),
        **_share(profile),
    }


def _share(profile: cProfile.Profile) -> Row:
    """Say how much of this thread's time SQLAlchemy takes.

    From Python 3.12 on a profile mixes all threads, each with a clock of its own: none is told.
    """
    if sys.version_info >= (3, 12):
        return {}
    return {
        "SQLAlchemy's share of the loop": _tottime(profile, "sqlalchemy") / _tottime(profile, "")
    }


def _tottime(profile: cProfile.Profile, where: str) -> float:
    """Sum the time spent in functions of files whose path has `where` in it."""
    stats: Any = pstats.Stats(profile)
    return float(sum(each[2] for place, each in stats.stats.items() if where in place[0])) or 1e-9


def main() -> None:
    """Count on both databases."""
    chosen = options(__doc__ or "")
    small, large = (20, 40) if chosen.quick else (1_000, 3_000)
    rows = [
        asyncio.run(measure(kind, model, count))
        for model, count in (("local/dot", large), (IMAGE, small))
        for kind in (("sqlite",) if chosen.quick else ("sqlite", "postgresql"))
    ]
    show("SQL per take", rows, as_json=chosen.json)


if __name__ == "__main__":
    main()
