"""The database is lost: the recovery log brings single generations back, and buys nothing again."""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from callsheet.orders.recovery_log import PREFIX
from callsheet.takes.tables import TAKES
from tests.direct.places import at, check_books, post, rows, settled, wish
from tests.fakes.at_once import AtOnceFake
from tests.fakes.serving import Fault, served
from tests.support.processes import Place, serving


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[AtOnceFake]:
    """Run a provider that answers at once."""
    with served(AtOnceFake(tmp_path / "orders.jsonl")) as running:
        assert isinstance(running, AtOnceFake)
        running.settles_s = 6
        yield running


def lose(tmp_path: Path) -> None:
    """Delete the database."""
    for file in tmp_path.glob("callsheet.db*"):
        file.unlink()


def wait_for_ledger(tmp_path: Path, job: str) -> None:
    """Wait until the job's ledger in the store says that it ended, which follows the answer."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        for file in tmp_path.rglob(f"jobs/{job}/state.json*"):
            if not file.is_file():
                continue
            text = file.read_bytes().decode("utf-8", "replace")  # what describes it comes behind
            told, _ = json.JSONDecoder().raw_decode(text)  # its takes have a status of their own
            if (told["status"], told["stage"]) == ("succeeded", "done"):
                return
        time.sleep(0.1)
    raise AssertionError(f"the ledger of {job} does not say that it ended")


def restore(place: Place) -> list[dict[str, Any]]:
    """Bring back what the store knows; what is told of each job."""
    done = place.run("restore", "--json")
    assert done.returncode == 0, done.stderr
    told: list[dict[str, Any]] = json.loads(done.stdout)
    assert {each["problem"] for each in told} <= {"", "it is in the database already"}
    return told


def test_what_was_answered_is_back(tmp_path: Path, sqlite_url: str, fake: AtOnceFake) -> None:
    """Killed the moment the answer came: take, picture, charge and key are there again."""
    place = at(tmp_path / "here", sqlite_url, fake)
    with serving(place) as server:
        first = post(server.http, wish("a mug"), "k").json()
        server.kill()
    lose(tmp_path)
    assert [each["pictures"] for each in restore(place)] == [1]
    assert restore(place) == []
    with serving(place) as server:
        again = post(server.http, wish("a mug"), "k")
        assert (again.status_code, again.headers["Idempotent-Replay"]) == (200, "true")
        take = again.json()
        for name in ("id", "job", "status", "ticket", "charged", "inputs", "inputs_digest", "note"):
            assert take[name] == first[name]
        assert take["assets"][0]["sha256"] == first["assets"][0]["sha256"]
        assert server.http.get(take["assets"][0]["url"]).status_code == 200
        state = server.http.get(f"/batch/{take['job']}").json()
        assert (state["status"], state["stage"]) == ("succeeded", "done")
        until = time.monotonic() + 30
        while not take["assets"][0]["thumbnail"]:  # examined now, if it was not before
            assert time.monotonic() < until
            time.sleep(0.2)
            take = server.http.get(f"/api/generations/{take['id']}").json()
    assert fake.count("a mug") == 1
    check_books(sqlite_url, fake)


def test_what_was_out_is_in_doubt(tmp_path: Path, sqlite_url: str, fake: AtOnceFake) -> None:
    """Killed with its order at the provider: the same key answers the take, and orders nothing."""
    place = at(tmp_path / "here", sqlite_url, fake)
    with serving(place) as server:
        assert post(server.http, wish("first")).status_code == 200
        fake.waits_s = 2.0
        asked = post(server.http, wish("second", wait_s=0), "k").json()
        until = time.monotonic() + 20
        while fake.count("second") == 0:
            assert time.monotonic() < until
            time.sleep(0.01)
        server.kill()
    lose(tmp_path)
    assert sorted(each["pictures"] for each in restore(place)) == [0, 1]
    with serving(place) as server:
        again = post(server.http, wish("second", wait_s=0), "k").json()
        assert again["id"] == asked["id"]
        assert settled(server.http, asked["id"])["status"] == "in_doubt"
    assert fake.count("second") == 1
    check_books(sqlite_url, fake)


def test_older_database_learns_what_came_since(
    tmp_path: Path, sqlite_url: str, fake: AtOnceFake
) -> None:
    """A backup knows one take as ordered and nothing of a later one: both are brought home."""
    place = at(tmp_path / "here", sqlite_url, fake)
    with serving(place) as server:
        assert post(server.http, wish("first")).status_code == 200
        fake.waits_s = 1.5
        asked = post(server.http, wish("second", wait_s=0)).json()
        backup = tmp_path / "backup.db"
        with (
            closing(sqlite3.connect(tmp_path / "callsheet.db")) as now,
            closing(sqlite3.connect(backup)) as then,
        ):
            now.backup(then)
        assert settled(server.http, asked["id"])["status"] == "succeeded"
        third = post(server.http, wish("third")).json()
        server.kill()
    lose(tmp_path)
    backup.rename(tmp_path / "callsheet.db")
    restore(place)
    with serving(place) as server:
        for take in (asked["id"], third["id"]):
            assert settled(server.http, take)["status"] == "succeeded"
    assert len(fake.logged()) == 3
    check_books(sqlite_url, fake)


def test_what_others_took_over_has_its_own_ledger(
    tmp_path: Path, sqlite_url: str, fake: AtOnceFake
) -> None:
    """A take that was refused at first and made later is back as it ended."""
    place = at(tmp_path / "here", sqlite_url, fake)
    with serving(place) as server:
        assert post(server.http, wish("first")).status_code == 200
        fake.faults.append(Fault.BUSY_BEFORE)
        asked = post(server.http, wish("second", wait_s=1)).json()
        assert settled(server.http, asked["id"])["status"] == "succeeded"
        wait_for_ledger(tmp_path, asked["job"])
        server.kill()
    lose(tmp_path)
    restore(place)
    takes = {row["id"]: row["status"] for row in rows(sqlite_url, TAKES)}
    assert takes[asked["id"]] == "succeeded"
    assert len(fake.logged()) == 2
    check_books(sqlite_url, fake)


def test_damaged_segment_harms_no_other(tmp_path: Path, sqlite_url: str, fake: AtOnceFake) -> None:
    """What a damaged segment held is not back; it is said so, and everything else is."""
    place = at(tmp_path / "here", sqlite_url, fake)
    with serving(place) as server:
        post(server.http, wish("first"))
        post(server.http, wish("second"))
        server.kill()
    lose(tmp_path)
    first, *_ = sorted((tmp_path / "here").rglob(f"{PREFIX}*/*/*.blob"))
    first.write_bytes(first.read_bytes().replace(b"first", b"other"))
    done = place.run("restore", "--json")
    assert "recovery.corrupt" in done.stderr
    assert len(json.loads(done.stdout)) == 1
