"""Cold start: CPU to the first 200 and memory then, beside a bare FastAPI application."""

import statistics
import subprocess
import sys
import time
from pathlib import Path

import httpx2
from _measuring import Row, cpu_s, folder, options, rss_mb, show
from tests.databases import unused_port
from tests.support.processes import Place, serving

BARE = """
import sys, uvicorn, fastapi
app = fastapi.FastAPI()
@app.get("/healthz")
async def healthz() -> dict: return {"status": "ok"}
uvicorn.run(app, port=int(sys.argv[1]), log_config=None)
"""


def bare() -> tuple[float, float]:
    """Start the smallest FastAPI application there is."""
    port = unused_port()
    process = subprocess.Popen([sys.executable, "-c", BARE, str(port)])
    try:
        with httpx2.Client(trust_env=False) as http:
            for _ in range(500):
                try:
                    http.get(f"http://127.0.0.1:{port}/healthz").raise_for_status()
                    break
                except httpx2.TransportError:
                    time.sleep(0.02)
        return cpu_s(process.pid), rss_mb(process.pid)
    finally:
        process.kill()
        process.wait()


def ours(home: Path, command: str) -> tuple[float, float]:
    """Start a server of ours on a database that is there."""
    place = Place(home)
    place.run("migrate")
    with serving(place, command) as server:
        server.http.get("/ready").raise_for_status()
        return cpu_s(server.process.pid), rss_mb(server.process.pid)


def main() -> None:
    """Start each several times, in turn."""
    chosen = options(__doc__ or "")
    measured: dict[str, list[tuple[float, float]]] = {"bare FastAPI": [], "web": [], "up": []}
    for _ in range(1 if chosen.quick else 5):
        home = folder()
        measured["bare FastAPI"].append(bare())
        for command in ("web", "up"):
            measured[command].append(ours(home, command))
    limit = statistics.median(cpu for cpu, _ in measured["bare FastAPI"])
    rows: list[Row] = [
        {
            "process": name,
            "CPU s to first 200": statistics.median(cpu for cpu, _ in values),
            "of bare": statistics.median(cpu for cpu, _ in values) / limit,
            "MB": statistics.median(memory for _, memory in values),
        }
        for name, values in measured.items()
    ]
    show("cold start", rows, as_json=chosen.json)


if __name__ == "__main__":
    main()
