"""A ComfyUI server in one process: a queue of workflows, a history, sockets, files to view."""

import math
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

from callsheet.kernel.money import Money
from callsheet.sim.comfyui_sockets import Sockets
from callsheet.sim.core.conditions import Conditions
from callsheet.sim.core.faults import Faults
from callsheet.sim.core.models import Field, Model, Problem
from callsheet.sim.core.orders import Order, Status, faults_now
from callsheet.sim.core.plain import PlainDialect
from callsheet.sim.core.service import RefusedError, Service, Wish

_FIELDS = {
    "prompt": Field("string", required=True),
    "width": Field("integer", default=1024),
    "height": Field("integer", default=1024),
    "steps": Field("integer", default=25),
}
_USD_PER_HOUR = 1.79  # of the A100 that it stands for


class _Checkpoint(Model):
    """A model that is paid by the seconds it runs: as estimated, or as `predict_time` asks."""

    def price(self, inputs: Mapping[str, Any], units: int) -> Money:
        """Price the seconds that SDXL takes on an A100: eight for a million pixels in 100 steps."""
        sides = (int(self.given(inputs, name)) for name in ("width", "height"))
        steps = int(self.given(inputs, "steps"))
        seconds = 8.0 * math.prod(sides) / 1024**2 * (0.25 + 0.75 * steps / 100)
        return Money.per_hour(seconds, _USD_PER_HOUR)

    def timed(self, seconds: float) -> Money:
        """Price so long a run."""
        return Money.per_hour(seconds, _USD_PER_HOUR)


def _checkpoint(name: str, seconds: float) -> Model:
    return _Checkpoint("", name, name, Money.per_hour(seconds, _USD_PER_HOUR), seconds, _FIELDS)


OFFERED = (_checkpoint("sd_xl_base_1.0.safetensors", 3.5),)


class ComfyDialect(PlainDialect):
    """Errors as ``{"error": {type, message, details}, "node_errors": {}}``."""

    name = "comfyui"

    def token(self, request: Request) -> str:
        """Take anybody in: there is no key."""
        return "anybody"

    def error(self, status: int, kind: str, message: str) -> Response:
        """Word a refusal."""
        error = {"type": kind, "message": message, "details": "", "extra_info": {}}
        return JSONResponse({"error": error, "node_errors": {}}, status)

    def retired(self, model: str) -> Response:
        """Answer 400: a checkpoint that is not installed."""
        problem = {"type": "value_not_in_list", "details": f"ckpt_name: '{model}' not in []"}
        error = {"type": "prompt_outputs_failed_validation", "message": "Prompt outputs failed"}
        nodes = {"4": {"errors": [problem], "class_type": "CheckpointLoaderSimple"}}
        return JSONResponse({"error": error, "node_errors": nodes}, 400)

    def moderated(self) -> Response:
        """Answer 400: a workflow that is not one."""
        return self.error(400, "invalid_prompt", "Cannot execute because a node is missing")

    def invalid(self, found: Sequence[Problem]) -> Response:
        """Answer 400."""
        return self.error(400, "invalid_prompt", found[0]["description"])

    def told(self, order: Order) -> dict[str, Any]:
        """Describe an entry of the history."""
        good = order.status is Status.SUCCEEDED
        ended = int((order.completed_at or order.started_at or 0) * 1_000)
        ran = order.charged.micros / 1_000_000 / _USD_PER_HOUR * 3_600 if good else 0.0
        began = ended - round(ran * 1_000) if good else int((order.started_at or 0) * 1_000)

        def message(event: str, at: int, **told: Any) -> list[Any]:
            return [event, {**told, "prompt_id": order.id, "timestamp": at}]

        messages = [message("execution_start", began), message("execution_cached", began, nodes=[])]
        if order.status is Status.FAILED:
            failed = {"node_type": "KSampler", "exception_message": order.error}
            messages.append(message("execution_error", ended, **failed))
        if good:
            messages.append(message("execution_success", ended))
        if order.status is Status.CANCELED:
            messages.append(message("execution_interrupted", ended, executed=[]))
        files = [_file(url) for url in order.output] if good else []
        note = order.asked.note
        return {
            "prompt": [order.seq, order.id, note["workflow"], note["extra_data"], ["9"]],
            "outputs": {"9": {"images": files}} if good else {},
            "status": {
                "status_str": "success" if good else "error",
                "completed": good,
                "messages": messages,
            },
        }


def _file(url: str) -> Mapping[str, str]:
    token, name = url.split("/")[-2:]
    return {"filename": name, "subfolder": token, "type": "output"}


def create_app(conditions: Conditions | None = None, *, ledger: Path | None = None) -> Starlette:
    """Make the service; it goes on where `ledger` ends."""
    return _ComfyUI(conditions, ledger).app


