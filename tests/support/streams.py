"""Reading Server-Sent Events as a browser does: fields, ids, events."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx2


@dataclass(frozen=True)
class Event:
    """One event: its name ("" for a message), its id and its data."""

    name: str
    id: int
    data: Any


def read_events(
    http: httpx2.Client, job: str, last_event_id: int | None = None, **params: int
) -> Iterator[Event]:
    """Read a job's stream until it ends or breaks."""
    headers = {} if last_event_id is None else {"Last-Event-ID": str(last_event_id)}
    with http.stream("GET", f"/progress/{job}", headers=headers, params=params) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        name, number, data = "", -1, ""
        try:
            for line in answer.iter_lines():
                if not line:
                    if data:
                        yield Event(name, number, json.loads(data))
                    name, data = "", ""
                elif line.startswith("event: "):
                    name = line[7:]
                elif line.startswith("id: "):
                    number = int(line[4:])
                elif line.startswith("data: "):
                    data += line[6:]
        except httpx2.TransportError:
            return
