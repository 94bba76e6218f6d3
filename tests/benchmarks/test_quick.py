"""Every benchmark still runs, at its smallest size."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"
TIMEOUT_S = 500  # on a machine that has much else to do
NAMES = sorted(file.stem for file in FOLDER.glob("*.py") if not file.stem.startswith("_"))

pytestmark = pytest.mark.timeout(TIMEOUT_S)


@pytest.mark.parametrize("name", NAMES)
def test_benchmark_runs(name: str) -> None:
    """It ends well and prints figures that are numbers."""
    done = subprocess.run(
        [sys.executable, FOLDER / f"{name}.py", "--quick", "--json"],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
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
