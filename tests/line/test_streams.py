"""Streams: nothing lost, nothing doubled, across restarts and servers."""

import threading
import time
from pathlib import Path

import httpx2
import pytest

from tests.support.plain import NO_TLS
from tests.support.processes import Place, serve, serving, stop
from tests.support.streams import Event, read_events
from tests.support.truth import check_results

pytestmark = pytest.mark.on_either_database


def entries(events: list[Event]) -> list[int]:
    """Pick the journal's entries: all but states and the end."""
    return [event.id for event in events if event.name in ("row", "journal")]


def test_stream_from_the_start_tells_everything_once(tmp_path: Path, database_url: str) -> None:
    """From id 0 every entry comes once and in order, then the last state and `done`."""
    with serving(Place(tmp_path, database_url)) as server:
        job = server.submit(30, variants=2)
        events = list(read_events(server.http, job, 0))
        state = server.wait_for(job, ["succeeded"])
        assert entries(events) == list(range(1, state["version"] + 1))
        assert events[-1].name == "done"
        last = [event for event in events if event.name == ""][-1]
        assert last.data["status"] == "succeeded"
        assert last.data["version"] == state["version"] == last.id
        check_results(last.data, 30, variants=2)


def test_stream_survives_a_killed_server(tmp_path: Path, database_url: str) -> None:
    """The server is killed twice; a client that comes back with Last-Event-ID misses nothing."""
    place = Place(tmp_path, database_url)
    server = serve(place)
    job = server.submit(60, "local/storyboard", size="256x256")
    seen: list[Event] = []
    last = 0
    for _ in range(2):
        for event in read_events(server.http, job, last):
            seen.append(event)
            last = event.id
            if len(entries(seen)) % 40 == 39:
                break
        server.kill()
        server = serve(place)
    seen += read_events(server.http, job, last)
    state = server.wait_for(job, ["succeeded"])
    assert entries(seen) == list(range(1, state["version"] + 1))
    assert seen[-1].name == "done"
    stop(server.process)
    server.http.close()


def test_stream_goes_on_at_another_server(tmp_path: Path, postgres_url: str) -> None:
    """Half a stream from one web process, the rest from another: gapless together."""
    place = Place(tmp_path, postgres_url)
    with serving(place, "web") as one, serving(place, "web") as other:
        worker = place.start("worker")
        job = one.submit(80, "local/storyboard", size="256x256")
        seen: list[Event] = []
        for event in read_events(one.http, job, 0):
            seen.append(event)
            if len(seen) == 60:
                break
        seen += read_events(other.http, job, seen[-1].id)
        state = other.wait_for(job, ["succeeded"])
        assert entries(seen) == list(range(1, state["version"] + 1))
        stop(worker)


def test_clients_that_vanish_leave_nothing(tmp_path: Path, database_url: str) -> None:
    """Forty clients drop their streams; the gauge of open streams comes back to zero."""
    with serving(Place(tmp_path, database_url)) as server:
        job = server.submit(2_000, "local/storyboard", size="256x256")
        for _ in range(40):
            next(iter(read_events(server.http, job)))
        until = time.monotonic() + 10
        while "callsheet_sse_streams 0.0" not in server.http.get("/metrics").text:
            assert time.monotonic() < until
            time.sleep(0.1)
        server.http.post(f"/batch/{job}/cancel")


def test_server_ends_promptly_with_streams_open(tmp_path: Path, database_url: str) -> None:
    """SIGTERM with thirty streams open ends them and the process within its grace."""
    with serving(Place(tmp_path, database_url)) as server:
        job = server.submit(2_000, "local/storyboard", size="256x256")
        began = threading.Barrier(31)

        def watch() -> None:
            with httpx2.Client(
                base_url=server.http.base_url, trust_env=False, verify=NO_TLS
            ) as http:
                events = read_events(http, job)
                next(events)
                began.wait()
                list(events)

        watchers = [threading.Thread(target=watch) for _ in range(30)]
        for watcher in watchers:
            watcher.start()
        began.wait(30)
        assert stop(server.process, timeout_s=10) == 0
        for watcher in watchers:
            watcher.join(5)
            assert not watcher.is_alive()


def test_state_once_as_json(tmp_path: Path, sqlite_url: str) -> None:
    """Asked for JSON, progress answers the state and ends."""
    with serving(Place(tmp_path, sqlite_url)) as server:
        job = server.submit(3)
        server.wait_for(job, ["succeeded"])
        answer = server.http.get(f"/progress/{job}", headers={"Accept": "application/json"})
        check_results(answer.json(), 3)
