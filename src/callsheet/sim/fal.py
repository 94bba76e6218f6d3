"""fal's queue API in one process: requests, statuses, results, Ed25519 webhooks, uploads."""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from callsheet.sim.core.conditions import Conditions
from callsheet.sim.core.dialect import base_of, bearer
from callsheet.sim.core.door import read_body
from callsheet.sim.core.models import Makes, Problem, Spoken
from callsheet.sim.core.orders import Order, Status
from callsheet.sim.core.plain import PlainDialect
from callsheet.sim.core.service import RefusedError, Service, Wish
from callsheet.sim.fal_offer import OFFERED

_USER = "user_simulated"
_MODERATED = frozenset({"nsfw", "sensitive"})
_MOST_PRICED = 50
_UNITS = {Makes.PICTURE: "image", Makes.CLIP: "second", Makes.AUDIO: "second"}
_MOST_FILE_BYTES = 64 << 20


class FalDialect(PlainDialect):
    """Errors as `detail`: a list for the model's, a text with `error_type` for the queue's."""

    name = "fal"

    def token(self, request: Request) -> str:
        """Read the key."""
        return bearer(request, "key")

    def error(self, status: int, kind: str, message: str) -> Response:
        """Word a refusal of the queue."""
        told = {"detail": message, "error_type": "bad_request"}
        return JSONResponse(told, status, {"x-fal-error-type": "bad_request"})

    def out_of_credit(self) -> Response:
        """Answer 403: Exhausted balance."""
        return self.error(403, "credit", "User is locked. Reason: Exhausted balance.")

    def invalid(self, found: Sequence[Problem]) -> Response:
        """Answer 422 as a model does."""
        first = found[0]
        return _detail("value_error", first["description"], first["field"])

    def moderated(self) -> Response:
        """Answer 422 as a model does."""
        return _detail("content_policy_violation", "The content was flagged by a checker.")

    def told(self, order: Order) -> dict[str, Any]:
        """Describe a request's status."""
        if not order.ended:
            if order.status is Status.PROCESSING:
                return {"status": "IN_PROGRESS", "logs": None}
            return {"status": "IN_QUEUE", "queue_position": 0}
        told: dict[str, Any] = {"status": "COMPLETED", "logs": None}
        if order.status in (Status.CANCELED, Status.ABORTED):
            return {**told, "error": "Request was cancelled", "error_type": "client_cancelled"}
        return {**told, "metrics": {"inference_time": 0.7}}

    def letter(self, event: str, order: Order) -> bytes | None:
        """Call once, when a request has ended."""
        if event != "completed":
            return None
        good = order.status is Status.SUCCEEDED
        told = {"request_id": order.id, "gateway_request_id": secrets.token_hex(8)}
        payload = result_of(order) if good else {"detail": order.error}
        return json.dumps(
            {**told, "status": "OK" if good else "ERROR", "payload": payload}
        ).encode()

    def lie(self, order: Order) -> bytes:
        """Say that it succeeded, with an output that is nobody's."""
        images = [{"url": "https://v3.fal.media/files/forged.png"}]
        told = {"request_id": order.id, "status": "OK", "payload": {"images": images}}
        return json.dumps(told).encode()

    def letter_headers(
        self, secret: bytes, message_id: str, timestamp: str, body: bytes
    ) -> Mapping[str, str]:
        """Sign the digest of the body."""
        number = str(json.loads(body)["request_id"])
        lines = (number, _USER, timestamp, hashlib.sha256(body).hexdigest())
        signature = signer(secret).sign("\n".join(lines).encode()).hex()
        return {
            "x-fal-webhook-request-id": number,
            "x-fal-webhook-user-id": _USER,
            "x-fal-webhook-timestamp": timestamp,
            "x-fal-webhook-signature": signature,
        }


def signer(secret: bytes) -> Ed25519PrivateKey:
    """Make the key that webhooks are signed with."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(secret).digest())


def result_of(order: Order) -> dict[str, Any]:
    """Write a model's own output."""
    if order.asked.model.makes is Makes.AUDIO:
        return {"audio": {"url": order.output[0]} if order.output else None}
    if order.asked.model.name in ("fal-ai/clarity-upscaler", "fal-ai/birefnet/v2"):
        return {"image": {"url": order.output[0]} if order.output else None}
    files = [{"url": url, "content_type": "image/png"} for url in order.output]
    if order.asked.model.makes is Makes.CLIP:
        return {"video": {"url": order.output[0]} if order.output else None}
    return {"images": files, "seed": order.seed, "has_nsfw_concepts": [False] * len(files)}


