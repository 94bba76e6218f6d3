"""WebSockets: whoever may not ask over HTTP opens none; what a stream says comes over them too."""

import json
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from httpx2.websockets import WebSocketDisconnect, WebSocketSession

from callsheet.accounts.access import SESSION_COOKIE
from tests.support.processes import Place, Server, serving
from tests.support.raw import read_answer
from tests.support.streams import read_events
from tests.web.test_members import SOON_S, SPARE_S, made_key
from tests.web.test_sessions import cookie_of, signed_in

PATIENCE_S = 30


@dataclass(frozen=True)
class Refusal:
    """What came in place of a WebSocket."""

    status: int
    media_type: str
    code: str


def refused(server: Server, path: str, headers: dict[str, str]) -> Refusal:
    """Ask for a WebSocket that is not opened, and read what comes until the server hangs up."""
    sent = {
        "Host": f"127.0.0.1:{server.port}",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        **headers,
    }
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items())]
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as line:
        line.sendall("\r\n".join([*lines, "", ""]).encode())
        answer = read_answer(line)
    media_type = answer.headers.get("content-type", "")
    is_problem = media_type == "application/problem+json"
    return Refusal(answer.status, media_type, json.loads(answer.rest)["code"] if is_problem else "")


def feed(job: str) -> str:
    """Name the path of a job's feed."""
    return f"/api/jobs/{job}/ws"


def messages(session: WebSocketSession) -> Iterator[dict[str, Any]]:
    """Read messages until the server ends; the last one is its code."""
    while True:
        try:
            yield json.loads(session.receive_text(timeout=PATIENCE_S))
        except WebSocketDisconnect as end:
            yield {"type": "closed", "code": end.code}
            return


def address_of(server: Server, job: str, query: str = "") -> str:
    """Word where a job is followed."""
    return f"ws://127.0.0.1:{server.port}/api/jobs/{job}/ws{query}"


def test_feed_says_what_the_stream_says(server: Server) -> None:
    """Every entry in order, then the state and the end; from any place, for who comes back."""
    job = server.submit(3)
    with server.http.websocket(address_of(server, job, "?after=0")) as session:
        came = list(messages(session))
    assert came[-1] == {"type": "closed", "code": 1000}
    assert came[-2]["type"] == "done"
    streamed = [
        (event.name or "state", event.id, event.data)
        for event in read_events(server.http, job, last_event_id=0)
    ]
    entries = [each for each in streamed if each[0] in ("row", "journal", "done")]
    followed = [
        (each["type"], each["seq"], each["data"]) for each in came[:-1] if each["type"] != "state"
    ]
    assert [each[:2] for each in followed] == [each[:2] for each in entries]
    states = [each["data"] for each in came if each["type"] == "state"]
    assert states[-1]["status"] == "succeeded"
    assert len(states[-1]["rows"]) == 3
    half = entries[len(entries) // 2][1]
    with server.http.websocket(address_of(server, job, f"?after={half}&rows=0")) as session:
        rest = list(messages(session))
    assert [each["seq"] for each in rest if each["type"] in ("row", "journal")] == [
        number for name, number, _ in entries if number > half and name != "done"
    ]
    assert all("rows" not in each["data"] for each in rest if each["type"] == "state")


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Origin": "https://evil.example"}, 403, "forbidden_host"),
        ({"Origin": "null"}, 403, "forbidden_host"),
        ({"Sec-Fetch-Site": "cross-site"}, 403, "forbidden_host"),
        ({"Host": "evil.example"}, 403, "forbidden_host"),
        ({"X-Forwarded-For": "127.0.0.1"}, 401, "unauthorized"),
        ({"Authorization": "Bearer cs_no_such_key"}, 401, "unauthorized"),
    ],
)
def test_strangers_open_none_without_a_key(
    server: Server, headers: dict[str, str], status: int, code: str
) -> None:
    """The handshake is judged as every request is, and refused with a problem document."""
    answer = refused(server, feed(server.submit(1)), headers)
    assert answer == Refusal(status, "application/problem+json", code)


