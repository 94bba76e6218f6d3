"""The Lovable AI gateway in one process: OpenAI-shaped chat whose answer holds a picture."""

import base64
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from callsheet.kernel.money import Money
from callsheet.sim.core.conditions import Conditions
from callsheet.sim.core.models import Field, Model
from callsheet.sim.core.orders import Order, Status
from callsheet.sim.core.plain import PlainDialect
from callsheet.sim.core.service import RefusedError, Service, Wish

_BORN = 1_772_064_000  # when the model here was published
_FIELDS = {"prompt": Field("string", required=True), "image": Field("array", uri=True)}
# Workspace credits have no published price for a picture; what Google asks itself is taken.
OFFERED = (
    Model(
        "google",
        "gemini-3.1-flash-image",
        "Nano Banana 2",
        Money.usd("0.0672"),
        6.0,
        _FIELDS,
    ),
)


class LovableDialect(PlainDialect):
    """Errors as ``{"error": text}``."""

    name = "lovable"

    def told(self, order: Order) -> dict[str, Any]:
        """Nothing is told later."""
        return {}


def create_app(conditions: Conditions | None = None, *, ledger: Path | None = None) -> Starlette:
    """Make the service; it goes on where `ledger` ends."""
    service = Service(LovableDialect(), OFFERED, conditions=conditions, ledger=ledger)

    async def answer(order: Order) -> Response:
        await order.until_ended()
        if order.asked.faults.get("error") == "sensitive":
            stopped = {"role": "assistant", "content": None, "refusal": None}
            return _chat(order, stopped, finished="content_filter")
        if order.status is not Status.SUCCEEDED:
            said = f"I could not make this picture. {order.error}"
            return _chat(order, {"role": "assistant", "content": said})
        if order.asked.faults.get("shape") == "null":
            return _chat(order, {"role": "assistant", "content": "Here you are."})
        content = base64.b64encode(await service.outputs.content(order)).decode()
        image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{content}"}}
        return _chat(order, {"role": "assistant", "content": "", "images": [image]})

    async def models(_: Request) -> Response:
        shared = {"object": "model", "created": _BORN, "owned_by": "google"}
        data = [{"id": name, **shared} for name in service.models]
        return JSONResponse({"object": "list", "data": data})

    routes = [
        Route("/v1/chat/completions", service.creates(_wish, answer), methods=["POST"]),
        Route("/v1/models", service.door.guarded("account", models)),
    ]
    return service.app(routes)


def _chat(order: Order, message: dict[str, Any], finished: str = "stop") -> Response:
    told = {
        "id": order.id,
        "object": "chat.completion",
        "created": int(order.created_at),
        "model": order.asked.model.id,
        "choices": [{"index": 0, "finish_reason": finished, "message": message}],
        "usage": {"prompt_tokens": 300, "completion_tokens": 1_290, "total_tokens": 1_590},
    }
    return JSONResponse(told)


def _wish(_: Request, body: Any) -> Wish:
    """Read a chat of one message: its text, and the pictures in it."""
    try:
        content = body["messages"][-1]["content"]
        written = isinstance(content, str)
        parts: list[Any] = [{"type": "text", "text": content}] if written else content
        texts = [part["text"] for part in parts if part["type"] == "text"]
        images = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
    except (KeyError, IndexError, TypeError):
        raise RefusedError(LovableDialect().error(400, "input", "messages: malformed")) from None
    if "image" not in body.get("modalities", ()):
        raise RefusedError(LovableDialect().error(400, "input", "modalities: no image"))
    inputs = {"prompt": " ".join(texts), **({"image": images} if images else {})}
    return Wish(str(body.get("model")), inputs)
