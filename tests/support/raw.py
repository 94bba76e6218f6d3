"""HTTP as bytes: what no client library would send."""

import socket
from dataclasses import dataclass
from typing import Final

PATIENCE_S: Final = 30.0


@dataclass(frozen=True)
class Answer:
    """The head of an answer, and what came after it until the other side was done."""

    status: int
    headers: dict[str, str]
    rest: bytes


def ask(port: int, head: str, body: bytes = b"") -> Answer:
    """Send lines of a head (without a Host unless they have one), then a body; one answer."""
    lines = "\r\n".join(head.strip().splitlines()) + "\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as line:
        line.sendall(lines.encode("latin-1") + body)
        return read_answer(line)


def read_answer(line: socket.socket) -> Answer:
    """Read what comes until the other side closes."""
    came = b""
    while piece := line.recv(65_536):
        came += piece
    return parsed(came)


def parsed(came: bytes) -> Answer:
    """Take an answer apart."""
    head, _, rest = came.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.split(": ", 1) for line in lines)
    return Answer(int(first.split()[1]), {name.lower(): value for name, value in pairs}, rest)