def test_unknown_jobs_and_paths_open_none(server: Server) -> None:
    """404 as a problem for a job; nothing at all is opened elsewhere."""
    for job in ("job_00000000000000000000", "x"):
        unknown = refused(server, feed(job), {"Sec-WebSocket-Protocol": "chat"})
        assert unknown == Refusal(404, "application/problem+json", "job_not_found")
    for path in ("/api/jobs", "/nothing"):
        assert refused(server, path, {}).status == 403
    assert server.http.get("/healthz").status_code == 200
    assert "Traceback" not in server.place.log("up")


@pytest.mark.parametrize(("text", "code"), [("hello", 1003), ("x" * 100_000, 1009)])
def test_nothing_is_read(resting: tuple[Server, str], text: str, code: int) -> None:
    """Who talks is let go by name; who talks at length, before it is all there."""
    server, job = resting
    with server.http.websocket(address_of(server, job)) as session:
        session.send_text(text)
        *_, last = messages(session)
    assert last == {"type": "closed", "code": code}
    assert "Traceback" not in server.place.log("web")


def test_client_that_goes_leaves_nothing(resting: tuple[Server, str]) -> None:
    """Its feed ends with it, whether it says so or its line breaks."""
    server, job = resting
    for _ in range(3):
        with server.http.websocket(address_of(server, job)) as session:
            session.receive_text(timeout=PATIENCE_S)
            assert streams(server) >= 1
    until = time.monotonic() + PATIENCE_S
    while streams(server) > 0:
        assert time.monotonic() < until
        time.sleep(0.05)


def streams(server: Server) -> float:
    """Read how many streams are open."""
    text = server.http.get("/metrics").text
    [line] = [each for each in text.splitlines() if each.startswith("callsheet_sse_streams ")]
    return float(line.partition(" ")[2])


@pytest.fixture(scope="module")
def resting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, str]]:
    """Serve a job on which nobody works: it goes on for ever."""
    with serving(Place(tmp_path_factory.mktemp("resting")), "web") as server:
        yield server, server.submit(1)


@pytest.mark.parametrize("by", ["key", "session"])
def test_feed_ends_when_what_let_in_is_gone(by: str, tmp_path: Path, database_url: str) -> None:
    """Within two seconds; the handshake needs a key, or a session and a page of ours."""
    place = Place(tmp_path, database_url)
    _, keep = made_key(place, "stays", "admin")
    key, leave = made_key(place, "leaves", "viewer")
    with serving(place, "web") as server:  # nobody works: the job goes on for ever
        items = [{"prompt": "x", "model": "local/dot"}]
        job = server.http.post("/batch/images", json={"items": items}, headers=keep).json()[
            "batchId"
        ]
        assert refused(server, feed(job), {}).status == 401
        if by == "session":
            secret = leave["Authorization"].removeprefix("Bearer ")
            cookie = cookie_of(signed_in(server, secret))
            for headers in ({}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "none"}):
                answer = refused(server, feed(job), {**cookie, **headers})
                assert (answer.status, answer.code) == (403, "cross_site")
            assert refused(server, feed(job), {"Cookie": f"{SESSION_COOKIE}=x"}).status == 401
            leave = {**cookie, "Origin": f"http://127.0.0.1:{server.port}"}
        with server.http.websocket(address_of(server, job), headers=leave) as session:
            assert json.loads(session.receive_text(timeout=PATIENCE_S))["type"] == "state"
            assert place.run("keys", "revoke", key).returncode == 0
            revoked_at = time.monotonic()
            *_, last = messages(session)
        assert last == {"type": "closed", "code": 1001}
        assert time.monotonic() - revoked_at < SOON_S + SPARE_S
        assert refused(server, feed(job), leave).status == 401


def test_feeds_end_with_the_server(tmp_path: Path) -> None:
    """A server that is told to end lets its feeds go at once, and ends in time."""
    place = Place(tmp_path)
    with serving(place, "web") as server:
        job = server.submit(1)
        with server.http.websocket(address_of(server, job)) as session:
            assert json.loads(session.receive_text(timeout=PATIENCE_S))["type"] == "state"
            told_at = time.monotonic()
            server.process.terminate()
            *_, last = messages(session)
            assert last["code"] in (1001, 1012)
        server.process.wait(PATIENCE_S)
        assert time.monotonic() - told_at < 10
