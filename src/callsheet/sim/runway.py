"""Runway's HTTP API in one process: tasks, credits told before and after, no webhooks."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from callsheet.sim.core.conditions import Conditions, stamped
from callsheet.sim.core.models import Problem
from callsheet.sim.core.orders import Order, Status
from callsheet.sim.core.plain import PlainDialect
from callsheet.sim.core.service import RefusedError, Service, Wish
from callsheet.sim.runway_offer import BY_ENDPOINT, CENT, OFFERED

_VERSION = "2024-11-06"
_THROTTLED_FROM_S = 1.0  # an order that waits longer for its turn says so
_STATES: Mapping[Status, str] = {
    Status.STARTING: "PENDING",
    Status.PROCESSING: "RUNNING",
    Status.SUCCEEDED: "SUCCEEDED",
    Status.FAILED: "FAILED",
    Status.CANCELED: "CANCELLED",
    Status.ABORTED: "CANCELLED",
}


class RunwayDialect(PlainDialect):
    """Errors as ``{"error": text}``; tasks with what they cost."""

    name = "runway"

    def out_of_credit(self) -> Response:
        """Answer 400: Runway has no status of its own for it."""
        return self.error(400, "credit", "You do not have enough credits to run this task.")

    def told(self, order: Order) -> dict[str, Any]:
        """Describe a task."""
        state = _STATES[order.status]
        queue = float(order.asked.faults.get("queue") or 0)
        if state == "PENDING" and queue >= _THROTTLED_FROM_S:
            state = "THROTTLED"
        told: dict[str, Any] = {
            "id": order.id,
            "status": state,
            "createdAt": stamped(order.created_at),
        }
        if not order.ended:
            told["estimatedCost"] = {"credits": order.quote.micros // CENT}
            return {**told, "progress": 0.5} if state == "RUNNING" else told
        told["cost"] = {"credits": order.charged.micros / CENT}
        if order.status is Status.SUCCEEDED:
            told["output"] = order.output
        if order.status is Status.FAILED:
            safety = order.asked.faults.get("error") in {"nsfw", "sensitive"}
            told["failure"] = order.error
            told["failureCode"] = "SAFETY.INPUT.TEXT" if safety else "INTERNAL.BAD_OUTPUT.CODE01"
        return told


def create_app(conditions: Conditions | None = None, *, ledger: Path | None = None) -> Starlette:
    """Make the service; it goes on where `ledger` ends."""
    service = Service(RunwayDialect(), OFFERED, conditions=conditions, ledger=ledger)

    async def accepted(order: Order) -> Response:
        credits_held = order.quote.micros // CENT
        return JSONResponse({"id": order.id, "estimatedCost": {"credits": credits_held}})

    async def told(order: Order) -> Response:
        return JSONResponse(order.told())

    async def stopped(order: Order) -> Response:
        service.orders.cancel(order)
        return Response(status_code=204)

    async def organization(_: Request) -> Response:
        tier = {"maxMonthlyCreditSpend": 10_000_000, "models": {}}
        return JSONResponse({"creditBalance": 100_000, "tier": tier, "usage": {"models": {}}})

    def find(request: Request) -> Order | None:
        return service.orders.find(request.path_params["id"])

    task = "/v1/tasks/{id}"
    routes = [
        Route("/v1/{endpoint}", service.creates(_wish, accepted), methods=["POST"]),
        Route(task, service.about("get", find, told)),
        Route(task, service.about("cancel", find, stopped), methods=["DELETE"]),
        Route("/v1/organization", service.door.guarded("account", organization)),
    ]
    return service.app(routes)


def _wish(request: Request, body: Any) -> Wish:
    """Read a task; fields that an endpoint does not know for a model are refused."""
    dialect, endpoint = RunwayDialect(), request.path_params["endpoint"]
    if request.headers.get("x-runway-version") != _VERSION:
        raise RefusedError(dialect.error(400, "input", "X-Runway-Version is missing or unknown"))
    if endpoint not in BY_ENDPOINT or not isinstance(body, dict):
        raise RefusedError(dialect.not_found())
    name = str(body.get("model"))
    model = BY_ENDPOINT[endpoint].get(name)
    given = {field: value for field, value in body.items() if field != "model"}
    if isinstance(given.get("promptImage"), str):  # an address alone is the first frame
        given["promptImage"] = [{"uri": given["promptImage"], "position": "first"}]
    if model is not None:
        unknown: list[Problem] = [
            {"type": "unknown", "field": field, "description": "unknown field"}
            for field in model.unknown(given)
        ]
        if unknown:
            raise RefusedError(dialect.invalid(unknown))
    return Wish(f"{endpoint}:{name}", {**given, "prompt": given.get("promptText") or ""})
