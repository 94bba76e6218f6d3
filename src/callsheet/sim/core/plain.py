"""A dialect to begin from: refusals by HTTP status in one shape, webhooks that nobody signs."""

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from callsheet.sim.core.dialect import bearer
from callsheet.sim.core.models import Problem
from callsheet.sim.core.orders import Order

REASONS: Mapping[str, str] = {
    "nsfw": "The content was flagged as NSFW by our safety system.",
    "sensitive": "The content was flagged as sensitive by our safety system.",
    "busy": "The model is temporarily unavailable.",
    "memory": "CUDA out of memory.",
    "": "Internal error.",
}


class PlainDialect:
    """Implements sim.core.orders.Dialect, as far as providers agree; `told` is theirs to say."""

    name: str
    errors: Mapping[str, str] = REASONS

    def error(self, status: int, kind: str, message: str) -> Response:
        """Word a refusal; `kind` is one of key, forbidden, credit, unknown, model, input, busy."""
        return JSONResponse({"error": message}, status)

    def token(self, request: Request) -> str:
        """Read the key."""
        return bearer(request, "bearer")

    def new_id(self) -> str:
        """Make an id."""
        return str(uuid.uuid4())

    def told(self, order: Order) -> dict[str, Any]:
        """Describe an order."""
        raise NotImplementedError

    def output(self, order: Order, urls: Sequence[str]) -> Any:
        """Keep the addresses; a fault makes a success without any."""
        return [] if order.asked.faults.get("shape") == "null" else list(urls)

    def letter(self, event: str, order: Order) -> bytes | None:
        """Call once, when an order has ended."""
        return order.body() if event == "completed" else None

    def lie(self, order: Order) -> bytes:
        """Say what is true of an order that is nobody's."""
        return json.dumps(order.told()).replace(order.id, self.new_id()).encode()

    def letter_headers(
        self, secret: bytes, message_id: str, timestamp: str, body: bytes
    ) -> Mapping[str, str]:
        """Sign nothing."""
        return {}

    def unauthenticated(self) -> Response:
        """Answer 401."""
        return self.error(401, "key", "Invalid API key.")

    def forbidden(self) -> Response:
        """Answer 403."""
        return self.error(403, "forbidden", "This API key may not do this.")

    def out_of_credit(self) -> Response:
        """Answer 402."""
        return self.error(402, "credit", "Insufficient credits.")

    def not_found(self) -> Response:
        """Answer 404."""
        return self.error(404, "unknown", "Not found.")

    def retired(self, model: str) -> Response:
        """Answer 404."""
        return self.error(404, "model", f"Model {model} is not available.")

    def invalid(self, found: Sequence[Problem]) -> Response:
        """Answer 400, naming the first field."""
        first = found[0]
        return self.error(400, "input", f"{first['field']}: {first['description']}")

    def moderated(self) -> Response:
        """Answer 400."""
        return self.error(400, "moderation", "Rejected by our safety system: content policy.")

    def throttled(self, seconds: int, *, retry_after: bool) -> Response:
        """Answer 429."""
        answer = self.error(429, "busy", "Too many requests.")
        if retry_after:
            answer.headers["retry-after"] = str(seconds)
        return answer

    def server_error(self, status: int) -> Response:
        """Answer 5xx as the network in front of a service does."""
        return Response(f"upstream error {status}", status, media_type="text/plain")
