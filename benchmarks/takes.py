"""Takes per second through the whole line with a model that makes nothing, everything durable.

The limit in the same run is one insert and two updates of a row of the same size per take, in
transactions of 100, over the same driver and database: what the durable record alone would cost.
"""

import asyncio
import atexit
import time
from contextlib import ExitStack
from pathlib import Path

import sqlalchemy as sa
from _measuring import Row, family_cpu_s, folder, options, peak_mb, show
from tests.databases import Cluster
from tests.support.processes import Place, Server, serving, stop

from callsheet.database.connections import SqlDatabase

TABLE = sa.Table(
    "limit_rows",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("status", sa.Text),
    sa.Column("inputs", sa.JSON),
)
CHUNK = 100


def database(kind: str, place: Path) -> str:
    """Make a fresh database of a kind; PostgreSQL writes through to the disk, as a real one."""
    if kind == "sqlite":
        return f"sqlite:///{place}/callsheet.db"
    cluster = Cluster.create(fsync=True)
    atexit.register(cluster.release)  # its files go at the end, too
    return cluster.create_database()


async def bare(url: str, count: int) -> float:
    """Write the rows of `count` takes and nothing else; takes per second."""
    store = SqlDatabase(url)
    async with store.begin() as connection:
        await connection.run_sync(TABLE.create)
    started = time.perf_counter()
    for first in range(0, count, CHUNK):
        ids = [{"b_id": first + n} for n in range(CHUNK)]
        rows = [{"id": each["b_id"], "status": "q", "inputs": {"prompt": "x"}} for each in ids]
        async with store.begin() as connection:
            await connection.execute(sa.insert(TABLE), rows)
        for status in ("ordered", "succeeded"):
            update = sa.update(TABLE).where(TABLE.c.id == sa.bindparam("b_id"))
            async with store.begin() as connection:
                await connection.execute(update.values(status=status), ids)
    seconds = time.perf_counter() - started
    await store.close()
    return count / seconds


def run(server: Server, count: int) -> float:
    """Send a batch and wait for its end; takes per second from acceptance to delivery."""
    job = server.submit(count)
    started = time.perf_counter()
    server.wait_for(job, ["succeeded"], timeout_s=600)
    return count / (time.perf_counter() - started)


def measure(kind: str, workers: int, count: int) -> Row:
    """Measure one set-up."""
    home = folder()
    url = database(kind, home)
    limit = asyncio.run(bare(url, count))
    place = Place(home, url, {"CALLSHEET_LOG_LEVEL": "WARNING"})
    with serving(place, "web" if workers else "up") as server, ExitStack() as ending:
        others = [place.start("worker") for _ in range(workers)]
        for other in others:
            ending.callback(stop, other)
        processes = [server.process, *others]
        run(server, CHUNK)  # warm
        before = sum(family_cpu_s(each.pid) for each in processes)
        speed = run(server, count)
        cpu = sum(family_cpu_s(each.pid) for each in processes) - before
        row: Row = {
            "database": kind,
            "processes": f"web + {workers} workers" if workers else "up",
            "takes": count,
            "takes/s": speed,
            "bare rows/s": limit,
            "of limit": speed / limit,
            "CPU ms/take": cpu / count * 1_000,
            "peak MB": max(peak_mb(each.pid) for each in processes),
        }
    return row


def main() -> None:
    """Measure every set-up."""
    chosen = options(__doc__ or "")
    count = 200 if chosen.quick else 5_000
    setups = [("postgresql", 1), ("sqlite", 0), ("postgresql", 0), ("postgresql", 2)]
    chosen_ones = setups[:1] if chosen.quick else setups
    rows = [measure(kind, workers, count) for kind, workers in chosen_ones]
    show("takes through the line (local/dot)", rows, as_json=chosen.json)


if __name__ == "__main__":
    main()
