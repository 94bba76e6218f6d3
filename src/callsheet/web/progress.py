"""Progress: a job as a stream of events, or as its state once."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import Field

from callsheet.kernel.errors import InvalidInputError
from callsheet.web.entry import Services, Viewer
from callsheet.web.problems import documented
from callsheet.web.routes import GuardedRoute

router = APIRouter(route_class=GuardedRoute, tags=["progress"])
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
    member: Viewer,
    rows: Annotated[int, Query(ge=0, le=1)] = 1,
    accept: Annotated[str, Header()] = "",
    last_event_id: Annotated[str | None, Header(max_length=40)] = None,
) -> Response:
    """Stream state and row changes; with `Accept: application/json`, answer the state once.

    The `id` of each event is its journal sequence: a client that comes back with Last-Event-ID
    gets every entry after it, from any server.
    """
    after = _place(last_event_id)
    async with cs.database.read() as connection:
        job = await cs.line.jobs.store.find(connection, member.workspace, batch)
        if "application/json" in accept and "text/event-stream" not in accept:
            state: dict[str, Any] = cs.view.header(job)
            if rows:
                state["rows"] = await cs.view.rows(connection, job, limit=10_000)
            return JSONResponse(state)
    return StreamingResponse(
        request.app.state.feeds.stream(job, after, rows=bool(rows), key=member.key),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def _place(last_event_id: str | None) -> int | None:
    if not last_event_id:
        return None
    if not last_event_id.isascii() or not last_event_id.isdigit():
        raise InvalidInputError(f"Last-Event-ID {last_event_id!r} is not a number of ours")
    return int(last_event_id)
