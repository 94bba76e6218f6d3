"""Predictions: made, waited for, read, listed, cancelled, as Replicate's clients do."""

import base64
import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import Header, Path, Query, Request, Response
from pydantic import BaseModel, Field

from callsheet.accounts.model import Caller
from callsheet.controls.model import Request as OnceRequest
from callsheet.controls.wishes import Delivery
from callsheet.intake.model import RunMode
from callsheet.kernel.digests import digest_of
from callsheet.kernel.errors import FieldError, InvalidInputError
from callsheet.kernel.ids import JobId
from callsheet.takes.model import ENDED, TakeStatus
from callsheet.views.takes import ShownTake
from callsheet.web.entry import Editor, IdempotencyKey, Services, Viewer, prefix_of
from callsheet.web.problems import documented
from callsheet.web.replicate.mapping import card_named, inputs_of, split_version
from callsheet.web.routes import GuardedRouter
from callsheet.web.wish_answers import WishAnswer
from callsheet.wiring import Callsheet

router = GuardedRouter(prefix="/replicate/v1", tags=["replicate"])
_WAIT: Final = re.compile(r"\bwait(?:=(\d{1,3}))?\b")
_USUAL_WAIT_S, _MOST_WAIT_S = 60, 60
_MOST_INLINE: Final = 1_000_000  # bytes of a file that is answered in place
_STATUSES: Final = {
    TakeStatus.SUCCEEDED: "succeeded",
    TakeStatus.FAILED: "failed",
    TakeStatus.CANCELLED: "canceled",
    TakeStatus.RUNNING: "processing",
    TakeStatus.ADOPTING: "processing",
}
Part = Annotated[str, Path(max_length=100)]
TakeName = Annotated[str, Path(max_length=100)]
Prefer = Annotated[str, Header(max_length=200)]


class PredictionRequest(BaseModel, extra="ignore"):
    """Inputs of a model. A value that is an object is refused: a client sent itself."""

    input: Annotated[dict[str, Any], Field(max_length=64)] = Field(default_factory=dict)
    version: Annotated[str, Field(max_length=200)] = ""


