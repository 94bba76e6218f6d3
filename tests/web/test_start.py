"""A web server starts light: what it loads, what it costs until its first answer."""

import os
from pathlib import Path

import pytest

from tests.support.processes import Place, serving

HEAVY = ("av", "openpyxl", "alembic", "c2pa", "mcp", "numpy", "google", "pandas", "PIL", "wsproto")
MOST_CPU_S = 1.5
MOST_RSS = 150 * 1024 * 1024


def cpu_s(process: int) -> float:
    """Read how much CPU a process has used, its ended children left out."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss(process: int) -> int:
    """Read how much memory a process has resident, in bytes."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize("command", ["web", "up"])
def test_start_is_light(command: str, tmp_path: Path) -> None:
    """On a database that is there: under 1.5 s of CPU to the first 200, under 150 MB."""
    place = Place(tmp_path)
    assert place.run("migrate").returncode == 0
    with serving(place, command) as server:
        assert server.http.get("/ready").status_code == 200
        assert cpu_s(server.process.pid) < MOST_CPU_S
        assert rss(server.process.pid) < MOST_RSS


def test_heavy_libraries_stay_out(tmp_path: Path) -> None:
    """None of the heavy libraries is loaded in a web process that has answered."""
    place = Place(tmp_path, settings={"PYTHONPROFILEIMPORTTIME": "1"})
    place.run("migrate")
    with serving(place, "web") as server:
        assert server.http.get("/api/models").status_code == 200
    loaded = {
        line.rsplit("|", 1)[1].strip().split(".")[0]
        for line in place.log("web").splitlines()
        if line.startswith("import time:")
    }
    assert "fastapi" in loaded
    assert not loaded & set(HEAVY)
