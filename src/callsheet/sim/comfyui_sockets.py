"""Who listens to the simulated ComfyUI and what each is told, as server.py and execution.py do.

A client names itself (``/ws?clientId=``) and gives the same name with its prompts: it alone hears
of them, and nobody does while it is not connected. Everybody hears how long the queue is. That a
prompt succeeded is said before the history has it; that nothing runs any more, after.

Faults of a prompt, asked for as ``socket=``: ``lost`` (nothing is told of it), ``drop`` (the
connection is cut when it begins), ``huge`` (a preview of 40 MiB). A client that connects meets the
faults ``fail``, ``reset`` and ``hang`` that are dealt to the route ``socket``.
"""

import asyncio
import json
import struct
import time
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from starlette.types import Receive, Scope, Send

from callsheet.sim.core.connections import abort
from callsheet.sim.core.faults import Faults
from callsheet.sim.core.orders import Order, Status

_PREVIEW = struct.pack(">II", 1, 1) + bytes(2_000)  # PREVIEW_IMAGE, JPEG
_HUGE_BYTES = 40 << 20
_FORBIDDEN = 1008

Message = str | bytes


class _Client:
    """One connection: what waits to be sent, and whether it shall be cut then."""

    def __init__(self) -> None:
        self.waiting: asyncio.Queue[Message | None] = asyncio.Queue()

    def say(self, kind: str, **told: Any) -> None:
        self.waiting.put_nowait(json.dumps({"type": kind, "data": told}))

    def show(self, frame: bytes) -> None:
        self.waiting.put_nowait(frame)

    def cut(self) -> None:
        self.waiting.put_nowait(None)


class Sockets:
    """An ASGI application for ``/ws``, and the ear of whatever happens to prompts."""

    def __init__(self, remaining: Callable[[], int], deal: Callable[[], Faults]) -> None:
        self._remaining, self._deal = remaining, deal
        self._clients: dict[str, _Client] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection until either side ends it."""
        await receive()  # that it wants to connect
        faults = self._deal()
        if "fail" in faults:
            await send({"type": "websocket.close", "code": _FORBIDDEN})
            return
        await send({"type": "websocket.accept"})
        if "reset" in faults:
            abort(receive)
            return
        asked = parse_qs(scope["query_string"].decode()).get("clientId", [""])[0]
        name, client = asked or uuid.uuid4().hex, _Client()
        if "hang" not in faults:
            self._clients[name] = client
            client.say("status", status=self._status(), sid=name)
        writing = asyncio.create_task(_write(client, receive, send))
        try:
            while (await receive())["type"] != "websocket.disconnect":
                pass  # what clients say (feature flags) changes nothing here
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
            # Like the real one it drops the name, even if a newer connection has taken it.
            self._clients.pop(name, None)

    def queued(self) -> None:
        """Tell everybody that the queue has changed."""
        for client in self._clients.values():
            client.say("status", status=self._status())

    def tell(self, event: str, order: Order) -> None:
        """Tell whoever queued a prompt what happens to it."""
        fault = order.asked.faults.get("socket", "")
        client = self._clients.get(order.asked.note.get("client", ""))
        if client is not None and fault != "lost":
            match event:
                case "start" if fault == "drop":
                    client.cut()
                case "start":
                    _begin(client, order.id, huge=fault == "huge")
                case "output":
                    _succeed(client, order)
                case "completed" if order.started_at is not None:
                    _stop(client, order)
        if event in {"start", "completed"}:
            self.queued()
        if event == "completed" and client is not None and order.started_at and fault != "lost":
            client.say("executing", node=None, prompt_id=order.id)

    def _status(self) -> dict[str, Any]:
        return {"exec_info": {"queue_remaining": self._remaining()}}


def _begin(client: _Client, prompt: str, *, huge: bool) -> None:
    _execution(client, "start", prompt)
    _execution(client, "cached", prompt, nodes=[])
    client.say("executing", node="3", display_node="3", prompt_id=prompt)
    for step in (1, 2):
        state = {"value": step, "max": 2, "state": "running", "node_id": "3", "prompt_id": prompt}
        client.say("progress_state", prompt_id=prompt, nodes={"3": state})
        client.say("progress", value=step, max=2, prompt_id=prompt, node="3")
        client.show(bytes(_HUGE_BYTES) if huge else _PREVIEW)


def _succeed(client: _Client, order: Order) -> None:
    images = [{"filename": url.split("/")[-1], "type": "output"} for url in order.output]
    told = {"node": "9", "display_node": "9", "output": {"images": images}}
    client.say("executed", **told, prompt_id=order.id)
    _execution(client, "success", order.id)


def _stop(client: _Client, order: Order) -> None:
    node = {"node_id": "3", "node_type": "KSampler", "executed": []}
    if order.status is Status.FAILED:
        raised = {"exception_message": order.error, "exception_type": "RuntimeError"}
        _execution(client, "error", order.id, **node, **raised, traceback=[])
    elif order.status is Status.CANCELED:
        _execution(client, "interrupted", order.id, **node)


def _execution(client: _Client, what: str, prompt: str, **told: Any) -> None:
    stamp = int(time.time() * 1_000)
    client.say(f"execution_{what}", prompt_id=prompt, **told, timestamp=stamp)


async def _write(client: _Client, receive: Receive, send: Send) -> None:
    while (message := await client.waiting.get()) is not None:
        kind = "text" if isinstance(message, str) else "bytes"
        await send({"type": "websocket.send", kind: message})
    abort(receive)
