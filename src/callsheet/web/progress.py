"""Progress: a job as a stream of events, or as its state once."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated

from fastapi import Header, Query, Request, Response, WebSocket
from fastapi.responses import StreamingResponse
from pydantic import Field

from callsheet.kernel.errors import InvalidInputError
from callsheet.web.entry import Services, Viewer
from callsheet.web.feeds import FeedHub
from callsheet.web.frames import DONE, HEARTBEAT, Frame
from callsheet.web.problems import documented
from callsheet.web.routes import GuardedRouter
from callsheet.web.states import MAX_PAGE, state_answer

router = GuardedRouter(tags=["progress"])
_STREAM = {"text/event-stream": {"schema": {"type": "string"}}, "application/json": {}}


@router.get(
    "/progress/{batch}",
    summary="Watch a batch",
    response_class=Response,
    responses={**documented(401, 403, 404, 422, 503), 200: {"content": _STREAM}},
)
@router.get(
    "/api/jobs/{batch}/events",
    summary="Watch a job",
    response_class=Response,
    responses={**documented(401, 403, 404, 422, 503), 200: {"content": _STREAM}},
)
async def progress(
    batch: Annotated[str, Field(max_length=100)],
    request: Request,
    cs: Services,
    caller: Viewer,
    rows: Annotated[int, Query(ge=0, le=1)] = 1,
    accept: Annotated[str, Header()] = "",
    last_event_id: Annotated[str | None, Header(max_length=40)] = None,
) -> Response:
    """Stream a job's state and changes; with `Accept: application/json`, answer the state once.

    The `id` of each event is its journal sequence: a client that comes back with Last-Event-ID
    gets every entry after it, from any server.
    """
    after = _place(last_event_id)
    job = await cs.views.jobs.find(caller.workspace, batch)
    if "application/json" in accept and "text/event-stream" not in accept:
        return await state_answer(cs, job, most=MAX_PAGE if rows else None)
    feeds: FeedHub = request.app.state.feeds
    frames = feeds.frames(job, after, rows=bool(rows), caller=caller)
    return StreamingResponse(
        _server_sent(frames),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _server_sent(frames: AsyncGenerator[Frame]) -> AsyncIterator[bytes]:
    """Write a stream as Server-Sent Events."""
    async with aclosing(frames):
        yield b"retry: 2000\n\n"
        async for frame in frames:
            yield frame.content


def _place(last_event_id: str | None) -> int | None:
    if not last_event_id:
        return None
    if not last_event_id.isascii() or not last_event_id.isdigit():
        raise InvalidInputError(f"Last-Event-ID {last_event_id!r} is not a number of ours")
    return int(last_event_id)


@router.websocket("/api/jobs/{job}/ws")
async def follow(
    websocket: WebSocket,
    job: str,
    cs: Services,
    caller: Viewer,
    rows: Annotated[int, Query(ge=0, le=1)] = 1,
    after: Annotated[int | None, Query(ge=0)] = None,
) -> None:
    """Send what `/api/jobs/{job}/events` streams, as messages {type, seq, data}, to the job's end.

    `after` is the `seq` of the last message that came, for a client that comes back. Nothing is
    read: a client that sends something is let go (1003). Ends with 1000 after "done", else with
    1001: the server ends, or what let the caller in is no longer good.
    """
    found = await cs.views.jobs.find(caller.workspace, job)
    await websocket.accept()
    feeds: FeedHub = websocket.app.state.feeds
    sending = asyncio.create_task(
        _send_all(websocket, feeds.frames(found, after, rows=bool(rows), caller=caller))
    )
    hearing = asyncio.create_task(websocket.receive())
    try:
        await asyncio.wait({sending, hearing}, return_when=asyncio.FIRST_COMPLETED)
        code = 1003 if not sending.done() else 1000 if sending.result() else 1001
        is_gone = hearing.done() and hearing.result()["type"] == "websocket.disconnect"
    finally:
        for task in (sending, hearing):
            task.cancel()
        await asyncio.gather(sending, hearing, return_exceptions=True)
    if not is_gone:
        await websocket.close(code)


async def _send_all(websocket: WebSocket, frames: AsyncGenerator[Frame]) -> bool:
    """Send a stream's messages; True if they came to the job's end."""
    name = ""
    async with aclosing(frames):
        async for frame in frames:
            if frame is not HEARTBEAT:  # the connection has pings of its own
                await websocket.send_text(frame.as_message())
                name = frame.name
    return name == DONE
