"""Gates over HTTP and on the command line: a batch waits, and goes on when a person agrees."""

import time
from pathlib import Path
from typing import Any

from tests.support.processes import Place, Server, serving


def waiting(server: Server, job: str, gate: str) -> dict[str, Any]:
    """Wait until a job waits at a gate."""
    until = time.monotonic() + 60
    while True:
        state = server.state(job, rows=0)
        if (state["problem"] or {}).get("gate") == gate:
            return state
        assert time.monotonic() < until, state
        time.sleep(0.05)


def test_a_batch_waits_at_its_gates(tmp_path: Path, sqlite_url: str) -> None:
    """At one it is approved over HTTP, at the other on the command line; then it is done."""
    with serving(Place(tmp_path, sqlite_url)) as server:
        items = [{"prompt": "a red mug", "model": "local/dot", "size": "256x256"}]
        gates = {"budget": "person", "review": "person"}
        job = server.http.post("/batch/images", json={"items": items, "gates": gates}).json()[
            "batchId"
        ]
        state = waiting(server, job, "budget")
        assert (state["status"], state["stage"]) == ("waiting", "quote")

        early = server.http.post(f"/api/jobs/{job}/gates/review", json={"decision": "approve"})
        assert (early.status_code, early.json()["code"]) == (409, "not_at_gate")
        odd = server.http.post(f"/api/jobs/{job}/gates/budget", json={"decision": "perhaps"})
        assert odd.status_code == 422
        agreed = server.http.post(f"/api/jobs/{job}/gates/budget", json={"decision": "approve"})
        assert agreed.status_code == 200, agreed.text

        assert waiting(server, job, "review")["counts"]["succeeded"] == 1
        done = server.place.run("jobs", "approve", job, "--gate", "review", "--comment", "fine")
        assert done.returncode == 0, done.stderr
        assert server.wait_for(job, ["succeeded"])["stage"] == "done"


def test_a_rejected_batch_is_cancelled(tmp_path: Path, sqlite_url: str) -> None:
    """Rejected at the gate of its budget it ends with nothing made."""
    with serving(Place(tmp_path, sqlite_url)) as server:
        items = [{"prompt": "a red mug", "model": "local/dot", "size": "256x256"}]
        body = {"items": items, "gates": {"budget": "person"}}
        job = server.http.post("/batch/images", json=body).json()["batchId"]
        waiting(server, job, "budget")
        said = server.place.run("jobs", "reject", job, "--gate", "budget")
        assert said.returncode == 0, said.stderr
        state = server.wait_for(job, ["cancelled"])
        assert state["counts"]["succeeded"] == 0
