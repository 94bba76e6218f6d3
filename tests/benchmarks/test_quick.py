"""Every benchmark still runs, at its smallest size."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"
NAMES = sorted(file.stem for file in FOLDER.glob("*.py") if not file.stem.startswith("_"))


@pytest.mark.parametrize("name", NAMES)
def test_benchmark_runs(name: str) -> None:
    """It ends well and prints figures that are numbers."""
    done = subprocess.run(
        [sys.executable, FOLDER / f"{name}.py", "--quick", "--json"],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    for line in done.stdout.splitlines():
        told = json.loads(line)
        assert told["rows"]
        assert all(
            value > 0
            for row in told["rows"]
            for name, value in row.items()
            if isinstance(value, float)
        )
