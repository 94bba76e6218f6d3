"""KIE.ai in one process: everything wrapped, jobs and the older Veo, callbacks, credits."""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from callsheet.sim.core.conditions import Conditions
from callsheet.sim.core.dialect import base_of
from callsheet.sim.core.orders import Order, Status
from callsheet.sim.core.plain import PlainDialect
from callsheet.sim.core.service import RefusedError, Service, Wish
from callsheet.sim.kie_offer import OFFERED

_CREDIT_MICROS = 5_000
_NOT_VISIBLE_S = 0.02  # how long a new task has no record yet
_STATES: Mapping[Status, str] = {
    Status.STARTING: "waiting",
    Status.PROCESSING: "generating",
    Status.SUCCEEDED: "success",
}
_CODES: Mapping[str, int] = {
    "key": 401,
    "forbidden": 401,
    "credit": 402,
    "unknown": 404,
    "model": 505,
    "input": 422,
    "moderation": 400,
    "busy": 429,
}


class KieDialect(PlainDialect):
    """Everything as ``{code, msg, data}``, mostly in HTTP 200."""

    name = "kie"

    def __init__(self, *, signs: bool = False) -> None:
        self._signs = signs

    def error(self, status: int, kind: str, message: str) -> Response:
        """Word a refusal: the code is in the body, and the status says that all is well."""
        return JSONResponse({"code": _CODES.get(kind, status), "msg": message, "data": None})

    def retired(self, model: str) -> Response:
        """Answer 505: paused."""
        return self.error(505, "model", f"{model} is temporarily paused")

    def throttled(self, seconds: int, *, retry_after: bool) -> Response:
        """Answer 429, in the body alone or before it as well."""
        if not retry_after:
            return self.error(429, "busy", "Your call frequency is too high")
        told = {"code": 429, "msg": "Your call frequency is too high", "data": None}
        return JSONResponse(told, 429, {"retry-after": str(seconds)})

    def told(self, order: Order) -> dict[str, Any]:
        """Describe a task's record, as its own API has it."""
        record = {"veo": _veo, "suno": _suno}.get(order.asked.note["api"], _job)(order)
        return {"code": 200, "msg": "success", "data": record}

    def letter_headers(
        self, secret: bytes, message_id: str, timestamp: str, body: bytes
    ) -> Mapping[str, str]:
        """Sign the task and the time, if the account has a key, and leave the body open."""
        if not self._signs:
            return {}
        task = str(json.loads(body)["data"]["taskId"])
        digest = hmac.digest(secret, f"{task}.{timestamp}".encode(), hashlib.sha256)
        return {
            "x-webhook-timestamp": timestamp,
            "x-webhook-signature": base64.b64encode(digest).decode(),
        }


def _job(order: Order) -> dict[str, Any]:
    done, failed = order.status is Status.SUCCEEDED, order.ended
    record: dict[str, Any] = {
        "taskId": order.id,
        "model": order.asked.model.id,
        "state": _STATES.get(order.status, "fail"),
        "param": json.dumps(order.asked.note["body"]),
        "resultJson": json.dumps({"resultUrls": order.output}) if done else "",
        "failCode": "400" if failed and not done else None,
        "failMsg": order.error,
        "createTime": int(order.created_at * 1_000),
    }
    if order.ended:
        record["creditsConsumed"] = order.charged.micros / _CREDIT_MICROS
    return record


def _veo(order: Order) -> dict[str, Any]:
    done = order.status is Status.SUCCEEDED
    return {
        "taskId": order.id,
        "successFlag": 1 if done else 2 if order.ended else 0,
        "response": {"resultUrls": order.output} if done else None,
        "errorCode": 400 if order.ended and not done else None,
        "errorMessage": order.error,
        "creditsConsumed": order.charged.micros / _CREDIT_MICROS if order.ended else None,
    }


