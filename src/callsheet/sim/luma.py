"""Luma's HTTP API in one process: generations, listed with what was asked, told by callbacks."""

from collections.abc import Mapping
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

_ROOT = "/dream-machine/v1/generations"
_STATES: Mapping[Status, str] = {
    Status.STARTING: "queued",
    Status.PROCESSING: "dreaming",
    Status.SUCCEEDED: "completed",
}
_MOST_LISTED = 100
_FIELDS = {
    "prompt": Field("string", required=True),
    "aspect_ratio": Field(
        "string", default="16:9", choices=("1:1", "16:9", "9:16", "4:3", "3:4", "21:9", "9:21")
    ),
}
_CLIP = {
    **_FIELDS,
    "duration": Field("string", default="5s", choices=("5s", "9s")),
    "resolution": Field("string", default="720p", choices=("540p", "720p", "1080p", "4k")),
    "frame0": Field("object", uri=True),
    "frame1": Field("object", uri=True),
}
_PICTURE = {**_FIELDS, "image_ref": Field("array", uri=True), "style_ref": Field("array", uri=True)}


def _clip(name: str, unit: str) -> Model:
    return Model("", name, name, Money.usd(unit), 60.0, _CLIP, Makes.CLIP)


# Prices are not published with the SDK; these are assumed.
OFFERED = (
    _clip("ray-2", "0.14"),
    _clip("ray-flash-2", "0.05"),
    Model("", "photon-1", "photon-1", Money.usd("0.016"), 8.0, _PICTURE),
    Model("", "photon-flash-1", "photon-flash-1", Money.usd("0.002"), 4.0, _PICTURE),
)


class LumaDialect(PlainDialect):
    """Errors as ``{"detail": text}``; the generation itself is what a callback carries."""

    name = "luma"

    def error(self, status: int, kind: str, message: str) -> Response:
        """Word a refusal."""
        return JSONResponse({"detail": message}, status)

    def told(self, order: Order) -> dict[str, Any]:
        """Describe a generation."""
        what = "video" if order.asked.model.makes is Makes.CLIP else "image"
        done = order.status is Status.SUCCEEDED and order.output
        failed = order.ended and order.status is not Status.SUCCEEDED
        return {
            "id": order.id,
            "state": "failed" if failed else _STATES[order.status],
            "failure_reason": order.error,
            "created_at": stamped(order.created_at),
            "model": order.asked.model.id,
            "generation_type": what,
            "assets": {what: order.output[0]} if done else None,
            "request": order.asked.note["request"],
        }

    def letter(self, event: str, order: Order) -> bytes | None:
        """Call when it begins and when it has ended."""
        return order.body() if event in {"start", "completed"} else None


def create_app(conditions: Conditions | None = None, *, ledger: Path | None = None) -> Starlette:
    """Make the service; it goes on where `ledger` ends."""
    service = Service(LumaDialect(), OFFERED, conditions=conditions, ledger=ledger)

    async def told(order: Order) -> Response:
        return JSONResponse(order.told(), 201)

    async def read(order: Order) -> Response:
        return JSONResponse(order.told())

    async def listed(request: Request) -> Response:
        try:
            limit = min(int(request.query_params.get("limit", 10)), _MOST_LISTED)
            offset = int(request.query_params.get("offset", 0))
        except ValueError:
            return service.invalid("limit", "must be a number")
        newest = list(service.orders)[::-1]
        page = newest[offset : offset + limit]
        more = len(newest) > offset + limit
        generations = [order.told() for order in page]
        return JSONResponse({"has_more": more, "count": len(page), "generations": generations})

    def find(request: Request) -> Order | None:
        return service.orders.find(request.path_params["id"])

    routes = [
        Route(f"{_ROOT}/{{kind}}", service.creates(_wish, told), methods=["POST"]),
        Route(_ROOT, service.door.guarded("list", listed)),
        Route(f"{_ROOT}/{{id}}", service.about("get", find, read)),
    ]
    return service.app(routes)


def _wish(request: Request, body: Any) -> Wish:
    if not isinstance(body, dict) or request.path_params["kind"] not in {"video", "image"}:
        raise RefusedError(LumaDialect().not_found())
    asked = {name: value for name, value in body.items() if name != "callback_url"}
    frames = body.get("keyframes") or {}
    named = {name: value for name, value in asked.items() if name not in {"model", "keyframes"}}
    inputs = {**named, **frames}
    events = ("start", "completed")
    hook, note = body.get("callback_url"), {"request": body}
    return Wish(str(body.get("model")), inputs, hook, events, note=note)
