"""Takes per second through the whole path of a hosted model: ordered, followed, adopted, charged.

The simulated Replicate answers at once. The limit in the same run is the same simulator driven by a
bare httpx2 loop that orders and downloads and keeps nothing. Three programs share the machine's
cores: callsheet, the simulator and the database; their CPU per take is shown side by side.
"""

import asyncio
import time
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import httpx2
from _measuring import Row, family_cpu_s, folder, options, peak_mb, show
from tests.support.hosted import KEY, Simulator, rows_of, simulating, submit_live
from tests.support.processes import Place, Server, serving, stop

from takes import database

PATH = "/v1/models/black-forest-labs/flux-schnell/predictions"
AT_ONCE = 32
PLENTY = "1000000"
WARM = 50


def pace(sim: Simulator) -> dict[str, str]:
    """Lift every limit, so that only the work itself is measured."""
    prefix = "CALLSHEET_PROVIDER_REPLICATE"
    limits = {f"{prefix}_PER_MINUTE": PLENTY, f"{prefix}_READS_PER_MINUTE": PLENTY}
    limits[f"{prefix}_SETTLES_S"] = "60"  # as in real life: an answer may wait for the picture
    return {**sim.settings(), **limits, "CALLSHEET_LOG_LEVEL": "WARNING"}


async def bare(sim: Simulator, count: int) -> float:
    """Order and download with nothing else around it; pictures per second."""
    base = f"http://127.0.0.1:{sim.port}"
    headers = {"Authorization": f"Bearer {KEY}", "Prefer": "wait=10"}
    limit = asyncio.Semaphore(AT_ONCE)
    async with httpx2.AsyncClient(base_url=base, timeout=60, trust_env=False) as http:

        async def one(number: int) -> None:
            async with limit:
                asked = {"prompt": f"bare {number}", "aspect_ratio": "1:1", "megapixels": "0.25"}
                made = (await http.post(PATH, json={"input": asked}, headers=headers)).json()
                output = made["output"]
                url = output[0] if isinstance(output, list) else output
                picture = await http.get(url)
                picture.raise_for_status()

        await asyncio.gather(*(one(number) for number in range(WARM)))
        began = time.perf_counter()
        await asyncio.gather(*(one(number) for number in range(WARM, WARM + count)))
        return count / (time.perf_counter() - began)


def run(server: Server, count: int) -> float:
    """Send a live batch and wait for its end; takes per second from acceptance to delivery.

    The end is the one that the job tells: to look for it often would be work beside it.
    """
    job = submit_live(server.http, rows_of(count))
    began = time.time()
    state = server.wait_for(job, ["succeeded"], timeout_s=600, every_s=0.5)
    return count / (datetime.fromisoformat(state["finishedAt"]).timestamp() - began)


def measure(kind: str, workers: int, count: int, home: Path) -> Row:
    """Measure one set-up."""
    url = database(kind, home)
    with simulating(home, run_s=0) as sim:
        limit = asyncio.run(bare(sim, count))
        place = Place(home, url, pace(sim))
        with serving(place, "web" if workers else "up") as server, ExitStack() as ending:
            others = [place.start("worker") for _ in range(workers)]
            for other in others:
                ending.callback(stop, other)
            processes = [server.process, *others]
            run(server, WARM)
            before = sum(family_cpu_s(each.pid) for each in processes)
            sim_before = family_cpu_s(sim.process.pid)
            speed = run(server, count)
            cpu = sum(family_cpu_s(each.pid) for each in processes) - before
            sim_cpu = family_cpu_s(sim.process.pid) - sim_before
            row: Row = {
                "database": kind,
                "processes": f"web + {workers} workers" if workers else "up",
                "takes": count,
                "takes/s": speed,
                "bare loop/s": limit,
                "of limit": speed / limit,
                "CPU ms/take": cpu / count * 1_000,
                "simulator's": sim_cpu / count * 1_000,
                "peak MB": max(peak_mb(each.pid) for each in processes),
            }
    return row


def main() -> None:
    """Measure every set-up."""
    chosen = options(__doc__ or "")
    count = 100 if chosen.quick else 2_000
    setups = [("sqlite", 0), ("postgresql", 0), ("postgresql", 1), ("postgresql", 2)]
    rows = []
    for kind, workers in setups[:1] if chosen.quick else setups:
        home = folder()
        rows.append(measure(kind, workers, count, home))
    show("takes through a hosted model", rows, as_json=chosen.json)


if __name__ == "__main__":
    main()
