"""OpenAI's image API in one process: one call, the picture in its answer, tokens counted."""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from callsheet.sim.core.conditions import Conditions
from callsheet.sim.core.orders import Order, Status
from callsheet.sim.core.plain import PlainDialect
from callsheet.sim.core.service import READ, RefusedError, Service, Wish
from callsheet.sim.openai_offer import OFFERED, output_tokens

_CODES: Mapping[str, str] = {
    "key": "invalid_api_key",
    "credit": "insufficient_quota",
    "model": "model_not_found",
    "moderation": "moderation_blocked",
    "busy": "rate_limit_exceeded",
}
_TYPES: Mapping[str, str] = {
    "credit": "insufficient_quota",
    "busy": "rate_limit_error",
    "moderation": "image_generation_user_error",
}
_BORN = 1_776_729_600  # when the first model here was published
_FORM = "callsheet.form"  # where a request keeps its form once it is read
_MODERATED = ("nsfw", "sensitive")
_TEXT_TOKENS = 12
_REFERENCE_TOKENS = 200


class OpenAIDialect(PlainDialect):
    """Errors as ``{"error": {message, type, param, code}}``."""

    name = "openai"

    def error(self, status: int, kind: str, message: str) -> Response:
        """Word a refusal."""
        code, type_ = _CODES.get(kind), _TYPES.get(kind, "invalid_request_error")
        error = {"message": message, "type": type_, "param": None, "code": code}
        return JSONResponse({"error": error}, status)

    def out_of_credit(self) -> Response:
        """Answer 429, with a code that tells it from a limit."""
        return self.error(429, "credit", "You exceeded your current quota.")

    def told(self, order: Order) -> dict[str, Any]:
        """Nothing is told later."""
        return {}


def create_app(conditions: Conditions | None = None, *, ledger: Path | None = None) -> Starlette:
    """Make the service; it goes on where `ledger` ends."""
    service = Service(OpenAIDialect(), OFFERED, conditions=conditions, ledger=ledger)

    async def tell(order: Order) -> Response:
        return await _picture(service, order)

    async def models(_: Request) -> Response:
        shared = {"object": "model", "created": _BORN, "owned_by": "system"}
        data = [{"id": name, **shared} for name in service.models]
        return JSONResponse({"object": "list", "data": data})

    async def edit(request: Request) -> Response:
        async with request.form(max_files=17, max_fields=20) as form:
            request.scope.update({_FORM: await _fields(form), READ: b"null"})
        return await service.creates(_edited, tell)(request)

    routes = [
        Route("/v1/images/generations", service.creates(_wish, tell), methods=["POST"]),
        Route("/v1/images/edits", edit, methods=["POST"]),
        Route("/v1/models", service.door.guarded("account", models)),
    ]
    return service.app(routes)


def _wish(_: Request, body: Any) -> Wish:
    inputs = body if isinstance(body, dict) else {}
    return Wish(str(inputs.get("model")), inputs)


def _edited(request: Request, _: Any) -> Wish:
    fields = request.scope[_FORM]
    if not fields["image"]:
        answer = OpenAIDialect().error(400, "input", "image: required")
        raise RefusedError(answer)
    return Wish(str(fields.get("model")), fields)


async def _fields(form: FormData) -> dict[str, Any]:
    """Read a form's texts, and its pictures as data URLs; one alone may be called `image`."""
    texts: dict[str, Any] = {name: value for name, value in form.items() if isinstance(value, str)}
    if texts.get("n", "").isdecimal():
        texts["n"] = int(texts["n"])  # a form has texts alone
    pictures = [
        f"data:{each.content_type};base64,{base64.b64encode(await each.read()).decode()}"
        for each in (*form.getlist("image[]"), *form.getlist("image"))
        if isinstance(each, UploadFile)
    ]
    return {**texts, "image": pictures}


async def _picture(service: Service, order: Order) -> Response:
    await order.until_ended()
    headers = {"x-request-id": f"req_{order.id}", "x-ratelimit-remaining-requests": "59"}
    if order.status is not Status.SUCCEEDED:
        moderated = order.asked.faults.get("error") in _MODERATED
        dialect = service.dialect
        return dialect.moderated() if moderated else dialect.server_error(500)
    inputs = order.asked.inputs
    images = _REFERENCE_TOKENS * len(inputs.get("image", ()))
    counted = output_tokens(order.asked.model, inputs)
    usage = {
        "input_tokens": _TEXT_TOKENS + images,
        "input_tokens_details": {"text_tokens": _TEXT_TOKENS, "image_tokens": images},
        "output_tokens": counted,
        "total_tokens": _TEXT_TOKENS + images + counted,
    }
    content = base64.b64encode(await service.outputs.content(order)).decode()
    told = {
        "created": int(order.created_at),
        "data": [] if order.asked.faults.get("shape") == "null" else [{"b64_json": content}],
        "size": inputs.get("size"),
        "quality": inputs.get("quality"),
        "output_format": inputs.get("output_format", "png"),
        "usage": usage,
    }
    return JSONResponse(told, headers=headers)
