"""What the benchmarks share: CPU and memory of processes, a place to run in, a table at the end."""

import argparse
import atexit
import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

Row = dict[str, Any]


def options(description: str) -> argparse.Namespace:
    """Read the options that every benchmark has."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--quick", action="store_true", help="smaller sizes, one repeat")
    return parser.parse_args()


def show(title: str, rows: Sequence[Row], *, as_json: bool) -> None:
    """Print figures, with the machine they were measured on."""
    machine = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python"
    machine += f" {platform.python_version()}, {time.strftime('%Y-%m-%d %H:%M')}"
    if as_json:
        print(json.dumps({"benchmark": title, "machine": machine, "rows": list(rows)}))
        return
    print(f"\n{title}  ({machine})")
    columns = list(dict.fromkeys(name for row in rows for name in row))
    cells = [[_cell(row.get(name, "")) for name in columns] for row in rows]
    widths = [max(len(name), *(len(line[at]) for line in cells)) for at, name in enumerate(columns)]
    for line in [columns, *cells]:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)))


def _cell(value: object) -> str:
    return f"{value:,.3g}" if isinstance(value, float) and abs(value) < 1_000 else _whole(value)


def _whole(value: object) -> str:
    return f"{value:,.0f}" if isinstance(value, float) else str(value)


def cpu_s(process: int) -> float:
    """Read the CPU seconds of a process and of its ended children."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def family_cpu_s(process: int) -> float:
    """Read the CPU seconds of a process and of all its living children."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return cpu_s(process) + sum(family_cpu_s(int(child)) for child in children)


def peak_mb(process: int) -> float:
    """Read the most memory a process had resident, in MB."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    raise ValueError("the kernel does not tell the peak")


def rss_mb(process: int) -> float:
    """Read the memory a process has resident now, in MB."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024**2


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Do something; answers its wall and CPU seconds in this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def median_cpu(work: Callable[[], object], repeats: int) -> float:
    """Do something several times; answers the median of its CPU seconds."""
    return statistics.median(timed(work)[1] for _ in range(repeats))


def folder() -> Path:
    """Make a folder for a benchmark, gone when the program ends.

    Not earlier: for minutes after many files were deleted, an ext4 without a journal is slow to
    create new ones (`recently_deleted` in the kernel's fs/ext4/ialloc.c), which the next
    measurement would pay for.
    """
    name = tempfile.mkdtemp(prefix="callsheet-bench-")
    atexit.register(shutil.rmtree, name)
    return Path(name)
