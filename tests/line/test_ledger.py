"""The ledger object: versions, backups, damage found and survived, jobs brought back from it."""

import json
import subprocess
import time
from pathlib import Path
from typing import Any, TypeVar

import pytest

from callsheet.delivery.ledger import state_key, version_key
from callsheet.delivery.recovery import folder_of
from callsheet.delivery.segments import is_sound
from callsheet.ports.blobs import BlobStore
from tests.support.processes import ONE_AT_A_TIME, Place, Server, serving
from tests.support.stores import content, in_store, keys
from tests.support.truth import check_results

pytestmark = pytest.mark.on_either_database

T = TypeVar("T")


def finished(server: Server, rows: int = 6) -> str:
    """Finish one batch; answers its id once its ledger has its last version."""
    job = server.submit(rows, "local/storyboard", size="256x256")
    version = server.wait_for(job, ["succeeded"])["version"]
    until = time.monotonic() + 20
    while f'"version":{version}'.encode() not in content(server.place, state_key(job)):
        assert time.monotonic() < until, "the last version was not written"
        time.sleep(0.1)
    return job


def restore(place: Place) -> list[dict[str, Any]]:
    """Restore into the place's database."""
    done = place.run("restore", "--json")
    assert done.returncode in (0, 1), done.stderr
    told: list[dict[str, Any]] = json.loads(done.stdout)
    return told


def lose_database(place: Place) -> None:
    """Delete the embedded database."""
    for file in (place.folder / "data").glob("callsheet.db*"):
        file.unlink()


def test_state_object_is_sealed_and_versioned(tmp_path: Path) -> None:
    """State, version and backup of the end are equal, sound, and say what the API says."""
    place = Place(tmp_path)
    with serving(place) as server:
        job = finished(server)
        told = server.state(job)
    state = json.loads(content(place, state_key(job)))
    assert is_sound(state)
    assert state["version"] == told["version"]
    assert state["counts"] == told["counts"]
    versions = keys(place, f"jobs/{job}/versions/")
    assert versions[-1] == version_key(job, told["version"])
    assert content(place, versions[-1]) == content(place, state_key(job))
    assert [key for key in keys(place, "backups/") if key.endswith(f"/{job}.json")]


def test_lost_database_is_restored(tmp_path: Path) -> None:
    """Jobs come back from the store alone, whole; a second time is harmless."""
    place = Place(tmp_path)
    with serving(place) as server:
        job = finished(server)
        before = server.state(job)
    lose_database(place)
    told = restore(place)
    assert [each["job"] for each in told] == [job]
    assert not told[0]["problem"]
    assert restore(place)[0]["problem"] == "it is in the database already"
    with serving(place) as server:
        after = server.state(job)
        check_results(after, 6)
        for name in ("name", "status", "counts", "cost", "references", "createdAt"):
            assert after[name] == before[name], name
        pictures = [row["variants"][0]["sha256"] for row in after["rows"]]
        assert pictures == [row["variants"][0]["sha256"] for row in before["rows"]]
        link = after["rows"][0]["variants"][0]["url"]
        assert server.http.get(link).headers["content-type"] == "image/png"


def test_jobs_are_restored_into_another_database(tmp_path: Path, postgres_url: str) -> None:
    """What an embedded database had comes back in an empty PostgreSQL."""
    place = Place(tmp_path)
    with serving(place) as server:
        job = finished(server)
    moved = Place(tmp_path, postgres_url)
    assert not restore(moved)[0]["problem"]
    with serving(moved) as server:
        check_results(server.state(job), 6)


