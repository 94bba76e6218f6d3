"""Where providers call: each webhook is verified before anything of it is kept."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel

from callsheet.web.entry import Services
from callsheet.web.errors import BodyTooLargeError
from callsheet.web.problems import documented

router = APIRouter(tags=["webhooks"])
MAX_WEBHOOK: Final = 4 * 1024**2


class Taken(BaseModel):
    """The webhook was taken in, or had been before."""

    status: str = "ok"


@router.post(
    "/webhooks/{provider}/{take}",
    summary="A provider tells of an order",
    responses=documented(401, 404, 409, 413, 422, 503),
)
async def webhook(
    provider: Annotated[str, Path(max_length=100)],
    take: Annotated[str, Path(max_length=100)],
    request: Request,
    cs: Services,
    token: Annotated[str, Query(max_length=100)] = "",
) -> Taken:
    """Take in what a provider tells of one of our orders; its signature must fit."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_WEBHOOK:
            raise BodyTooLargeError(MAX_WEBHOOK)
    await cs.post.receive(provider, take, token, request.headers, bytes(body))
    return Taken()
