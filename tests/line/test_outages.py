"""Services go away in the middle of a job: it waits, says why, and goes on."""

import shutil
import sqlite3
import subprocess
import time
from pathlib import Path

import httpx2
import pytest

from tests.databases import Cluster
from tests.support.processes import ONE_AT_A_TIME, Place, Server, serving, stop
from tests.support.truth import check_books, check_results

pytestmark = pytest.mark.on_either_database


def fill(path: Path) -> None:
    """Write to a file until the disk is full."""
    with path.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 65_536)


def wait_for_problem(server: Server, job: str, code: str) -> None:
    """Wait until a job shows that it waits, and why."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        state = server.state(job, rows=0)
        if state["problem"] and state["problem"]["code"] == code:
            assert state["status"] == "waiting"
            return
        time.sleep(0.05)
    raise AssertionError(f"no {code}: {server.state(job, rows=0)}")


def made(server: Server, job: str, least: int) -> None:
    while server.state(job, rows=0)["counts"]["succeeded"] < least:
        time.sleep(0.02)


def test_store_away_in_the_middle(tmp_path: Path, database_url: str) -> None:
    """The store's folder is gone for a while: the job waits with the reason, then ends whole."""
    with serving(Place(tmp_path, database_url, ONE_AT_A_TIME)) as server:
        job = server.submit(40, "local/storyboard", size="256x256")
        made(server, job, 2)
        store = tmp_path / "data" / "store"
        store.rename(tmp_path / "away")
        wait_for_problem(server, job, "store_unavailable")
        assert server.http.get("/ready").status_code == 503
        assert server.http.get("/health").json()["status"] == "degraded"
        shutil.rmtree(store, ignore_errors=True)
        (tmp_path / "away").rename(store)
        check_results(server.wait_for(job, ["succeeded", "failed"]), 40)
        check_books(database_url, job)


def test_store_full_in_the_middle(tmp_path: Path, database_url: str) -> None:
    """The disk of the store fills up: the job waits with `store_full` until there is space."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], check=True)
    try:
        place = Place(tmp_path, database_url, {"CALLSHEET_STORE_URL": f"file://{disk}/store"})
        with serving(place) as server:
            job = server.submit(60, "local/storyboard", size="256x256")
            wait_for_problem(server, job, "store_full")
            subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
            check_results(server.wait_for(job, ["succeeded", "failed"]), 60)
            check_books(database_url, job)
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_database_locked_for_a_while(tmp_path: Path, sqlite_url: str) -> None:
    """Another process holds SQLite's write lock for three seconds: nothing breaks."""
    with serving(Place(tmp_path, sqlite_url, ONE_AT_A_TIME)) as server:
        job = server.submit(40, "local/storyboard", size="256x256")
        made(server, job, 2)
        rude = sqlite3.connect(tmp_path / "callsheet.db", isolation_level=None)
        rude.execute("BEGIN IMMEDIATE")
        time.sleep(3)
        rude.execute("COMMIT")
        rude.close()
        check_results(server.wait_for(job, ["succeeded", "failed"]), 40)
        check_books(sqlite_url, job)


def test_database_disk_full_in_the_middle(tmp_path: Path) -> None:
    """The disk of the database fills up and is freed: the job ends whole."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", disk], check=True)
    try:
        url = f"sqlite:///{disk}/callsheet.db"
        with serving(Place(tmp_path, url, ONE_AT_A_TIME)) as server:
            job = server.submit(60, "local/storyboard", size="256x256")
            made(server, job, 2)
            ballast = disk / "ballast"
            with pytest.raises(OSError, match="No space"):
                fill(ballast)
            time.sleep(4)
            ballast.unlink()
            check_results(server.wait_for(job, ["succeeded", "failed"]), 60)
            check_books(url, job)
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def back(server: Server, job: str) -> None:
    """Wait until the server reaches its database again."""
    until = time.monotonic() + 30
    while server.http.get(f"/batch/{job}", params={"rows": 0}).status_code != 200:
        assert time.monotonic() < until
        time.sleep(0.1)


def test_postgres_crashes_in_the_middle(tmp_path: Path, private_postgres: Cluster) -> None:
    """PostgreSQL is stopped at once and started again: the job ends whole."""
    url = private_postgres.create_database()
    with serving(Place(tmp_path, url, ONE_AT_A_TIME)) as server:
        job = server.submit(60, "local/storyboard", size="256x256")
        made(server, job, 2)
        private_postgres.stop("immediate")
        with pytest.raises((AssertionError, httpx2.TransportError)):
            server.state(job)
        assert server.http.get("/healthz").status_code == 200
        assert server.http.get("/health").json()["status"] == "down"
        private_postgres.start()
        back(server, job)
        check_results(server.wait_for(job, ["succeeded", "failed"]), 60)
        check_books(url, job)


def test_told_to_stop_while_its_database_is_away(tmp_path: Path, private_postgres: Cluster) -> None:
    """A worker in mid-job ends, though nobody takes its last words; the next one goes on."""
    url = private_postgres.create_database()
    with serving(Place(tmp_path, url, ONE_AT_A_TIME), "web") as server:
        worker = server.place.start("worker")
        job = server.submit(60, "local/storyboard", size="256x256")
        made(server, job, 2)
        private_postgres.stop("immediate")
        time.sleep(5)  # until its threads have met it
        worker.terminate()
        try:
            worker.wait(40)
        finally:
            worker.kill()
        private_postgres.start()
        back(server, job)
        other = server.place.start("worker")
        try:
            server.wait_for(job, ["succeeded"])
        finally:
            stop(other)
        check_books(url, job)
