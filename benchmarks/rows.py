"""What a row costs at 10,000 and at 100,000 rows, in CPU and in memory: linear, or not.

In one run, so that the ratio holds on a machine of any speed: by `callsheet run` of a sheet, and
over HTTP with a watcher that reads every event to the end.
"""

import csv
import os
import subprocess
import sys
import threading
from pathlib import Path

from _measuring import Row, family_cpu_s, folder, options, peak_mb, show
from tests.support.processes import Place, Server, serving
from tests.support.streams import read_events

from takes import database, run

QUIET = {"CALLSHEET_LOG_LEVEL": "WARNING"}


def sheet(place: Path, count: int) -> Path:
    """Write a sheet of so many rows."""
    path = place / "sheet.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["scene_id", "prompt", "model", "note"])
        rows.writerows(
            [f"S-{row}", f"frame {row}: a lighthouse at dusk", "local/dot", f"ours {row}"]
            for row in range(count)
        )
    return path


def by_command(count: int) -> Row:
    """Make a sheet from its reading to its files in a folder; all of one process."""
    home = folder()
    command = [sys.executable, "-c", "from callsheet.main import main; main()", "run"]
    with (home / "said").open("wb") as said:
        process = subprocess.Popen(
            [*command, str(sheet(home, count)), "--out", str(home / "out")],
            env=Place(home, settings=QUIET).environment(),
            stdout=said,
            stderr=said,
        )
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, (home / "said").read_text()[-2_000:]
    lines = len((home / "said").read_text().splitlines())
    cpu = used.ru_utime + used.ru_stime
    figures = {"CPU ms/row": cpu / count * 1_000, "peak MB": used.ru_maxrss / 1_024}
    return {"way": "run, SQLite", "rows": count, **figures, "lines told": lines}


def watched(server: Server, job: str, seen: list[int]) -> None:
    """Read every event of a job, coming back wherever the stream was let go."""
    while True:
        for event in read_events(server.http, job, seen[-1] if seen else 0):
            if event.name == "done":
                return
            seen[:] = [event.id]


def over_http(kind: str, count: int) -> Row:
    """Send a batch to a server and watch it to its end."""
    home = folder()
    with serving(Place(home, database(kind, home), QUIET)) as server:
        run(server, 100)  # warm
        before = family_cpu_s(server.process.pid)
        job = server.submit(count)
        watcher = threading.Thread(target=watched, args=(server, job, []))
        watcher.start()
        server.wait_for(job, ["succeeded"], timeout_s=3_600, every_s=2)
        watcher.join()
        cpu = family_cpu_s(server.process.pid) - before
        figures = {"CPU ms/row": cpu / count * 1_000, "peak MB": peak_mb(server.process.pid)}
    return {"way": f"up and a watcher, {kind}", "rows": count, **figures}


def main() -> None:
    """Measure two sizes each way, a power of ten apart."""
    chosen = options(__doc__ or "")
    small, large = (10, 100) if chosen.quick else (10_000, 100_000)
    kinds = ["sqlite"] if chosen.quick else ["sqlite", "postgresql"]
    ways = [by_command, *(lambda count, kind=kind: over_http(kind, count) for kind in kinds)]
    rows: list[Row] = []
    for way in ways:
        pair = [way(small), way(large)]
        for name in ("CPU ms/row", "peak MB"):
            pair[1][f"{name} of the smaller"] = pair[1][name] / pair[0][name]
        rows += pair
    show("cost per row (local/dot)", rows, as_json=chosen.json)


if __name__ == "__main__":
    main()
