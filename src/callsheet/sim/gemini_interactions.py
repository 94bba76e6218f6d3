"""Gemini's Interactions in one process: background work, steps, thin webhooks, files by address."""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from callsheet.kernel.money import Money
from callsheet.sim.core.conditions import Conditions, stamped
from callsheet.sim.core.models import Field, Makes, Model
from callsheet.sim.core.orders import Order, Status
from callsheet.sim.core.plain import PlainDialect
from callsheet.sim.core.service import RefusedError, Service, Wish

_ROOT = "/v1/interactions"
_TOKENS_PER_SECOND = 5_714  # at 720p, which comes to a tenth of a dollar
_INPUT_TOKENS = 20
_STATES: Mapping[Status, str] = {
    Status.STARTING: "queued",
    Status.PROCESSING: "in_progress",
    Status.SUCCEEDED: "completed",
    Status.FAILED: "failed",
}
_FIELDS = {
    "prompt": Field("string", required=True),
    "aspect_ratio": Field("string", default="16:9", choices=("16:9", "9:16")),
    "duration": Field("string", default="6s"),
    "image": Field("array", uri=True),
}


@dataclass(frozen=True, slots=True)
class Counted(Model):
    """A model billed by tokens: half-dollars for a million out, and 1.50 dollars for one in."""

    halves_out: int = 35

    def price(self, inputs: Mapping[str, Any], units: int) -> Money:
        """Price the seconds' tokens."""
        return Money(-(-(units * _TOKENS_PER_SECOND * self.halves_out + _INPUT_TOKENS * 3) // 2))


OFFERED = tuple(
    Counted("", name, name, Money.usd("0.10"), 60.0, _FIELDS, Makes.CLIP, halves_out=halves)
    for name, halves in (("gemini-omni-1.1-flash", 35), ("gemini-omni-1.2-flash", 24))
)


class InteractionsDialect(PlainDialect):
    """Errors as ``{"error": {code, message}}`` with a code in words."""

    name = "gemini_interactions"

    def token(self, request: Request) -> str:
        """Read the key."""
        return request.headers.get("x-goog-api-key", "")

    def error(self, status: int, kind: str, message: str) -> Response:
        """Word a refusal."""
        return JSONResponse({"error": {"code": kind, "message": message}}, status)

    def out_of_credit(self) -> Response:
        """Answer 429, like a limit: only the words tell them apart."""
        return self.error(429, "resource_exhausted", "Your prepayment credits are depleted.")

    def told(self, order: Order) -> dict[str, Any]:
        """Describe an interaction."""
        told: dict[str, Any] = {
            "id": order.id,
            "status": _STATES.get(order.status, "cancelled"),
            "model": order.asked.model.id,
            "created": stamped(order.created_at),
            "updated": stamped(order.completed_at or order.started_at or order.created_at),
            "steps": [],
        }
        if order.status is Status.FAILED:
            told["errors"] = [{"code": "failed", "message": order.error}]
        if order.status is Status.SUCCEEDED:
            blocks = [
                {"type": "video", "uri": url, "mime_type": "video/mp4"} for url in order.output
            ]
            told["steps"] = [{"type": "model_output", "content": blocks}]
            out = order.asked.model.units(order.asked.inputs) * _TOKENS_PER_SECOND
            counts = {"total_input_tokens": _INPUT_TOKENS, "total_output_tokens": out}
            told["usage"] = {**counts, "total_tokens": _INPUT_TOKENS + out}
        return told

    def letter(self, event: str, order: Order) -> bytes | None:
        """Call once, and say little."""
        if event != "completed":
            return None
        return json.dumps({"type": "interaction.completed", "data": {"id": order.id}}).encode()

    def lie(self, order: Order) -> bytes:
        """Speak of an interaction that is nobody's."""
        return json.dumps({"type": "interaction.completed", "data": {"id": "ix-forged"}}).encode()


def create_app(conditions: Conditions | None = None, *, ledger: Path | None = None) -> Starlette:
    """Make the service; it goes on where `ledger` ends."""
    service = Service(InteractionsDialect(), OFFERED, conditions=conditions, ledger=ledger)

    async def told(order: Order) -> Response:
        return JSONResponse(order.told())

    async def stopped(order: Order) -> Response:
        service.orders.cancel(order)
        return JSONResponse(order.told())

    async def models(_: Request) -> Response:
        return JSONResponse({"models": [{"name": f"models/{name}"} for name in service.models]})

    def find(request: Request) -> Order | None:
        return service.orders.find(request.path_params["id"])

    routes = [
        Route(_ROOT, service.creates(_wish, told), methods=["POST"]),
        Route(f"{_ROOT}/{{id}}", service.about("get", find, told)),
        Route(f"{_ROOT}/{{id}}/cancel", service.about("cancel", find, stopped), methods=["POST"]),
        Route("/v1/models", service.door.guarded("account", models)),
    ]
    return service.app(routes)


def _blocks(given: Any) -> Iterator[Any]:
    """Read the blocks of an input: words alone, blocks, or steps of a user that hold them."""
    if isinstance(given, str):
        yield {"type": "text", "text": given}
        return
    for each in given:
        if each["type"] == "user_input":
            yield from _blocks(each["content"])
        else:
            yield each


def _wish(_: Request, body: Any) -> Wish:
    dialect = InteractionsDialect()
    try:
        blocks, shape = list(_blocks(body["input"])), body["response_format"]
        shape = shape[0] if isinstance(shape, list) else shape
        texts = [block["text"] for block in blocks if block["type"] == "text"]
        pictures = [block for block in blocks if block["type"] == "image"]
        for picture in pictures:
            base64.b64decode(picture["data"], validate=True)
        aspect, duration = shape.get("aspect_ratio", "16:9"), shape.get("duration", "6s")
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        raise RefusedError(dialect.error(400, "invalid_argument", "input: malformed")) from None
    if not blocks:
        raise RefusedError(dialect.error(400, "invalid_argument", "input: nothing is asked"))
    if not body.get("background"):
        raise RefusedError(dialect.error(400, "invalid_argument", "video needs background"))
    image = [f"data:{each['mime_type']};base64,{each['data']}" for each in pictures]
    inputs = {
        "prompt": " ".join(texts),
        "aspect_ratio": aspect,
        "duration": duration,
        **({"image": image} if image else {}),
    }
    hooks = body.get("webhook_config", {}).get("uris", [])
    return Wish(str(body.get("model")), inputs, hooks[0] if hooks else None)
