"""`/v1/models`: the cards that can be ordered, as OpenAI lists models."""

from typing import Annotated, Any, Final

from fastapi import Path

from callsheet.line.offers import Offer
from callsheet.web.entry import Services, Viewer
from callsheet.web.openai.mapping import card_named
from callsheet.web.openai.shape import OPENAI, documented
from callsheet.web.routes import GuardedRouter

router = GuardedRouter(prefix="/v1/models", tags=["openai"], errors=OPENAI)
_CREATED: Final = 0  # cards carry no birthday, and clients insist on a number


def _told(offer: Offer) -> dict[str, Any]:
    card = offer.card
    return {
        "id": card.id,
        "object": "model",
        "created": _CREATED,
        "owned_by": card.provider,
        "callsheet": {
            "title": card.title,
            "kind": str(card.kind),
            "from_usd": str(offer.price),
            "estimated": card.estimated,
            "inputs": sorted(card.inputs.model_fields),
        },
    }


@router.get("", summary="List models", responses=documented(401, 403, 503))
async def models(cs: Services, caller: Viewer) -> dict[str, Any]:
    """List the models that can be ordered, each with its price and the names of its inputs."""
    offers = await cs.offers.listed(caller.workspace)
    return {"object": "list", "data": [_told(offer) for offer in offers if offer.closed is None]}


@router.get(
    "/{model:path}", summary="One model", responses=documented(400, 401, 403, 404, 422, 503)
)
async def model(
    model: Annotated[str, Path(max_length=200)], cs: Services, caller: Viewer
) -> dict[str, Any]:
    """Answer one model by `provider/model`, or by a bare name of OpenAI's."""
    card = card_named(cs.offers, model)
    return _told(await cs.offers.one(caller.workspace, card.id))
