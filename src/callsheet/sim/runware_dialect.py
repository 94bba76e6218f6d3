"""How Runware words things: arrays of tasks in, data and errors out, nothing signed."""

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from callsheet.sim.core.dialect import bearer
from callsheet.sim.core.models import Problem
from callsheet.sim.core.orders import Order, Status


class RunwareDialect:
    """Implements sim.core.dialect.Dialect."""

    name = "runware"
    errors: Mapping[str, str] = {
        "nsfw": "invalidProviderContent: the content was flagged by the provider as NSFW",
        "sensitive": "invalidProviderContent: the content was flagged as sensitive",
        "busy": "timeoutProvider: the provider did not answer in time",
        "memory": "providerError: CUDA out of memory",
        "": "providerError: unknown",
    }

    def token(self, request: Request) -> str:
        """Read the key."""
        return bearer(request, "bearer")

    def new_id(self) -> str:
        """Make what the buyer should have made: orders bring their own."""
        return str(uuid.uuid4())

    def told(self, order: Order) -> dict[str, Any]:
        """Describe a task in an answer: its own part, or its error."""
        kind = order.asked.note["taskType"]
        mine = {"taskType": kind, "taskUUID": order.id}
        if order.status is Status.FAILED:
            code, _, message = (order.error or "").partition(": ")
            return {"errors": [{**mine, "code": code, "message": message, "status": "error"}]}
        if order.status is not Status.SUCCEEDED or order.output is None:
            return {"data": [{**mine, "status": "processing"}]}
        what = {"videoInference": "video", "audioInference": "audio"}.get(kind, "image")
        part = {
            **mine,
            "status": "success",
            f"{what}UUID": str(uuid.uuid5(uuid.NAMESPACE_OID, order.id)),
            f"{what}URL": order.output,
            "seed": order.seed,
            "NSFWContent": False,
        }
        if order.asked.note.get("includeCost"):
            part["cost"] = order.charged.micros / 1_000_000
        return {"data": [part]}

    def output(self, order: Order, urls: Sequence[str]) -> Any:
        """One task, one address."""
        return None if order.asked.faults.get("shape") == "null" else urls[0]

    def letter(self, event: str, order: Order) -> bytes | None:
        """Call once, when a task has ended."""
        return order.body() if event == "completed" else None

    def lie(self, order: Order) -> bytes:
        """Say that it succeeded, with an output that is nobody's."""
        part = {"taskType": "imageInference", "taskUUID": order.id, "status": "success"}
        return json.dumps({"data": [{**part, "imageURL": "https://im.runware.ai/x.png"}]}).encode()

    def letter_headers(
        self, secret: bytes, message_id: str, timestamp: str, body: bytes
    ) -> Mapping[str, str]:
        """Sign nothing."""
        return {}

    def unauthenticated(self) -> Response:
        """Answer 401."""
        return _errors(401, "invalidApiKey", "Invalid API key.")

    def forbidden(self) -> Response:
        """Answer 403."""
        return _errors(403, "invalidApiKey", "This API key may not do this.")

    def out_of_credit(self) -> Response:
        """Answer 402."""
        return _errors(402, "insufficientCredits", "Insufficient credits.")

    def not_found(self) -> Response:
        """Answer 404."""
        return _errors(404, "notFound", "Not found.")

    def retired(self, model: str) -> Response:
        """Answer 400."""
        return _errors(400, "invalidModel", f"Model {model} is not available.", "model")

    def invalid(self, found: Sequence[Problem]) -> Response:
        """Answer 400."""
        first = found[0]
        return _errors(400, "invalidParameter", first["description"], first["field"])

    def moderated(self) -> Response:
        """Answer 400."""
        return _errors(400, "invalidProviderContent", "Flagged as NSFW.", "positivePrompt")

    def throttled(self, seconds: int, *, retry_after: bool) -> Response:
        """Answer 429."""
        answer = _errors(429, "tooManyRequests", "Too many requests.")
        if retry_after:
            answer.headers["retry-after"] = str(seconds)
        return answer

    def server_error(self, status: int) -> Response:
        """Answer 5xx."""
        return Response("upstream error", status, media_type="text/plain")


def _errors(status: int, code: str, message: str, parameter: str = "") -> Response:
    error = {"code": code, "message": message, "parameter": parameter}
    return JSONResponse({"errors": [error]}, status)