def _suno(order: Order) -> dict[str, Any]:
    """Tell of two songs; the second is like the first."""
    done = order.status is Status.SUCCEEDED
    songs = [{"id": f"{order.id}-{n}", "audioUrl": url} for url in order.output or () for n in "12"]
    return {
        "taskId": order.id,
        "status": "SUCCESS"
        if done
        else "GENERATE_AUDIO_FAILED"
        if order.ended
        else "PENDING"
        if order.status is Status.STARTING
        else "TEXT_SUCCESS",
        "response": {"sunoData": songs} if done else None,
        "errorMessage": order.error,
        "creditsConsumed": order.charged.micros / _CREDIT_MICROS if order.ended else None,
    }


def create_app(
    conditions: Conditions | None = None, *, ledger: Path | None = None, signing_key: str = ""
) -> Starlette:
    """Make the service; it goes on where `ledger` ends.

    `signing_key` is the key for callbacks that was made on the account's settings page.
    """
    files: dict[str, bytes] = {}
    service = Service(
        KieDialect(signs=bool(signing_key)),
        OFFERED,
        conditions=conditions,
        ledger=ledger,
        secret=signing_key.encode() or b"callsheet simulated kie",
        own_file=lambda url: files.get(url.rpartition("/")[2]),
    )

    async def accepted(order: Order) -> Response:
        return JSONResponse({"code": 200, "msg": "success", "data": {"taskId": order.id}})

    async def record(order: Order) -> Response:
        if service.conditions.now() - order.created_at < _NOT_VISIBLE_S:
            return JSONResponse({"code": 422, "msg": "record is null", "data": None})
        return JSONResponse(order.told())

    async def upload(request: Request) -> Response:
        async with request.form(max_files=1, max_fields=4) as form:
            content = form.get("file")
            if not isinstance(content, UploadFile):
                return service.invalid("file", "required")
            name = f"{secrets.token_hex(12)}.png"
            files[name] = await content.read()
        url = f"{base_of(request)}/uploaded/{name}"
        return JSONResponse({"success": True, "code": 200, "data": {"fileUrl": url}})

    async def credit(_: Request) -> Response:
        return JSONResponse({"code": 200, "msg": "success", "data": 10_000})

    def find(request: Request) -> Order | None:
        return service.orders.find(request.query_params.get("taskId", ""))

    v1 = "/api/v1"
    routes = [
        Route(
            f"{v1}/jobs/createTask", service.creates(_wish_of("jobs"), accepted), methods=["POST"]
        ),
        Route(f"{v1}/veo/generate", service.creates(_wish_of("veo"), accepted), methods=["POST"]),
        Route(f"{v1}/generate", service.creates(_wish_of("suno"), accepted), methods=["POST"]),
        Route(f"{v1}/generate/record-info", service.about("get", find, record)),
        Route(f"{v1}/jobs/recordInfo", service.about("get", find, record)),
        Route(f"{v1}/veo/record-info", service.about("get", find, record)),
        Route(f"{v1}/chat/credit", service.door.guarded("account", credit)),
        Route("/api/file-stream-upload", service.door.guarded("file", upload), methods=["POST"]),
    ]
    return service.app(routes, [files.clear])


def _wish_of(api: str) -> Any:
    def read(request: Request, body: Any) -> Wish:
        if not request.headers.get("user-agent"):
            raise RefusedError(Response("error code: 1010", 403, media_type="text/plain"))
        if not isinstance(body, dict):
            raise RefusedError(KieDialect().error(422, "input", "an object is expected"))
        inputs = body.get("input") if api == "jobs" else body
        if not isinstance(inputs, dict):
            raise RefusedError(KieDialect().error(422, "input", "input is required"))
        words = inputs.get("text") or inputs.get("prompt")
        inputs = {**inputs, "prompt": words} if words else inputs
        note = {"api": api, "body": body}
        return Wish(str(body.get("model")), inputs, body.get("callBackUrl"), note=note)

    return read
