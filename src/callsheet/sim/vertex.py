"""Veo on Vertex AI in one process: operations begun, fetched, and the clip in the answer."""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from callsheet.kernel.money import Money
from callsheet.sim.core.conditions import Conditions
from callsheet.sim.core.models import Field, Makes, Model
from callsheet.sim.core.orders import Order, Status, faults_now
from callsheet.sim.core.plain import PlainDialect
from callsheet.sim.core.service import RefusedError, Service, Wish

SAMPLE_KEY = "project-of-the-tests:token-of-the-tests"  # a key of the form that it takes
_STATUSES: Mapping[str, str] = {
    "key": "UNAUTHENTICATED",
    "forbidden": "PERMISSION_DENIED",
    "credit": "PERMISSION_DENIED",
    "unknown": "NOT_FOUND",
    "model": "NOT_FOUND",
    "busy": "RESOURCE_EXHAUSTED",
}
_NO_BILLING = (
    "This API method requires billing to be enabled. Please enable billing on project #1 by"
    " visiting https://console.developers.google.com/billing/enable?project=1 then retry."
)
_MODERATED = frozenset({"nsfw", "sensitive"})
_FIELDS = {
    "prompt": Field("string", required=True),
    "durationSeconds": Field("integer", default=8, choices=(4, 6, 8)),
    "aspect_ratio": Field("string", default="16:9", choices=("16:9", "9:16")),
    "resolution": Field("string", default="720p", choices=("720p", "1080p", "4k")),
    "image": Field("string", uri=False),
    "sampleCount": Field("integer", default=1),
}


def _veo(name: str, unit: str, **rates: str) -> Model:
    table = {f"{lines}": Money.usd(price) for lines, price in rates.items()}
    named = {name.removeprefix("r"): price for name, price in table.items()}
    return Model(
        "",
        name,
        name,
        Money.usd(unit),
        60.0,
        _FIELDS,
        Makes.CLIP,
        rated_by="resolution",
        rates=named,
        timed_by="durationSeconds",
    )


OFFERED = (
    _veo("veo-3.1-generate-001", "0.40", r4k="0.60"),
    _veo("veo-3.1-fast-generate-001", "0.10", r1080p="0.12", r4k="0.30"),
    _veo("veo-3.1-lite-generate-001", "0.05", r1080p="0.08"),
)


class VertexDialect(PlainDialect):
    """Errors as ``{"error": {code, message, status}}``."""

    name = "vertex"

    def token(self, request: Request) -> str:
        """Read the token; the service that gives them out takes any."""
        if request.url.path == "/token":
            return "somebody"
        return super().token(request)

    def error(self, status: int, kind: str, message: str) -> Response:
        """Word a refusal."""
        word = _STATUSES.get(kind, "INVALID_ARGUMENT")
        return JSONResponse({"error": {"code": status, "message": message, "status": word}}, status)

    def out_of_credit(self) -> Response:
        """Answer 403."""
        return self.error(403, "credit", _NO_BILLING)

    def told(self, order: Order) -> dict[str, Any]:
        """Describe an operation, without the clip."""
        name = f"{order.asked.note['place']}/operations/{order.id}"
        if not order.ended:
            return {"name": name}
        if order.status is Status.SUCCEEDED:
            return {"name": name, "done": True, "response": {"videos": []}}
        if order.asked.faults.get("error") in _MODERATED:
            filtered = {"raiMediaFilteredCount": 1, "raiMediaFilteredReasons": [order.error]}
            return {"name": name, "done": True, "response": filtered}
        return {"name": name, "done": True, "error": {"code": 13, "message": order.error}}


def create_app(conditions: Conditions | None = None, *, ledger: Path | None = None) -> Starlette:
    """Make the service; it goes on where `ledger` ends."""
    service = Service(VertexDialect(), OFFERED, conditions=conditions, ledger=ledger)

    async def begun(order: Order) -> Response:
        return JSONResponse({"name": f"{order.asked.note['place']}/operations/{order.id}"})

    async def told(order: Order) -> Response:
        answer = order.told()
        if order.status is Status.SUCCEEDED and order.output:
            content = base64.b64encode(await service.outputs.content(order)).decode()
            clip = {"bytesBase64Encoded": content, "mimeType": "video/mp4"}
            answer["response"]["videos"] = [clip]
        return JSONResponse(answer)

    async def fetch(request: Request) -> Response:
        body = await service.body(request)
        found = service.orders.find(str(body.get("operationName")).rpartition("/")[2])
        if found is None:
            return service.dialect.not_found()
        return await service.door.spoilt(faults_now(found, "get"), lambda: told(found))

    async def token(_: Request) -> Response:
        return JSONResponse({"access_token": "token-of-the-tests", "expires_in": 3_600})

    place = "/v1beta1/projects/{project}/locations/{location}/publishers/google/models/{model}"
    create = service.creates(_wish, begun)
    routes = [
        Route(f"{place}:predictLongRunning", create, methods=["POST"]),
        Route(
            f"{place}:fetchPredictOperation", service.door.guarded("get", fetch), methods=["POST"]
        ),
        Route("/token", service.door.guarded("account", token), methods=["POST"]),
    ]
    return service.app(routes)


def _wish(request: Request, body: Any) -> Wish:
    try:
        instance, asked = body["instances"][0], dict(body.get("parameters") or {})
        image = instance.get("image", {}).get("bytesBase64Encoded")
        if image is not None:
            base64.b64decode(image, validate=True)
    except (KeyError, IndexError, TypeError, ValueError):
        raise RefusedError(VertexDialect().error(400, "input", "instances: malformed")) from None
    place = request.url.path.removeprefix("/v1beta1/").partition(":")[0]
    ratio = {"aspect_ratio": asked.pop("aspectRatio", "16:9")}
    inputs = {"prompt": instance.get("prompt"), **ratio, **asked}
    return Wish(request.path_params["model"], inputs, note={"place": place})