class _ComfyUI:
    def __init__(self, conditions: Conditions | None, ledger: Path | None) -> None:
        self._files: dict[str, bytes] = {}
        self._sockets = Sockets(self._remaining, self._socket_faults)
        self._service = service = Service(
            ComfyDialect(),
            OFFERED,
            conditions=conditions,
            ledger=ledger,
            tell=self._sockets.tell,
        )
        guarded = service.door.guarded
        routes = [
            Route("/prompt", service.creates(self._wish, self._queued), methods=["POST"]),
            WebSocketRoute("/ws", self._sockets),
            Route("/history/{id}", guarded("get", self._history)),
            Route("/queue", guarded("list", self._queue)),
            Route("/queue", guarded("cancel", self._delete), methods=["POST"]),
            Route("/interrupt", guarded("cancel", self._interrupt), methods=["POST"]),
            Route("/view", guarded("output", self._view, public=True)),
            Route("/upload/image", guarded("file", self._upload), methods=["POST"]),
            Route("/system_stats", guarded("account", _stats)),
        ]
        self.app = service.app(routes, [self._files.clear])

    def _wish(self, _: Request, body: Any) -> Wish:
        return _wish(body, self._files)

    async def _queued(self, order: Order) -> Response:
        self._sockets.queued()
        return JSONResponse({"prompt_id": order.id, "number": order.seq, "node_errors": {}})

    def _remaining(self) -> int:
        return sum(not order.ended for order in self._service.orders)

    def _socket_faults(self) -> Faults:
        self._service.door.requests["socket"] += 1
        return self._service.deck.deal("socket")

    async def _history(self, request: Request) -> Response:
        found = self._service.orders.find(request.path_params["id"])
        if found is None:
            return JSONResponse({})

        async def told() -> Response:
            in_history = found.ended and found.started_at is not None
            return JSONResponse({found.id: found.told()} if in_history else {})

        return await self._service.door.spoilt(faults_now(found, "get"), told)

    async def _queue(self, _: Request) -> Response:
        out = [order for order in self._service.orders if not order.ended]
        running = [[order.seq, order.id] for order in out if order.status is Status.PROCESSING]
        pending = [[order.seq, order.id] for order in out if order.status is Status.STARTING]
        return JSONResponse({"queue_running": running, "queue_pending": pending})

    async def _delete(self, request: Request) -> Response:
        body = await self._service.body(request)
        for name in body.get("delete", []):
            found = self._service.orders.find(str(name))
            if found is not None and found.status is Status.STARTING:
                self._service.orders.cancel(found)
        return Response(status_code=200)

    async def _interrupt(self, request: Request) -> Response:
        """Stop the prompt that is named, if it runs; else whatever runs."""
        body = await self._service.body(request) or {}
        named = body.get("prompt_id")
        for order in self._service.orders:
            if order.status is Status.PROCESSING and named in {None, order.id}:
                self._service.orders.cancel(order)
        return Response(status_code=200)

    async def _view(self, request: Request) -> Response:
        asked = request.query_params
        request.scope["path_params"] = {"token": asked["subfolder"], "name": asked["filename"]}
        return await self._service.output(request)

    async def _upload(self, request: Request) -> Response:
        async with request.form(max_files=1, max_fields=4) as form:
            image = form.get("image")
            if not isinstance(image, UploadFile):
                return self._service.invalid("image", "required")
            name = image.filename or "picture.png"
            self._files[name] = await image.read()
        return JSONResponse({"name": name, "subfolder": "", "type": "input"})


async def _stats(_: Request) -> Response:
    return JSONResponse({"system": {"comfyui_version": "0.3"}, "devices": []})


def _wish(body: Any, files: Mapping[str, bytes]) -> Wish:
    """Read a workflow: its checkpoint, its longest words, its size, and the pictures it loads."""
    dialect = ComfyDialect()
    try:
        nodes = list(body["prompt"].values())
        by_class = [(str(node["class_type"]), node["inputs"]) for node in nodes]
        number = str(uuid.UUID(str(body["prompt_id"])))
    except (KeyError, TypeError, AttributeError, ValueError):
        raise RefusedError(dialect.error(400, "invalid_prompt", "no workflow")) from None
    inputs: dict[str, Any] = {}
    model = ""
    for kind, given in by_class:
        if kind == "CheckpointLoaderSimple":
            model = str(given["ckpt_name"])
        elif kind == "CLIPTextEncode" and len(given["text"]) >= len(inputs.get("prompt", "")):
            inputs["prompt"] = given["text"]
        elif kind == "KSampler":
            inputs["steps"] = given["steps"]
        elif kind in {"EmptyLatentImage", "ImageScale"}:
            inputs |= {"width": given["width"], "height": given["height"]}
        elif kind == "LoadImage" and given["image"] not in files:
            raise RefusedError(dialect.error(400, "invalid_prompt", "Invalid image file"))
    mark = str(body.get("extra_data", {}).get("take", ""))
    note = {
        "workflow": body["prompt"],
        "client": str(body.get("client_id", "")),
        "extra_data": body.get("extra_data", {}),
    }
    return Wish(model, inputs, id=number, mark=mark, note=note)
