"""Where providers call: each webhook is verified before anything of it is kept."""

from typing import Annotated

from fastapi import Path, Query, Request
from pydantic import BaseModel

from callsheet.web.entry import Services
from callsheet.web.json_bodies import check_json
from callsheet.web.limits import MOST_VALUES
from callsheet.web.problems import documented
from callsheet.web.routes import GuardedRouter

router = GuardedRouter(tags=["webhooks"])


class Taken(BaseModel):
    """The webhook was accepted, now or when it came before."""

    status: str = "ok"


@router.post(
    "/webhooks/{provider}/{take}",
    summary="A provider's webhook",
    responses=documented(401, 404, 409, 413, 422, 503),
)
async def webhook(
    provider: Annotated[str, Path(max_length=100)],
    take: Annotated[str, Path(max_length=100)],
    request: Request,
    cs: Services,
    token: Annotated[str, Query(max_length=100)] = "",
) -> Taken:
    """Accept a provider's webhook about one of our orders, if its signature is good."""
    body = await request.body()
    await check_json(body, most_values=MOST_VALUES)
    await cs.webhook_inbox.receive(provider, take, token, request.headers, body)
    return Taken()