@router.post(
    "/models/{owner}/{name}/predictions",
    status_code=201,
    summary="Ask a model for a prediction",
    response_model=dict[str, Any],
    responses=documented(400, 401, 402, 403, 404, 409, 413, 415, 422, 503),
)
async def predict(
    owner: Part,
    name: Part,
    body: PredictionRequest,
    request: Request,
    cs: Services,
    caller: Editor,
    prefer: Prefer = "",
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Begin a prediction; with `Prefer: wait`, answer when it is done or the time is up."""
    return await _begun(cs, caller, request, (owner, name), body.input, prefer, idempotency_key)


@router.post(
    "/predictions",
    status_code=201,
    summary="Ask for a prediction by version",
    response_model=dict[str, Any],
    responses=documented(400, 401, 402, 403, 404, 409, 413, 415, 422, 503),
)
async def predict_version(
    body: PredictionRequest,
    request: Request,
    cs: Services,
    caller: Editor,
    prefer: Prefer = "",
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Do the same for `version`, which is `owner/name` here."""
    named = split_version(body.version)
    return await _begun(cs, caller, request, named, body.input, prefer, idempotency_key)


async def _begun(
    cs: Callsheet,
    caller: Caller,
    request: Request,
    named: tuple[str, str],
    asked: Mapping[str, Any],
    prefer: str,
    key: str | None,
) -> Response:
    for name, value in asked.items():
        if isinstance(value, dict):  # the JavaScript client sends itself, its token included
            message = "an object is no input; give an address, a data: URI or text"
            raise InvalidInputError(
                f"input.{name}: {message}", [FieldError(f"input.{name}", message)]
            )
    card = card_named(cs.offers, *named)
    inputs, ignored = inputs_of(card, asked)
    live = cs.settings.openai_run_mode == "live"
    path = "/replicate/v1/predictions"
    digest = digest_of({"model": card.id, "input": dict(asked)})
    claim = await cs.claims.claim(caller.credential, path, digest, key=key, marked=False)
    mode = RunMode.LIVE if live else RunMode.DRY_RUN
    once = OnceRequest(f"{claim.wish}:0", digest_of(inputs))
    try:
        started = await cs.generations.start(caller.workspace, card.id, inputs, mode, once)
        await cs.generations.wait(caller.workspace, started.take, _wait_of(prefer))
    except BaseException:
        await cs.claims.tell(claim.wish, Delivery.UNFINISHED)
        raise
    shown = await cs.views.takes.one(caller.workspace, started.take)
    told = await _told(cs, request, shown, asked, is_new=True)
    headers = {"x-callsheet-run-mode": "live" if live else "dry_run"}
    if ignored:
        headers["x-callsheet-ignored"] = ",".join(ignored)
    if claim.replayed:
        headers["Idempotent-Replay"] = "true"
    content = json.dumps(told).encode()
    return WishAnswer(content, headers, claims=cs.claims, wish=claim.wish, status=201)


def _wait_of(prefer: str) -> float:
    """Read how long to wait, in seconds: half a second less than the client does."""
    found = _WAIT.search(prefer)
    if found is None:
        return 0.0
    return max(0.0, min(_MOST_WAIT_S, int(found[1] or _USUAL_WAIT_S)) - 0.5)


async def _told(
    cs: Callsheet,
    request: Request,
    shown: ShownTake,
    asked: Mapping[str, Any] | None = None,
    *,
    is_new: bool = False,
) -> dict[str, Any]:
    """Write a take as a prediction; one that was just begun and is not done is `starting`."""
    take = shown.take
    status = _STATUSES.get(take.status, "starting")
    status = "starting" if is_new and take.status not in ENDED else status
    base = f"{str(request.base_url).rstrip('/')}{prefix_of(request)}/replicate/v1/predictions"
    error = str((take.error or {}).get("message", "")) or None
    times = take.times
    return {
        "id": take.id,
        "model": take.model,
        "version": "hidden",
        "input": dict(take.inputs if asked is None else asked),
        "logs": "",
        "output": await _output(cs, shown),
        "error": error if status == "failed" else None,
        "status": status,
        "created_at": times.created_at.isoformat(),
        "started_at": times.ordered_at.isoformat() if times.ordered_at else None,
        "completed_at": times.finished_at.isoformat() if times.finished_at else None,
        "urls": {"get": f"{base}/{take.id}", "cancel": f"{base}/{take.id}/cancel"},
        "metrics": {},
    }


async def _output(cs: Callsheet, shown: ShownTake) -> list[str] | None:
    """Give what was made: links over https, else in place, as its clients take no other links."""
    if not shown.made:
        return None
    found = []
    for made in shown.made:
        url = str(made["url"])
        if url.startswith("https:"):
            found.append(url)
            continue
        pieces = [piece async for piece in cs.views.files.content(made["sha256"])]
        content = b"".join(pieces)
        kind = made.get("mediaType", "application/octet-stream")
        inline = f"data:{kind};base64,{base64.b64encode(content).decode()}"
        found.append(inline if len(content) <= _MOST_INLINE else url)
    return found


@router.get(
    "/predictions/{take}", summary="One prediction", responses=documented(401, 403, 404, 503)
)
async def prediction(
    take: TakeName, request: Request, cs: Services, caller: Viewer
) -> dict[str, Any]:
    """Answer a prediction as it stands."""
    return await _told(cs, request, await cs.views.takes.one(caller.workspace, take))


@router.get("/predictions", summary="List predictions", responses=documented(401, 403, 422, 503))
async def predictions(
    request: Request,
    cs: Services,
    caller: Viewer,
    cursor: Annotated[str | None, Query(pattern="^tk_[0-9a-z]{20}$")] = None,
) -> dict[str, Any]:
    """List predictions, newest first, a hundred at a time, without what they made."""
    takes = await cs.views.takes.listed(caller.workspace, limit=101, before=cursor)
    shown = await cs.views.takes.shown(takes[:100])
    results = [await _told(cs, request, _bare(each)) for each in shown]
    base = f"{str(request.base_url).rstrip('/')}{prefix_of(request)}/replicate/v1/predictions"
    more = f"{base}?cursor={takes[99].id}" if len(takes) > 100 else None  # noqa: PLR2004  # a page
    return {"previous": None, "next": more, "results": results}


def _bare(shown: ShownTake) -> ShownTake:
    return ShownTake(shown.take, (), shown.next)


@router.post(
    "/predictions/{take}/cancel",
    summary="Cancel a prediction",
    responses=documented(401, 403, 404, 409, 503),
)
async def cancel(take: TakeName, request: Request, cs: Services, caller: Editor) -> dict[str, Any]:
    """Cancel a prediction; one that has ended stays as it is."""
    found = await cs.generations.take(caller.workspace, take)
    if found.status not in ENDED:
        await cs.control.cancel_single(caller.workspace, JobId(found.job))
    return await _told(cs, request, await cs.views.takes.one(caller.workspace, take))
