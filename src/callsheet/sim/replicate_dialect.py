"""How Replicate words things: predictions, problem documents, Standard Webhooks."""

import base64
import hmac
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from callsheet.sim import replicate_problems as problems
from callsheet.sim.core.conditions import stamped
from callsheet.sim.core.dialect import bearer
from callsheet.sim.core.models import Problem
from callsheet.sim.core.orders import Order, Status

_ID_CHARS = 26

ERRORS: Mapping[str, str] = {
    "nsfw": "NSFW content detected. Try running it again, or try a different prompt.",
    "sensitive": (
        "The input or output was flagged as sensitive. Please try again with different inputs. "
        "(E005)"
    ),
    "busy": "Service is temporarily unavailable. Please try again later. (E004)",
    "memory": "CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 39.42 GiB total capacity)",
    "": "Order failed for an unknown reason. It might have run out of memory? (E9243)",
}


def signature(secret: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    """Sign as Standard Webhooks do."""
    content = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(secret, content, "sha256")).decode()


class ReplicateDialect:
    """Implements sim.core.dialect.Dialect."""

    name = "replicate"
    errors = ERRORS

    def token(self, request: Request) -> str:
        """Read the token; older clients send the second scheme."""
        return bearer(request, "bearer", "token")

    def new_id(self) -> str:
        """Make a prediction's id."""
        return base64.b32encode(os.urandom(17)).decode().lower()[:_ID_CHARS]

    def told(self, order: Order) -> dict[str, Any]:
        """Describe a prediction."""
        url = f"{order.asked.base}/v1/predictions/{order.id}"
        urls = {
            "get": url,
            "cancel": f"{url}/cancel",
            "web": f"https://replicate.com/p/{order.id}",
            "stream": f"{order.asked.base}/stream/v1/predictions/{order.id}",
        }
        told = {
            "id": order.id,
            "model": order.asked.model.id,
            "version": order.asked.version,
            "input": {} if order.removed else order.asked.inputs,
            "logs": "" if order.removed else order.logs,
            "output": None if order.removed else order.output,
            "data_removed": order.removed,
            "error": order.error,
            "source": "api",
            "status": order.status,
            "created_at": stamped(order.created_at),
            "started_at": _moment(order.started_at),
            "completed_at": _moment(order.completed_at),
            "urls": urls,
            "metrics": order.metrics,
        }
        if order.deadline_at is None:
            return told
        return {**told, "deadline": _moment(order.deadline_at)}

    def output(self, order: Order, urls: Sequence[str]) -> Any:
        """Write one address, a list or an object, as the model or a fault has it."""
        asked = order.asked
        shape = asked.faults.get("shape") or ("list" if asked.model.gives_list else "string")
        shapes = {"list": list(urls), "string": urls[0], "object": {"image": urls[0]}, "null": None}
        return shapes[shape]

    def letter(self, event: str, order: Order) -> bytes | None:
        """Send the prediction as the API tells it."""
        return order.body()

    def lie(self, order: Order) -> bytes:
        """Say that it succeeded, with an output that is nobody's."""
        output = "https://replicate.delivery/forged/out-0.png"
        told = {**order.told(), "status": Status.SUCCEEDED, "output": output}
        return json.dumps(told).encode()

    def letter_headers(
        self, secret: bytes, message_id: str, timestamp: str, body: bytes
    ) -> Mapping[str, str]:
        """Sign the whole of it."""
        return {
            "user-agent": "Replicate/1.0",
            "webhook-id": message_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": signature(secret, message_id, timestamp, body),
        }

    def unauthenticated(self) -> Response:
        """Answer 401."""
        return problems.unauthenticated()

    def forbidden(self) -> Response:
        """Answer 403."""
        return problems.forbidden()

    def out_of_credit(self) -> Response:
        """Answer 402."""
        return problems.out_of_credit()

    def not_found(self) -> Response:
        """Answer 404."""
        return problems.not_found()

    def retired(self, model: str) -> Response:
        """Answer 404."""
        return problems.not_found()

    def invalid(self, found: Sequence[Problem]) -> Response:
        """Answer 422."""
        return problems.invalid_input(found)

    def moderated(self) -> Response:
        """Answer 422."""
        text = "Does not match format 'safe'"
        return self.invalid([{"type": "format", "field": "input.prompt", "description": text}])

    def throttled(self, seconds: int, *, retry_after: bool) -> Response:
        """Answer 429."""
        return problems.throttled(seconds, retry_after=retry_after)

    def server_error(self, status: int) -> Response:
        """Answer 5xx."""
        return problems.server_error(status)


def _moment(moment: float | None) -> str | None:
    return None if moment is None else stamped(moment)