def test_unfinished_job_is_restored_resting(tmp_path: Path, database_url: str) -> None:
    """A job that was at work comes back paused, keeps what it had, and ends when it is resumed."""
    place = Place(tmp_path, settings=ONE_AT_A_TIME)
    with serving(place) as server:
        job = server.submit(150, "local/storyboard", size="512x512")
        until = time.monotonic() + 40
        while not _pictures_in_ledger(place, job):
            assert time.monotonic() < until
            time.sleep(0.1)
        server.kill()
    lose_database(place)
    moved = Place(tmp_path, database_url)
    assert not restore(moved)[0]["problem"]
    with serving(moved) as server:
        state = server.state(job, rows=0)
        assert state["status"] == "waiting"
        assert "callsheet jobs resume" in state["problem"]["message"]
        kept = state["counts"]["succeeded"]
        assert kept > 0
        assert server.http.post(f"/batch/{job}/resume").status_code == 200
        check_results(server.wait_for(job, ["succeeded"]), 150)


def _pictures_in_ledger(place: Place, job: str) -> int:
    written = content(place, state_key(job))
    return int(json.loads(written)["counts"]["succeeded"]) if written else 0


def damage(place: Place, key: str, how: str) -> None:
    """Damage an object."""
    whole = bytearray(content(place, key))
    whole[len(whole) * 3 // 4] ^= 1
    bad = {
        "cut": bytes(whole[: len(whole) // 2]),
        "empty": b"",
        "flipped": bytes(whole),
        "garbage": bytes(range(256)) * 4,
    }[how]

    async def go(store: BlobStore) -> None:
        await store.put(key, bad, "application/json")

    in_store(place, go)


def remove(place: Place, key: str) -> None:
    """Delete an object."""

    async def go(store: BlobStore) -> None:
        await store.delete(key)

    in_store(place, go)


def forget_snapshots(place: Place, job: str) -> None:
    """Leave the public ledger alone to restore a job from, as an older callsheet did."""
    found = keys(place, f"{folder_of(job)}/")
    assert found
    for key in found:
        remove(place, key)


def said_corrupt(done: subprocess.CompletedProcess[str]) -> bool:
    """Tell whether a command logged that a ledger is corrupt, as critical."""
    lines = [line for line in done.stderr.splitlines() if line.startswith("{")]
    events = [json.loads(line) for line in lines]
    return any(
        each["message"] == "ledger_corrupt" and each["severity"] == "CRITICAL" for each in events
    )


@pytest.mark.parametrize("how", ["cut", "empty", "flipped", "garbage"])
def test_damaged_state_falls_back_to_its_newest_version(tmp_path: Path, how: str) -> None:
    """A damaged state object is reported as critical, and the version beside it is used."""
    place = Place(tmp_path)
    with serving(place) as server:
        job = finished(server, rows=3)
    forget_snapshots(place, job)
    damage(place, state_key(job), how)
    lose_database(place)
    done = place.run("restore", "--json")
    assert said_corrupt(done), done.stderr
    assert json.loads(done.stdout)[0]["problem"] == ""
    with serving(place) as server:
        check_results(server.state(job), 3)


def test_backup_is_the_last_resort(tmp_path: Path) -> None:
    """With state and versions gone bad the hour's backup brings the job back."""
    place = Place(tmp_path)
    with serving(place) as server:
        job = finished(server, rows=3)
    forget_snapshots(place, job)
    damage(place, state_key(job), "cut")
    for version in keys(place, f"jobs/{job}/versions/"):
        damage(place, version, "cut")
    lose_database(place)
    done = place.run("restore", "--json")
    assert said_corrupt(done)
    assert json.loads(done.stdout)[0]["problem"] == ""


def test_nothing_good_left_is_named(tmp_path: Path) -> None:
    """A ledger of which nothing is good is named as such, and harms no other job."""
    place = Place(tmp_path)
    with serving(place) as server:
        bad, good = finished(server, rows=2), finished(server, rows=2)
    forget_snapshots(place, bad)
    damage(place, state_key(bad), "cut")
    for key in keys(place, f"jobs/{bad}/versions/") + keys(place, "backups/"):
        if bad in key:
            remove(place, key)
    lose_database(place)
    told = {each["job"]: each for each in restore(place)}
    assert "no good version" in told[bad]["problem"]
    assert told[good]["problem"] == ""