def _detail(kind: str, message: str, field: str = "prompt") -> Response:
    problem: dict[str, Any] = {
        "loc": ["body", field],
        "msg": message,
        "type": kind,
        "ctx": {},
        "input": None,
    }
    return JSONResponse({"detail": [problem]}, 422, {"x-fal-retryable": "false"})


def create_app(conditions: Conditions | None = None, *, ledger: Path | None = None) -> Starlette:
    """Make the service; it goes on where `ledger` ends."""
    return _Fal(conditions, ledger).app


class _Fal:
    def __init__(self, conditions: Conditions | None, ledger: Path | None) -> None:
        self._files: dict[str, bytes] = {}
        self._secret = b"callsheet simulated fal"
        self._service = service = Service(
            FalDialect(),
            OFFERED,
            conditions=conditions,
            ledger=ledger,
            secret=self._secret,
            own_file=lambda url: self._files.get(url.rpartition("/")[2]),
        )
        guarded = service.door.guarded
        request = "/{owner}/{app}/requests/{id}"
        routes = [
            Route("/storage/upload/initiate", guarded("file", self._open), methods=["POST"]),
            Route(
                "/files/{name}",
                guarded("file", self._take, public=True),
                methods=["PUT"],
            ),
            Route("/.well-known/jwks.json", guarded("account", self._keys, public=True)),
            Route(f"{request}/status", service.about("get", self._find, _status)),
            Route(
                f"{request}/cancel",
                service.about("cancel", self._find, self._stop),
                methods=["PUT"],
            ),
            Route(request, service.about("result", self._find, _result)),
            Route("/v1/models/pricing", guarded("account", self._prices)),
            Route("/{model:path}", service.creates(_wish, _accepted), methods=["POST"]),
        ]
        self.app = service.app(routes, [self._files.clear])
        # what is behind /_admin and /delivery comes before the models, whose path is anything
        self.app.router.routes.sort(key=lambda route: getattr(route, "path", "") == "/{model:path}")

    def _find(self, request: Request) -> Order | None:
        return self._service.orders.find(request.path_params["id"])

    async def _stop(self, order: Order) -> Response:
        if order.ended:
            return JSONResponse({"status": "ALREADY_COMPLETED"}, 400)
        self._service.orders.cancel(order)
        return JSONResponse({"status": "CANCELLATION_REQUESTED"}, 202)

    async def _open(self, request: Request) -> Response:
        name = f"{secrets.token_hex(12)}.png"
        url = f"{base_of(request)}/files/{name}"
        return JSONResponse({"upload_url": url, "file_url": url})

    async def _take(self, request: Request) -> Response:
        self._files[request.path_params["name"]] = await read_body(request, _MOST_FILE_BYTES)
        return Response(status_code=200)

    async def _prices(self, request: Request) -> Response:
        """Tell what a unit of each model costs; some are told by what else they count."""
        asked = request.query_params.get("endpoint_id", "").split(",")
        if len(asked) > _MOST_PRICED:
            return self._service.invalid("endpoint_id", f"at most {_MOST_PRICED}")
        told, models = self._service.conditions.list_prices, self._service.models
        prices = [
            {
                "endpoint_id": name,
                "unit_price": told.get(name, models[name].unit).micros / 1_000_000,
                "unit": "1000 characters"
                if isinstance(models[name], Spoken)
                else _UNITS[models[name].makes],
                "currency": "USD",
            }
            for name in asked
            if name in models
        ]
        return JSONResponse({"prices": prices, "next_cursor": None, "has_more": False})

    async def _keys(self, _: Request) -> Response:
        public = signer(self._secret).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        x = base64.urlsafe_b64encode(public).rstrip(b"=").decode()
        return JSONResponse({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x}]})


def _wish(request: Request, body: Any) -> Wish:
    if not isinstance(body, dict):
        raise RefusedError(_detail("type_error", "an object is expected", "body"))
    hook = request.query_params.get("fal_webhook")
    words = {"prompt": body["text"]} if isinstance(body.get("text"), str) else {}
    return Wish(request.path_params["model"], {**body, **words}, hook)


async def _accepted(order: Order) -> Response:
    app = "/".join(order.asked.model.id.split("/")[:2])
    place = f"{order.asked.base}/{app}/requests/{order.id}"
    told = {"request_id": order.id, "response_url": place, "queue_position": 0}
    return JSONResponse({**told, "status_url": f"{place}/status", "cancel_url": f"{place}/cancel"})


async def _status(order: Order) -> Response:
    return JSONResponse({**order.told(), "request_id": order.id}, 200 if order.ended else 202)


async def _result(order: Order) -> Response:
    if order.status is Status.SUCCEEDED:
        return JSONResponse(result_of(order))
    if order.asked.faults.get("error") in _MODERATED:
        return _detail("content_policy_violation", order.error or "flagged")
    return _detail("generation_failed", order.error or "failed")
