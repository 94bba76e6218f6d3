"""`POST /v1/images/generations`: pictures from a prompt, for OpenAI's own clients."""

import asyncio
import base64
import json
import time
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal

from fastapi import Header, Response
from pydantic import BaseModel, Field

from callsheet.accounts.model import Caller
from callsheet.controls.model import Request as OnceRequest
from callsheet.controls.wishes import Delivery
from callsheet.intake.model import RunMode
from callsheet.kernel.digests import digest_of
from callsheet.kernel.money import Money
from callsheet.line.single import Started
from callsheet.takes.model import ENDED, Take, TakeStatus
from callsheet.views.takes import ShownTake
from callsheet.web.entry import Editor, IdempotencyKey, Services
from callsheet.web.errors import ModelNotFoundError
from callsheet.web.openai.errors import (
    OrderInDoubtError,
    ParameterRefusedError,
    TakeNotMadeError,
)
from callsheet.web.openai.mapping import Mapped, card_named, mapped
from callsheet.web.openai.shape import OPENAI, documented
from callsheet.web.routes import GuardedRouter
from callsheet.web.wish_answers import WishAnswer
from callsheet.wiring import Callsheet

router = GuardedRouter(prefix="/v1/images", tags=["openai"], errors=OPENAI)
PATH: Final = "/v1/images/generations"
_WAIT_S: Final = 580.0  # clients give up after 600
_SIGN_OF_LIFE_S: Final = 15.0


class Extras(BaseModel, extra="forbid"):
    """What only callsheet knows: `fresh` asks for something new whatever was asked before."""

    run_mode: Literal["dry_run", "live"] | None = None
    max_price: Annotated[float | None, Field(gt=0, le=10_000)] = None
    fresh: str = ""


class ImageRequest(BaseModel, extra="allow"):
    """A request as OpenAI's clients send it; parameters that the card has no field for are told."""

    prompt: Annotated[str, Field(min_length=1, max_length=32_000)]
    model: Annotated[str, Field(max_length=200)] = ""
    n: Annotated[int | None, Field(ge=1, le=10)] = None
    size: Annotated[str | None, Field(max_length=30)] = None
    response_format: Literal["b64_json", "url"] | None = None
    stream: bool | None = None
    callsheet: Extras = Extras()


@router.post(
    "/generations",
    summary="Make pictures from a prompt",
    response_model=dict[str, Any],
    responses=documented(400, 401, 402, 403, 404, 413, 415, 422, 424, 502, 503),
)
async def generate(
    body: ImageRequest,
    cs: Services,
    caller: Editor,
    idempotency_key: IdempotencyKey = None,
    retries: Annotated[str, Header(alias="x-stainless-retry-count", max_length=10)] = "0",
) -> Response:
    """Make `n` pictures; a repeat of a request whose answer was lost orders nothing new."""
    began = time.monotonic()
    if body.stream:
        raise ParameterRefusedError("stream", "pictures are answered whole; leave it out", True)
    asked = body.model_dump(exclude_none=True, exclude={"callsheet"})
    name = body.model or cs.settings.openai_model
    if not name:
        raise ModelNotFoundError("", "name one, or set CALLSHEET_OPENAI_MODEL")
    wanted = mapped(card_named(cs.offers, name), asked)
    live = (body.callsheet.run_mode or cs.settings.openai_run_mode) == "live"
    count = body.n or 1
    await _allowed(cs, wanted, count, body.callsheet.max_price)
    claim = await cs.claims.claim(
        caller.credential,
        PATH,
        digest_of({**asked, "callsheet": body.callsheet.model_dump()}),
        key=idempotency_key,
        marked=retries.isdigit() and int(retries) > 0,
    )
    try:
        takes = await _made(cs, caller, wanted, count, claim.wish, live=live)
    except BaseException:
        await asyncio.shield(cs.claims.tell(claim.wish, Delivery.UNFINISHED))
        raise
    content = await _content(cs, takes, links=body.response_format == "url")
    headers = {
        "x-request-id": claim.wish,
        "openai-processing-ms": str(round((time.monotonic() - began) * 1_000)),
        "x-callsheet-take": ",".join(each.take.id for each in takes),
        "x-callsheet-model": wanted.card.id,
        "x-callsheet-cost": str(sum((each.take.charged for each in takes), Money())),
        "x-callsheet-run-mode": "live" if live else "dry_run",
    }
    if wanted.ignored:
        headers["x-callsheet-ignored"] = ",".join(wanted.ignored)
    if claim.replayed:
        headers["Idempotent-Replay"] = "true"
    return WishAnswer(content, headers, claims=cs.claims, wish=claim.wish)


async def _allowed(cs: Callsheet, wanted: Mapped, count: int, most: float | None) -> None:
    """Refuse what is dearer than the client wants. Raises ParameterRefusedError."""
    if most is None:
        return
    quoted = await cs.generations.quote(wanted.card.id, wanted.inputs)
    total = quoted.price * count
    if total > Money.usd(str(most)):
        said = f"{count} of {wanted.card.id} cost ${total}; nothing was ordered"
        raise ParameterRefusedError("callsheet.max_price", said, most)


async def _made(
    cs: Callsheet, caller: Caller, wanted: Mapped, count: int, wish: str, *, live: bool
) -> Sequence[ShownTake]:
    """Have the takes of a wish made, each once however often it is asked for."""
    mode = RunMode.LIVE if live else RunMode.DRY_RUN
    started: list[Started] = []
    digest = digest_of(dict(wanted.inputs))
    for place in range(count):
        once = OnceRequest(f"{wish}:{place}", digest)
        started.append(
            await cs.generations.start(caller.workspace, wanted.card.id, wanted.inputs, mode, once)
        )
    until = time.monotonic() + _WAIT_S
    ended: list[Take] = []
    for each in started:
        while True:
            left = min(_SIGN_OF_LIFE_S, until - time.monotonic())
            take = await cs.generations.wait(caller.workspace, each.take, max(0.0, left))
            if take.status in ENDED or left <= 0 or take.status is TakeStatus.IN_DOUBT:
                break
            await cs.claims.alive(wish)
        ended.append(take)
    return await cs.views.takes.shown([_checked(take) for take in ended])


def _checked(take: Take) -> Take:
    """Raise TakeNotMadeError, OrderInDoubtError unless a take was made."""
    if take.status is TakeStatus.SUCCEEDED:
        return take
    if take.status not in ENDED:
        raise OrderInDoubtError(take.id)
    error: Mapping[str, Any] = take.error or {}
    raise TakeNotMadeError(str(error.get("code", "failed")), str(error.get("message", "not made")))


async def _content(cs: Callsheet, takes: Sequence[ShownTake], *, links: bool) -> bytes:
    data = []
    for each in takes:
        made = each.made[0]
        if links:
            data.append({"url": made["url"]})
        else:
            pieces = [piece async for piece in cs.views.files.content(made["sha256"])]
            data.append({"b64_json": base64.b64encode(b"".join(pieces)).decode()})
    usage = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}
    usage_details = {"input_tokens_details": {"image_tokens": 0, "text_tokens": 0}}
    told = {"created": int(time.time()), "data": data, "usage": {**usage, **usage_details}}
    return await asyncio.to_thread(lambda: json.dumps(told).encode())
