"""Messages of a stream: written once, carried as Server-Sent Events or over a WebSocket."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from callsheet.views.journal import JournalEvent

STATE: Final = "state"
DONE: Final = "done"
_DATA: Final = b"data: "


@dataclass(frozen=True, slots=True)
class Frame:
    """One message, written in the format of Server-Sent Events.

    `sequence` is the place in the job's journal that it tells of. `entry` is False for a state,
    which may be skipped: the next one says more. `last` is whether the job has ended with it.
    """

    sequence: int
    name: str
    content: bytes
    entry: bool = True
    last: bool = False

    def as_message(self) -> str:
        """Write it as a message of a WebSocket: {type, seq, data}, as JSON."""
        data = self.content[self.content.index(_DATA) + len(_DATA) :].decode().rstrip()
        return f'{{"type":"{self.name}","seq":{self.sequence},"data":{data}}}'


HEARTBEAT: Final = Frame(-1, "heartbeat", b": heartbeat\n\n", entry=False)


def state_frame(state: Mapping[str, Any], *, sequence: int, last: bool) -> Frame:
    """Write a job's state: an event without a name, as `EventSource.onmessage` takes it."""
    return Frame(sequence, STATE, _encoded(state, sequence), entry=False, last=last)


def event_frame(event: JournalEvent) -> Frame:
    """Write an entry of a job's journal."""
    content = _encoded(event.data, event.sequence, event.name)
    return Frame(event.sequence, event.name, content)


def done_frame(sequence: int) -> Frame:
    """Write the end of a stream: nothing more comes, and nobody needs to connect again."""
    return Frame(sequence, DONE, _encoded({"version": sequence}, sequence, DONE))


def _encoded(data: Mapping[str, Any], sequence: int, name: str = "") -> bytes:
    """Write one message in the format of Server-Sent Events (WHATWG HTML, 9.2)."""
    event = f"event: {name}\n" if name else ""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"id: {sequence}\n{event}data: {text}\n\n".encode()
