"""Connections: who dawdles is let go, idle ones make room, and a client that leaves is no fault."""

import contextlib
import socket
import time
from collections.abc import Iterator

import pytest

from tests.support.processes import Place, Server, serving
from tests.support.raw import PATIENCE_S, Answer, parsed

FEW = 16


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve a place that holds few connections."""
    settings = {"CALLSHEET_MAX_CONNECTIONS": str(FEW)}
    with serving(Place(tmp_path_factory.mktemp("few"), settings=settings)) as server:
        yield server


def line_to(server: Server) -> socket.socket:
    """Open a connection."""
    return socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S)


def first_answer(line: socket.socket) -> Answer:
    """Read what comes first."""
    return parsed(line.recv(65_536))


def test_idle_connections_make_room(small: Server) -> None:
    """However many are held open without a request, or in the midst of one, the next is served."""
    with contextlib.ExitStack() as stack:
        for place in range(3 * FEW):
            line = stack.enter_context(line_to(small))
            line.sendall(b"GET /health HTTP/1.1\r\nHost: loc" if place % 2 else b"")
        assert asked(small).status == 200


def test_connections_at_work_keep_their_place(small: Server) -> None:
    """Where all are being answered, one more is told to come again; later there is room."""
    head = "POST /batch/images HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n"
    begun = (head + "Content-Type: application/json\r\n\r\n{").encode()
    with contextlib.ExitStack() as stack:
        until = time.monotonic() + PATIENCE_S
        while (answer := asked(small)).status != 503:
            stack.enter_context(line_to(small)).sendall(begun)
            assert time.monotonic() < until
        assert answer.headers["retry-after"] == "2"
    until = time.monotonic() + PATIENCE_S
    while asked(small).status != 200:
        assert time.monotonic() < until


def asked(server: Server) -> Answer:
    """Ask whether it lives, on a connection of its own."""
    with line_to(server) as line, contextlib.suppress(ConnectionError):
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return first_answer(line)
    raise AssertionError("it hung up without an answer")


def test_endless_head_is_refused(server: Server) -> None:
    """A head that does not end is cut off, and costs no memory."""
    with line_to(server) as line:
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n")
        with contextlib.suppress(ConnectionError):
            for number in range(4_000):
                line.sendall(b"X-More-%d: " % number + b"x" * 60 + b"\r\n")
        with contextlib.suppress(ConnectionError):
            assert first_answer(line).status == 431
    assert server.http.get("/healthz").status_code == 200


@pytest.mark.timeout(120)
def test_who_dawdles_is_let_go(server: Server) -> None:
    """A head or a body that comes byte by byte has its time, and no more; nor has silence."""
    head = b"POST /batch/images HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    begun = {
        "silence": b"",
        "head": head,
        "body": head + b"Content-Length: 1000\r\n\r\n{",
        "rest": b"POST /no/such HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{",
    }
    lines = {name: line_to(server) for name in begun}
    for name, line in lines.items():
        line.sendall(begun[name])
        line.settimeout(0.01)
    came = dict.fromkeys(lines, b"")
    until = time.monotonic() + 60
    open_ones = dict(lines)
    while open_ones and time.monotonic() < until:
        for name, line in list(open_ones.items()):
            try:
                if name != "silence":
                    line.sendall(b"x")
                piece = line.recv(65_536)
            except TimeoutError:
                continue
            except ConnectionError:
                piece = b""
            came[name] += piece
            if not piece:
                open_ones.pop(name).close()
        time.sleep(0.2)
    assert not open_ones
    for name in ("silence", "head", "body"):
        assert b" 408 " in came[name], name
    assert b" 404 " in came["rest"]


def test_client_that_leaves_is_no_traceback(server: Server) -> None:
    """In the midst of an upload, of JSON, of a webhook, of an answer or of a stream."""
    job = server.submit(1)
    server.wait_for(job, ["succeeded"])
    link = server.state(job)["files"]["contact-sheet.html"]
    form = "multipart/form-data; boundary=x"
    part = '--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nprompt'
    for method, path, kind, body in (
        ("POST", "/batch/upload", form, part),
        ("POST", "/batch/upload", form, part + "x" * 2_000_000),
        ("POST", "/batch/images", "application/json", '{"items":'),
        ("POST", "/api/generations", "application/json", "{"),
        ("POST", "/webhooks/replicate/tk_00000000000000000000", "application/json", "{"),
        ("GET", link, "", ""),
        ("GET", f"/progress/{job}", "", ""),
        ("GET", "/api/models", "", ""),
        ("GET", "/api/money/entries?format=csv", "", ""),
    ):
        length = f"Content-Type: {kind}\r\nContent-Length: 9000000\r\n" if body else ""
        with line_to(server) as line:
            line.sendall(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{length}\r\n".encode())
            line.sendall(body.encode())
            time.sleep(0.05)
    assert server.http.get("/ready").status_code == 200
    time.sleep(0.5)
    log = server.place.log("up")
    assert "Traceback" not in log
    assert "http.failed" not in log
    assert "Exception in ASGI" not in log
