"""Gemini's generateContent in one process: the picture in the answer, refusals in HTTP 200."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
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

_STATUSES: Mapping[str, str] = {
    "key": "UNAUTHENTICATED",
    "forbidden": "PERMISSION_DENIED",
    "credit": "RESOURCE_EXHAUSTED",
    "unknown": "NOT_FOUND",
    "model": "NOT_FOUND",
    "busy": "RESOURCE_EXHAUSTED",
}
# Word for word, as Google's own command line tool was answered.
_MANAGE = "Please go to AI Studio at https://ai.studio/projects to manage your project and billing."
_LIMITED = (
    "You exceeded your current quota, please check your plan and billing details. For more"
    " information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits."
)
_FIELDS = {
    "prompt": Field("string", required=True),
    "aspect_ratio": Field("string", default="1:1"),
    "imageSize": Field("string", default="1K", choices=("512", "1K", "2K", "4K")),
    "image": Field("array", uri=True),
}
_INLINE = ("inlineData", "inline_data")
_PLAIN = str.maketrans("-_", "+/")
_PROMPT_TOKENS = 10
_REFERENCE_TOKENS = 260


@dataclass(frozen=True, slots=True)
class Counted(Model):
    """A model billed by tokens: how many a size counts, and the dollars that a million costs."""

    tokens: Mapping[str, int] | None = None
    image_out: int = 60
    into: str = "0.50"

    def counted(self, inputs: Mapping[str, Any]) -> tuple[int, int]:
        """Count what goes in and what comes out."""
        table = self.tokens or {}
        size = str(self.given(inputs, "imageSize"))
        return _PROMPT_TOKENS + _REFERENCE_TOKENS * len(inputs.get("image", ())), table[size]

    def price(self, inputs: Mapping[str, Any], units: int) -> Money:
        """Price the tokens."""
        into, out = self.counted(inputs)
        return Money(-(-into * Money.usd(self.into).micros // 1_000_000) + out * self.image_out)


def _model(name: str, tokens: Mapping[str, int], image_out: int) -> Model:
    return Counted(
        "", name, name, Money.usd("0.04"), 6.0, _FIELDS, tokens=tokens, image_out=image_out
    )


_SIZES = {"512": 747, "1K": 1_120, "2K": 1_680, "4K": 2_520}
_PRO = {"512": 1_120, "1K": 1_120, "2K": 1_120, "4K": 2_000}
OFFERED = (
    _model("gemini-2.5-flash-image", dict.fromkeys(_SIZES, 1_290), 30),
    _model("gemini-3.1-flash-image", _SIZES, 60),
    _model("gemini-3.1-flash-lite-image", dict.fromkeys(_SIZES, 1_120), 30),
    _model("gemini-3-pro-image", _PRO, 120),
    _model("gemini-nano-banana-2.1", dict.fromkeys(_SIZES, 1_120), 30),
)


class GeminiDialect(PlainDialect):
    """Errors as ``{"error": {code, message, status, details}}``."""

    name = "gemini"

    def token(self, request: Request) -> str:
        """Read the key."""
        return request.headers.get("x-goog-api-key", "")

    def error(self, status: int, kind: str, message: str) -> Response:
        """Word a refusal."""
        word = _STATUSES.get(kind, "INVALID_ARGUMENT")
        error = {"code": status, "message": message, "status": word, "details": []}
        return JSONResponse({"error": error}, status)

    def out_of_credit(self) -> Response:
        """Answer 429, like a limit: only the words tell them apart."""
        return self.error(429, "credit", f"Your prepayment credits are depleted. {_MANAGE}")

    def throttled(self, seconds: int, *, retry_after: bool) -> Response:
        """Answer 429, with the pause in the body, where this provider tells it."""
        detail = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{seconds}s"}
        error = {"code": 429, "message": _LIMITED, "status": "RESOURCE_EXHAUSTED"}
        told = {"error": {**error, "details": [detail] if retry_after else []}}
        return JSONResponse(told if retry_after else [told], 429)

    def told(self, order: Order) -> dict[str, Any]:
        """Nothing is told later."""
        return {}


def create_app(conditions: Conditions | None = None, *, ledger: Path | None = None) -> Starlette:
    """Make the service; it goes on where `ledger` ends."""
    service = Service(GeminiDialect(), OFFERED, conditions=conditions, ledger=ledger)

    async def answer(order: Order) -> Response:
        await order.until_ended()
        if order.status is not Status.SUCCEEDED:
            return _refused(order)
        if order.asked.faults.get("shape") == "null":
            parts: list[Any] = [{"text": "Here is your picture."}]
        else:
            data = base64.b64encode(await service.outputs.content(order)).decode()
            parts = [{"text": ""}, {"inlineData": {"mimeType": "image/png", "data": data}}]
        model = order.asked.model
        assert isinstance(model, Counted)  # noqa: S101  # all that are offered here are
        into, out = model.counted(order.asked.inputs)
        counts = {"promptTokenCount": into, "candidatesTokenCount": out}
        usage = {**counts, "totalTokenCount": into + out}
        candidate = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP"}
        told = {"candidates": [{**candidate, "index": 0}], "usageMetadata": usage}
        return JSONResponse({**told, "modelVersion": model.id, "responseId": order.id})

    async def models(_: Request) -> Response:
        return JSONResponse({"models": [{"name": f"models/{name}"} for name in service.models]})

    routes = [
        Route(
            "/v1/models/{model}:generateContent", service.creates(_wish, answer), methods=["POST"]
        ),
        Route("/v1/models", service.door.guarded("account", models)),
    ]
    return service.app(routes)


def _refused(order: Order) -> Response:
    """Word a refusal in each of its shapes: at the prompt, at the picture, or only in words."""
    match order.asked.faults.get("error"):
        case "nsfw":
            return JSONResponse({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}})
        case "sensitive":
            stopped = {"finishReason": "IMAGE_SAFETY", "finishMessage": order.error}
            return JSONResponse({"candidates": [stopped]})
        case _:
            stopped = {"finishReason": "NO_IMAGE", "finishMessage": order.error}
            return JSONResponse({"candidates": [stopped]})


def _address(part: Mapping[str, Any]) -> str:
    """Read a picture in either spelling of its names, and of base64, as protocol buffers do."""
    given = next(part[name] for name in _INLINE if name in part)
    kind = given.get("mimeType") or given["mime_type"]
    data = base64.b64decode(given["data"].translate(_PLAIN), validate=True)
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def _wish(request: Request, body: Any) -> Wish:
    dialect = GeminiDialect()
    try:
        parts = [part for content in body["contents"] for part in content["parts"]]
        config = body["generationConfig"]
        image = [_address(part) for part in parts if not part.keys().isdisjoint(_INLINE)]
    except (AttributeError, KeyError, TypeError, ValueError):
        raise RefusedError(dialect.error(400, "input", "contents: malformed")) from None
    if "IMAGE" not in config.get("responseModalities", ()):
        raise RefusedError(dialect.error(400, "input", "responseModalities: no IMAGE"))
    asked = config.get("imageConfig", {})
    inputs = {
        "prompt": " ".join(part["text"] for part in parts if "text" in part),
        "aspect_ratio": asked.get("aspectRatio", "1:1"),
        "imageSize": asked.get("imageSize", "1K"),
        **({"image": image} if image else {}),
    }
    return Wish(request.path_params["model"], inputs)
