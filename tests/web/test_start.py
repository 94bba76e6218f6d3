"""A web server starts light: what it loads, what it costs until its first answer."""

import os
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest

from tests.databases import unused_port
from tests.support.plain import NO_TLS
from tests.support.processes import Place, serving

BARE = """
import sys, uvicorn, fastapi
app = fastapi.FastAPI()
@app.get("/healthz")
async def healthz() -> dict: return {"status": "ok"}
uvicorn.run(app, port=int(sys.argv[1]), log_config=None)
"""

HEAVY = ("av", "openpyxl", "alembic", "c2pa", "mcp", "numpy", "google", "pandas", "PIL", "wsproto")
MOST_TIMES_BARE = 6  # the CPU of a bare FastAPI application; 3.5 as measured
MOST_RSS = 150 * 1024 * 1024


def cpu_s(process: int) -> float:
    """Read how much CPU a process has used, its ended children left out."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss(process: int) -> int:
    """Read how much memory a process has resident, in bytes."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@pytest.fixture(scope="module")
def bare_cpu_s(tmp_path_factory: pytest.TempPathFactory) -> float:
    """Start the smallest FastAPI application there is; CPU seconds to its first 200."""
    program = tmp_path_factory.mktemp("bare") / "bare.py"
    program.write_text(BARE)
    port = unused_port()
    process = subprocess.Popen([sys.executable, str(program), str(port)])
    try:
        with httpx2.Client(trust_env=False, verify=NO_TLS) as http:
            for _ in range(1_000):
                try:
                    http.get(f"http://127.0.0.1:{port}/healthz").raise_for_status()
                    return cpu_s(process.pid)
                except httpx2.TransportError:
                    time.sleep(0.02)
        raise AssertionError("it does not answer")
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("command", ["web", "up"])
def test_start_is_light(command: str, tmp_path: Path, bare_cpu_s: float) -> None:
    """To the first 200, on a database that is there: six bare FastAPIs of CPU, 150 MB."""
    place = Place(tmp_path, cold=True)
    assert place.run("migrate").returncode == 0
    with serving(place, command) as server:
        assert server.http.get("/ready").status_code == 200
        assert cpu_s(server.process.pid) < MOST_TIMES_BARE * bare_cpu_s
        assert rss(server.process.pid) < MOST_RSS


def test_heavy_libraries_stay_out(tmp_path: Path) -> None:
    """None of the heavy libraries is loaded in a web process that has answered."""
    place = Place(tmp_path, settings={"PYTHONPROFILEIMPORTTIME": "1"}, cold=True)
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
