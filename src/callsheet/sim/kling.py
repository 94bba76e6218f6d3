"""Kling's own API in one process: signed tokens, tasks under the buyer's ids, callbacks."""

import base64
import binascii
import json
import secrets
import time
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
from callsheet.sim.core.dialect import bearer
from callsheet.sim.core.models import Field, Makes, Model
from callsheet.sim.core.orders import Order, Status
from callsheet.sim.core.plain import PlainDialect
from callsheet.sim.core.service import RefusedError, Service, Wish

SAMPLE_KEY = "access:secret-of-the-tests"  # a key of the form that it takes
UNIT_MICROS = 140_000  # a unit of the prepaid packages, at list price
_STATES: Mapping[Status, str] = {
    Status.STARTING: "submitted",
    Status.PROCESSING: "processing",
    Status.SUCCEEDED: "succeed",
}
_CODES: Mapping[str, int] = {
    "key": 1002,
    "forbidden": 1003,
    "credit": 1102,
    "unknown": 1203,
    "model": 1203,
    "input": 1201,
    "moderation": 1301,
    "busy": 1302,
}
_TASK = {
    "model_name": Field("string", required=True),
    "external_task_id": Field("string"),
    "prompt": Field("string", required=True),
}
_CLIP = {
    **_TASK,
    "duration": Field("string", default="5"),
    "aspect_ratio": Field("string", default="16:9"),
    "mode": Field("string", default="std", choices=("std", "pro")),
    "image": Field("string"),
    "image_tail": Field("string"),
}
_PICTURE = {
    **_TASK,
    "aspect_ratio": Field("string", default="1:1"),
    "image": Field("string"),
}


def _clip(name: str, std: str, pro: str) -> Model:
    rates = {"std": Money.usd(std), "pro": Money.usd(pro)}
    return Model(
        "", name, name, Money.usd(std), 60.0, _CLIP, Makes.CLIP, rated_by="mode", rates=rates
    )


@dataclass(frozen=True, slots=True)
class Drawn(Model):
    """A picture, which costs twice as much where it begins with another."""

    def price(self, inputs: Mapping[str, Any], units: int) -> Money:
        """Price so many pictures."""
        return self.unit * units * (2 if inputs.get("image") else 1)


# As Kling's own list of 2026-08-12 has them.
OFFERED = (
    _clip("videos:kling-v3", "0.084", "0.112"),
    _clip("videos:kling-v2-6", "0.042", "0.07"),
    _clip("videos:kling-v2-5-turbo", "0.042", "0.07"),
    _clip("videos:kling-v2-master", "0.28", "0.28"),
    Drawn("", "images:kling-v2-1", "kling-v2-1", Money.usd("0.014"), 8.0, _PICTURE),
    Drawn("", "images:kling-v2", "kling-v2", Money.usd("0.014"), 8.0, _PICTURE),
)


class KlingDialect(PlainDialect):
    """Everything as ``{code, message, request_id, data}``."""

    name = "kling"

    def token(self, request: Request) -> str:
        """Read whose token it is, if its times are right; its signature is taken on trust."""
        try:
            middle = bearer(request, "bearer").split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(middle + "=="))
            good = claims["nbf"] <= time.time() <= claims["exp"]
            return str(claims["iss"]) if good else ""
        except (IndexError, KeyError, TypeError, ValueError, binascii.Error):
            return ""

    def new_id(self) -> str:
        """Make a task's id: a long number."""
        return str(secrets.randbelow(9 * 10**17) + 10**17)

    def error(self, status: int, kind: str, message: str) -> Response:
        """Word a refusal."""
        told = {"code": _CODES.get(kind, 5000), "message": message, "request_id": self.new_id()}
        return JSONResponse(told, 429 if kind == "credit" else status)

    def told(self, order: Order) -> dict[str, Any]:
        """Describe a task; a callback carries it bare."""
        data: dict[str, Any] = {
            "task_id": order.id,
            "task_status": _STATES.get(order.status, "failed"),
            "task_status_msg": order.error or "",
            "task_info": {"external_task_id": order.asked.mark},
            "created_at": int(order.created_at * 1_000),
        }
        if order.ended:
            data["final_unit_deduction"] = str(order.charged.micros / UNIT_MICROS)
        if order.status is Status.SUCCEEDED:
            what = "videos" if order.asked.model.makes is Makes.CLIP else "images"
            made = [{"id": order.id, "url": url} for url in order.output]
            data["task_result"] = {what: made}
        return data

    def letter(self, event: str, order: Order) -> bytes | None:
        """Call on each change of status."""
        return order.body() if event in {"start", "completed"} else None


def create_app(conditions: Conditions | None = None, *, ledger: Path | None = None) -> Starlette:
    """Make the service; it goes on where `ledger` ends."""
    service = Service(KlingDialect(), OFFERED, conditions=conditions, ledger=ledger)

    async def told(order: Order) -> Response:
        head = {"code": 0, "message": "SUCCEED", "request_id": order.id}
        return JSONResponse({**head, "data": order.told()})

    async def listed(_: Request) -> Response:
        return JSONResponse({"code": 0, "message": "SUCCEED", "data": []})

    def find(request: Request) -> Order | None:
        asked = request.path_params["id"]
        found = service.orders.find(asked)
        if found is not None:
            return found
        return next((order for order in service.orders if order.asked.mark == asked), None)

    place = "/v1/{what}/{kind}"
    routes = [
        Route(place, service.creates(_wish, told), methods=["POST"]),
        Route(place, service.door.guarded("list", listed)),
        Route(f"{place}/{{id}}", service.about("get", find, told)),
    ]
    return service.app(routes)


def _wish(request: Request, body: Any) -> Wish:
    if not isinstance(body, dict):
        raise RefusedError(KlingDialect().error(400, "input", "an object is expected"))
    for name in ("image", "image_tail"):
        if str(body.get(name, "")).startswith("data:"):
            raise RefusedError(KlingDialect().error(400, "input", f"{name} must be bare base64"))
    model = f"{request.path_params['what']}:{body.get('model_name')}"
    hook, mark = body.get("callback_url"), str(body.get("external_task_id", ""))
    return Wish(model, body, hook, ("start", "completed"), mark=mark)
