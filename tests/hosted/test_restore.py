"""The database is lost while orders are out: with what the store knows nothing is paid twice."""

import json
import time
from functools import partial
from pathlib import Path
from typing import Any

from tests.support.hosted import IMAGE, check_money, rows_of, simulating, submit_live
from tests.support.processes import Place, serving, until
from tests.support.stores import content, in_store, keys
from tests.support.truth import check_results

from callsheet.delivery.ledger import state_key
from callsheet.delivery.recovery import folder_of, snapshot_key
from callsheet.ports.blobs import BlobStore

ROWS = 4


def tickets_in_ledger(place: Place, job: str) -> list[str]:
    """Read the providers' ids that the ledger object names."""
    ledger = content(place, state_key(job))
    rows = json.loads(ledger)["rows"] if ledger else []
    return [each["ticket"] for row in rows for each in row["variants"] if each["ticket"]]


def test_lost_database_orders_nothing_again(tmp_path: Path) -> None:
    """Orders that are out are followed by the tickets of the ledger object, and paid once."""
    with simulating(tmp_path, run_s=6) as sim:
        place = Place(tmp_path, f"sqlite:///{tmp_path}/lost.db", sim.settings())
        with serving(place) as server:
            job = submit_live(server.http, rows_of(ROWS))
            until(lambda: len(tickets_in_ledger(place, job)) == ROWS)
            server.kill()
        for file in tmp_path.glob("lost.db*"):
            file.unlink()
        found = Place(tmp_path, f"sqlite:///{tmp_path}/found.db", place.settings)
        done = found.run("restore", "--json")
        assert done.returncode == 0, done.stderr
        with serving(found) as server:
            assert server.state(job)["cost"]["held"] == "0.012000"
            assert server.http.post(f"/batch/{job}/resume").status_code == 200
            check_results(server.wait_for(job, ["succeeded"]), ROWS)
        check_money(found, sim, ROWS)


def test_order_in_the_last_seconds_is_found_in_the_list(tmp_path: Path) -> None:
    """What the ledger object has not seen yet is in doubt, and found by what was sent."""
    with simulating(tmp_path, run_s=3) as sim:
        place = Place(tmp_path, f"sqlite:///{tmp_path}/lost.db", sim.settings())
        with serving(place) as server:
            job = submit_live(server.http, rows_of(ROWS))
            end = time.monotonic() + 30
            while b'"take"' not in (early := content(place, state_key(job))):
                assert time.monotonic() < end
                time.sleep(0.02)
            until(lambda: len(sim.orders()) == ROWS)
            server.kill()
        # as if what was written last had not come any more
        in_store(place, lambda store: store.put(state_key(job), early, "application/json"))
        known = snapshot_key(job, json.loads(early)["version"])
        for key in keys(place, f"{folder_of(job)}/"):
            if key > known:
                in_store(place, partial(_deleted, key))
        for file in tmp_path.glob("lost.db*"):
            file.unlink()
        found = Place(tmp_path, f"sqlite:///{tmp_path}/found.db", place.settings)
        assert found.run("restore", "--json").returncode == 0
        with serving(found) as server:
            assert server.http.post(f"/batch/{job}/resume").status_code == 200
            check_results(server.wait_for(job, ["succeeded"], timeout_s=60), ROWS)
        check_money(found, sim, ROWS)


async def _deleted(key: str, store: BlobStore) -> None:
    await store.delete(key)


def lose(place: Place) -> None:
    """Delete the database, and bring back what the store knows."""
    for file in place.folder.glob("lost.db*"):
        file.unlink()
    done = place.run("restore", "--json")
    assert done.returncode == 0, done.stderr
    assert [each["problem"] for each in json.loads(done.stdout)] == [""]


def test_single_generation_is_known_to_the_store_before_it_is_ordered(tmp_path: Path) -> None:
    """Killed with its order at the provider, and the database lost: the same wish buys nothing."""
    wish: dict[str, Any] = {
        "model": IMAGE,
        "inputs": {"prompt": "one [[sim: slow=60]]", "width": 256, "height": 256},
        "run_mode": "live",
    }
    key = {"Idempotency-Key": "only-once"}
    with simulating(tmp_path) as sim:
        place = Place(tmp_path, f"sqlite:///{tmp_path}/lost.db", sim.settings())
        with serving(place) as server:
            first = server.http.post("/api/generations", json=wish, headers=key)
            assert first.status_code == 202, first.text
            until(sim.orders)
            server.kill()
        lose(place)
        with serving(place) as server:
            again = server.http.post("/api/generations", json=wish, headers=key)
            assert again.status_code in (200, 202), again.text
            assert again.json()["id"] == first.json()["id"]
            link = f"/api/generations/{again.json()['id']}"
            until(lambda: server.http.get(link).json()["status"] == "succeeded")
            other = {**wish, "inputs": {**wish["inputs"], "prompt": "two"}}
            refused = server.http.post("/api/generations", json=other, headers=key)
            assert refused.json()["code"] == "idempotency_mismatch"
        check_money(place, sim, 1)


def without_links(answer: dict[str, Any]) -> dict[str, Any]:
    """Leave out where this very server is reached."""
    return {name: value for name, value in answer.items() if not name.endswith("Url")}


def test_batch_that_is_restored_answers_its_key(tmp_path: Path) -> None:
    """The same POST with the same key is answered as it was before, and buys nothing."""
    body = {"items": rows_of(2), "runMode": "live"}
    key = {"Idempotency-Key": "launch"}
    with simulating(tmp_path) as sim:
        place = Place(tmp_path, f"sqlite:///{tmp_path}/lost.db", sim.settings())
        with serving(place) as server:
            first = server.http.post("/batch/images", json=body, headers=key).json()
            version = server.wait_for(first["batchId"], ["succeeded"])["version"]
            kept = state_key(first["batchId"])
            until(lambda: f'"version":{version}'.encode() in content(place, kept))
        lose(place)
        with serving(place) as server:
            again = server.http.post("/batch/images", json=body, headers=key).json()
            assert without_links(again) == without_links(first)
        check_money(place, sim, 2)
