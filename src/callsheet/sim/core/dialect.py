"""How one provider words things: all in which simulated providers differ."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from starlette.requests import Request
from starlette.responses import Response

if TYPE_CHECKING:
    from callsheet.sim.core.models import Model, Problem
    from callsheet.sim.core.orders import Order


class Dialect(Protocol):
    """One provider's words. `errors` are the reasons that faults name, in its own text."""

    name: str
    errors: Mapping[str, str]

    def token(self, request: Request) -> str:
        """Read the key that a request brings; empty if there is none."""

    def new_id(self) -> str:
        """Make an id for an order."""

    def told(self, order: "Order") -> dict[str, Any]:
        """Describe an order: what its webhooks carry."""

    def output(self, order: "Order", urls: Sequence[str]) -> Any:
        """Word the output of an order that succeeded, whose files lie at `urls`."""

    def letter_headers(
        self, secret: bytes, message_id: str, timestamp: str, body: bytes
    ) -> Mapping[str, str]:
        """Sign a webhook, as far as this provider does."""

    def letter(self, event: str, order: "Order") -> bytes | None:
        """Word the webhook for an event: start, logs, output or completed; None if none is sent."""

    def lie(self, order: "Order") -> bytes:
        """Word a webhook that says of an order what is not true."""

    def unauthenticated(self) -> Response:
        """Refuse whoever brings no key or a wrong one."""

    def forbidden(self) -> Response:
        """Refuse a key that may not do this."""

    def out_of_credit(self) -> Response:
        """Refuse for want of money."""

    def not_found(self) -> Response:
        """Answer that there is no such thing."""

    def retired(self, model: str) -> Response:
        """Refuse a model that is offered no more."""

    def invalid(self, problems: "Sequence[Problem]") -> Response:
        """Refuse inputs, naming each field."""

    def moderated(self) -> Response:
        """Refuse a prompt for what it asks."""

    def throttled(self, seconds: int, *, retry_after: bool) -> Response:
        """Ask for patience, in a header or as this provider usually does."""

    def server_error(self, status: int) -> Response:
        """Fail without a reason."""


def bearer(request: Request, *schemes: str) -> str:
    """Read a key behind one of some schemes of `Authorization`."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() in schemes else ""


def base_of(request: Request) -> str:
    """Tell the address that the client used."""
    return f"{request.url.scheme}://{request.url.netloc}"


Models = Mapping[str, "Model"]
