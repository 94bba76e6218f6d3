"""From the provider's last stroke to `succeeded`: how late we notice, and how many calls we take.

Takes are made at an easy pace by the simulated Replicate, which is not asked to hold its answer.
The time between its `completed_at` and our `finished_at` holds the noticing, the download, the look
at the picture, the store and the books.
Then webhooks are sent as fast as the server takes them, each signed and about an order that is out;
the limit in the same run is how many empty requests (`/healthz`) the same server answers.
"""

import asyncio
import base64
import json
import secrets
import statistics
import time
from datetime import datetime
from pathlib import Path

import httpx2
from _measuring import Row, cpu_s, folder, options, show
from orders import pace
from tests.databases import unused_port
from tests.support.hosted import Simulator, rows_of, simulating, submit_live
from tests.support.processes import Place, Server, serve, stop

from callsheet.sim.replicate_dialect import signature
from takes import database

SECRET = b"an easy secret to sign a benchmark with"
AT_ONCE = 32
RUN_S = 1.3  # about what its card expects


def server_at(home: Path, url: str, sim: Simulator, *, called: bool) -> Server:
    """Start a server that the provider can call, or cannot."""
    port = unused_port()
    settings = {**pace(sim), "CALLSHEET_PROVIDER_REPLICATE_SETTLES_S": "6"}  # too short to hold
    if called:
        settings["CALLSHEET_PUBLIC_URL"] = f"http://127.0.0.1:{port}"
    return serve(Place(home, url, settings), "up", port)


def lateness(kind: str, called: bool, count: int) -> Row:  # noqa: FBT001  # a table's column
    """Measure how late takes end after the provider was done."""
    home = folder()
    url = database(kind, home)
    with simulating(home, run_s=RUN_S) as sim:
        server = server_at(home, url, sim, called=called)
        late_ms = []
        try:
            for _ in range(count // 4):
                job = submit_live(server.http, rows_of(4))
                for row in server.wait_for(job, ["succeeded"])["rows"]:
                    take = server.http.get(f"/api/generations/{row['variants'][0]['take']}").json()
                    path = f"/v1/predictions/{take['ticket']}"
                    done = sim.http.get(path, headers={"Authorization": "Bearer x"}).json()
                    ended = datetime.fromisoformat(take["finished_at"])
                    completed = datetime.fromisoformat(done["completed_at"])
                    late_ms.append((ended - completed).total_seconds() * 1_000)
        finally:
            stop(server.process)
    return {
        "database": kind,
        "noticed by": "webhook" if called else "looking",
        "takes": len(late_ms),
        "p50 ms": statistics.median(late_ms),
        "p99 ms": statistics.quantiles(late_ms, n=100)[98],
    }


async def flood(port: int, calls: list[tuple[str, bytes, dict[str, str]]]) -> float:
    """Send requests as fast as they are answered; answers a second."""
    limit = asyncio.Semaphore(AT_ONCE)
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:

        async def send(path: str, body: bytes, headers: dict[str, str]) -> None:
            async with limit:
                method = "POST" if body else "GET"
                answer = await http.request(method, path, content=body, headers=headers)
                answer.raise_for_status()

        began = time.perf_counter()
        await asyncio.gather(*(send(*call) for call in calls))
        return len(calls) / (time.perf_counter() - began)


def signed(order: dict[str, str], times: int) -> list[tuple[str, bytes, dict[str, str]]]:
    """Word webhooks about an order, each with an id of its own."""
    body = json.dumps({"id": order["id"], "status": "processing", "output": None}).encode()
    calls = []
    for _ in range(times):
        number, stamp = f"msg_{secrets.token_hex(8)}", str(int(time.time()))
        mark = signature(SECRET, number, stamp, body)
        headers = {"webhook-id": number, "webhook-timestamp": stamp, "webhook-signature": mark}
        calls.append((order["webhook"].partition("/webhooks")[2], body, headers))
    return [(f"/webhooks{path}", body, headers) for path, body, headers in calls]


def intake(kind: str, orders: int, times: int) -> Row:
    """Measure how many webhooks a second are verified and kept."""
    key = f"whsec_{base64.b64encode(SECRET).decode()}"
    home = folder()
    url = database(kind, home)
    with simulating(home, "--webhook-secret", key, run_s=3_600) as sim:
        server = server_at(home, url, sim, called=True)
        try:
            submit_live(server.http, rows_of(orders))
            while len(sim.orders()) < orders:
                time.sleep(0.1)
            calls = [call for order in sim.orders() for call in signed(order, times)]
            limit = asyncio.run(flood(server.port, [("/healthz", b"", {})] * len(calls)))
            before = cpu_s(server.process.pid)
            speed = asyncio.run(flood(server.port, calls))
            cpu = cpu_s(server.process.pid) - before
        finally:
            stop(server.process)
    return {
        "database": kind,
        "webhooks": len(calls),
        "webhooks/s": speed,
        "CPU ms/webhook": cpu / len(calls) * 1_000,
        "empty requests/s": limit,
        "of limit": speed / limit,
    }


def main() -> None:
    """Measure both ways of noticing, on both databases."""
    chosen = options(__doc__ or "")
    kinds = ["sqlite"] if chosen.quick else ["sqlite", "postgresql"]
    count, orders, times = (8, 5, 20) if chosen.quick else (200, 50, 60)
    late = [lateness(kind, called, count) for kind in kinds for called in (True, False)]
    show("from the provider's end to ours", late, as_json=chosen.json)
    show("webhooks taken in", [intake(kind, orders, times) for kind in kinds], as_json=chosen.json)


if __name__ == "__main__":
    main()
