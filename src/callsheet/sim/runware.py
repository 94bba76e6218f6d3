"""Runware's HTTP API in one process: one address, arrays of tasks, UUIDs that the buyer chooses."""

import base64
import binascii
import json
import uuid
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from callsheet.sim.core.conditions import Conditions
from callsheet.sim.core.orders import Order
from callsheet.sim.core.service import RefusedError, Service, Wish
from callsheet.sim.runware_dialect import RunwareDialect
from callsheet.sim.runware_offer import OFFERED

_ORDERS = ("imageInference", "videoInference", "audioInference", "upscale", "removeBackground")
_NESTED = ("inputImage", "frameImages", "referenceImages")  # what belongs into `inputs` now


def create_app(conditions: Conditions | None = None, *, ledger: Path | None = None) -> Starlette:
    """Make the service; it goes on where `ledger` ends."""
    return _Runware(conditions, ledger).app


class _Runware:
    def __init__(self, conditions: Conditions | None, ledger: Path | None) -> None:
        self._images: dict[str, bytes] = {}
        self._service = Service(
            RunwareDialect(),
            OFFERED,
            conditions=conditions,
            ledger=ledger,
            own_file=self._images.get,
        )
        self._create = self._service.creates(self._wish, _accepted)
        self.app = self._service.app(
            [Route("/v1", self._tasks, methods=["POST"])], [self._images.clear]
        )

    async def _tasks(self, request: Request) -> Response:
        """Do what the first task says; orders come one at a time."""
        try:
            tasks = await self._service.body(request)
            task = tasks[0] if isinstance(tasks, list) and tasks else None
        except RefusedError as refused:
            return refused.answer
        if not isinstance(task, dict):
            return self._service.invalid("body", "an array of tasks is expected")
        if task.get("taskType") in _ORDERS:
            twin = self._service.orders.find(str(task.get("taskUUID")))
            answer = await self._create(request) if twin is None else _conflict(twin)
            return _about(task, answer)
        others: Mapping[str, Callable[[Mapping[str, Any]], Response]] = {
            "getResponse": lambda _: JSONResponse({}),
            "imageUpload": self._upload,
            "authentication": lambda _: JSONResponse({"data": [{"taskType": "authentication"}]}),
        }
        other = others.get(str(task.get("taskType")))
        if other is None:
            return self._service.invalid("taskType", "unknown")
        if task["taskType"] == "getResponse":
            return await self._service.about("get", lambda _: self._find(task), _told)(request)
        route = "file" if task["taskType"] == "imageUpload" else "account"

        async def plain(_: Request) -> Response:
            return other(task)

        return await self._service.door.guarded(route, plain)(request)

    def _find(self, task: Mapping[str, Any]) -> Order | None:
        return self._service.orders.find(str(task.get("taskUUID")))

    def _wish(self, _: Request, tasks: Any) -> Wish:
        task = tasks[0]
        try:
            number = str(uuid.UUID(str(task.get("taskUUID"))))
        except ValueError:
            raise RefusedError(self._service.invalid("taskUUID", "must be a UUID")) from None
        for name in _NESTED:
            if name in task:
                raise RefusedError(self._service.invalid(name, f"use inputs.{name} instead"))
        note = {name: task.get(name) for name in ("taskType", "includeCost")}
        usual = "async" if note["taskType"] in ("videoInference", "audioInference") else "sync"
        note["deliveryMethod"] = task.get("deliveryMethod", usual)
        hook = task.get("webhookURL")
        return Wish(str(task.get("model")), _flat(task), hook, id=number, note=note)

    def _upload(self, task: Mapping[str, Any]) -> Response:
        image = str(task.get("image", ""))
        try:
            content = base64.b64decode(image.partition(";base64,")[2] or image, validate=True)
        except binascii.Error:
            return self._service.invalid("image", "not base64")
        number = str(uuid.uuid4())
        self._images[number] = content
        told = {"taskType": "imageUpload", "taskUUID": task.get("taskUUID"), "imageUUID": number}
        return JSONResponse({"data": [told]})


def _flat(task: Mapping[str, Any]) -> dict[str, Any]:
    """Name what is nested by its path, as the fields of our models are named."""
    flat = {name: value for name, value in task.items() if not isinstance(value, dict)}
    for group in ("inputs", "speech"):
        flat |= {f"{group}.{name}": value for name, value in (task.get(group) or {}).items()}
    google = (task.get("providerSettings") or {}).get("google") or {}
    if "generateAudio" in google:
        flat["audio"] = google["generateAudio"]
    words = task.get("positivePrompt") or flat.get("speech.text")
    return {**flat, "prompt": words} if words else flat


def _about(task: Mapping[str, Any], answer: Response) -> Response:
    """Name the task in an error about it, by which a client knows its own."""
    if not isinstance(answer, JSONResponse) or answer.status_code < HTTPStatus.BAD_REQUEST:
        return answer
    named = {name: task.get(name) for name in ("taskType", "taskUUID")}
    errors = [{**error, **named} for error in json.loads(bytes(answer.body))["errors"]]
    kept = {"retry-after": wait} if (wait := answer.headers.get("retry-after")) else None
    return JSONResponse({"errors": errors}, answer.status_code, kept)


async def _accepted(order: Order) -> Response:
    """Answer at once, or with the result for whoever waits for it."""
    if order.asked.note["deliveryMethod"] == "sync":
        await order.until_ended()
        return await _told(order)
    mine = {"taskType": order.asked.note["taskType"], "taskUUID": order.id}
    return JSONResponse({"data": [mine]})


async def _told(order: Order) -> Response:
    return JSONResponse(order.told())


def _conflict(order: Order) -> Response:
    message = f"A task with the UUID {order.id} exists already."
    return JSONResponse({"errors": [{"code": "conflictTaskUUID", "message": message}]}, 400)
