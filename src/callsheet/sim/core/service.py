"""A simulated provider put together: what all have in common, to which each adds its routes."""

import asyncio
import contextlib
import functools
import hashlib
import json
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from callsheet.sim.core.admin import Admin
from callsheet.sim.core.conditions import BadOrderError, Conditions
from callsheet.sim.core.dialect import base_of
from callsheet.sim.core.door import Door, TooLargeError, read_body
from callsheet.sim.core.faults import FaultDeck, Faults, read_mark
from callsheet.sim.core.ledger import Ledger
from callsheet.sim.core.lives import Events, Orders
from callsheet.sim.core.models import Model
from callsheet.sim.core.orders import Asked, Dialect, Order, faults_now
from callsheet.sim.core.outputs import Outputs
from callsheet.sim.core.references import OwnFile, References
from callsheet.sim.core.timers import Timers
from callsheet.sim.core.webhooks import Webhooks

_MOST_BODY_BYTES = 64 << 20
_KEY_CHARS = 12
READ = "callsheet.body"  # where a request keeps its body once it is read


class RefusedError(Exception):
    """An order that is not taken; the answer says why."""

    def __init__(self, answer: Response) -> None:
        super().__init__(answer.status_code)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Wish:
    """An order as a provider's route reads it from a request, not checked yet.

    `id` is the order's own where the buyer chooses it, `mark` what he put in to know it again.
    """

    model: str
    inputs: Mapping[str, Any]
    webhook: str | None = None
    events: tuple[str, ...] = ("completed",)
    id: str | None = None
    mark: str = ""
    note: Mapping[str, Any] = field(default_factory=dict)


Read = Callable[[Request, Any], Wish]
Tell = Callable[[Order], Awaitable[Response]]


@functools.cache
def authorities() -> ssl.SSLContext:
    """Read the system's authorities once, however many simulators are served."""
    return httpx2.create_ssl_context(trust_env=False)


def _no_files(_url: str) -> None:
    """Keep no files of its own."""


class Service:
    """One provider's parts. It goes on where `ledger` ends.

    `tell` hears what happens to orders; by default those do who asked for webhooks.
    """

    def __init__(
        self,
        dialect: Dialect,
        offered: Sequence[Model],
        *,
        conditions: Conditions | None = None,
        ledger: Path | None = None,
        secret: bytes = b"callsheet simulated provider",
        own_file: OwnFile = _no_files,
        tell: Events | None = None,
    ) -> None:
        self.dialect = dialect
        self.conditions = conditions or Conditions(wall=time.time)
        self.models = {model.id: model for model in offered}
        self.http = httpx2.AsyncClient(trust_env=False, verify=authorities())
        self.timers = Timers(self.conditions.wall)
        self.ledger = Ledger.open(ledger)
        self.references = References(self.conditions, own_file, self.http)
        self.webhooks = Webhooks(self.conditions, self.timers, secret, self.http)
        self.orders = Orders(
            dialect,
            self.conditions,
            self.timers,
            self.ledger,
            secret,
            self.models,
            tell or self.webhooks.tell,
            self.references.read,
        )
        self.deck = FaultDeck()
        self.door = Door(self.conditions, self.deck, dialect)
        self.outputs = Outputs()

    def app(
        self, routes: Sequence[BaseRoute], clear: Sequence[Callable[[], None]] = ()
    ) -> Starlette:
        """Make the application of a provider's routes, outputs and the back door."""
        parts = (self.timers, self.orders, self.deck, self.door, self.webhooks)
        admin = Admin(
            self.conditions,
            self.deck,
            self.door,
            self.orders,
            self.webhooks,
            self.timers,
            [*(part.clear for part in parts), *clear],
        )
        own = [
            Route(
                "/delivery/{token}/{name}", self.door.guarded("output", self.output, public=True)
            ),
            Route("/_admin/ledger", admin.ledger),
            Route("/_admin/state", admin.state),
            Route("/_admin/faults", admin.faults, methods=["POST"]),
            Route("/_admin/conditions", admin.conditions, methods=["POST"]),
            Route("/_admin/reset", admin.reset, methods=["POST"]),
        ]
        unknown = self._unknown
        return Starlette(
            routes=[*routes, *own],
            lifespan=self._running,
            exception_handlers={404: unknown, 405: unknown},
        )

    def creates(self, read: Read, tell: Tell) -> Callable[[Request], Awaitable[Response]]:
        """Make the endpoint that takes orders: let in, read, spoil as asked, book, tell."""

        async def endpoint(request: Request) -> Response:
            self.door.requests["create"] += 1
            refused = self.door.refusal(request, creates=True)
            if refused is not None:
                return refused
            try:
                wish = read(request, await self.body(request))
                faults = self._faults(wish)
                return await self.door.spoilt(
                    faults, lambda: self._taken(request, wish, faults, tell)
                )
            except RefusedError as refusal:
                return refusal.answer

        return endpoint

    def about(
        self, route: str, find: Callable[[Request], Order | None], tell: Tell
    ) -> Callable[[Request], Awaitable[Response]]:
        """Make an endpoint about one order, with the faults that the order asked for."""

        async def endpoint(request: Request) -> Response:
            found = find(request)
            if found is None:
                return self.dialect.not_found()
            return await self.door.spoilt(faults_now(found, route), lambda: tell(found))

        return self.door.guarded(route, endpoint)

    async def output(self, request: Request) -> Response:
        """Serve an output; whoever has the URL may have it."""
        found = self.orders.delivered(request.path_params["token"])
        if found is None:
            return self.dialect.not_found()
        name = request.path_params["name"]
        faults = faults_now(found, "output")
        return await self.door.spoilt(faults, lambda: self.outputs.answer(found, name))

    async def body(self, request: Request) -> Any:
        """Read JSON, as often as it is wanted. Raises RefusedError."""
        try:
            if READ not in request.scope:
                request.scope[READ] = await read_body(request, _MOST_BODY_BYTES)
            return json.loads(request.scope[READ] or b"null")
        except (TooLargeError, ValueError) as error:
            raise RefusedError(self.invalid("body", str(error))) from None

    def invalid(self, name: str, why: str) -> Response:
        """Refuse for one field."""
        return self.dialect.invalid([{"type": "invalid", "field": name, "description": why}])

    def _faults(self, wish: Wish) -> Faults:
        try:
            marked = read_mark(wish.inputs.get("prompt"))
        except BadOrderError as error:
            raise RefusedError(self.invalid("prompt", f"simulator: {error}")) from None
        return {**self.deck.deal("create"), **marked}

    async def _taken(self, request: Request, wish: Wish, faults: Faults, tell: Tell) -> Response:
        model = self.models.get(wish.model)
        if model is None or model.id in self.conditions.withdrawn:
            raise RefusedError(self.dialect.retired(wish.model))
        problems = model.problems(wish.inputs)
        if problems:
            raise RefusedError(self.dialect.invalid(problems))
        if not self.conditions.has_credit():
            raise RefusedError(self.dialect.out_of_credit())
        token = self.dialect.token(request)
        asked = Asked(
            dialect=self.dialect,
            model=model,
            inputs=wish.inputs,
            base=base_of(request),
            key=hashlib.sha256(token.encode()).hexdigest()[:_KEY_CHARS],
            webhook=wish.webhook,
            events=wish.events,
            faults=faults,
            id=wish.id,
            mark=wish.mark,
            note=wish.note,
        )
        order = self.orders.accept(asked)
        if "revoke_key" in faults:
            self.conditions.revoked.add(token)
        return await tell(order)

    @contextlib.asynccontextmanager
    async def _running(self, _: Starlette) -> AsyncIterator[None]:
        self.orders.restore()
        tasks = [asyncio.create_task(part.run()) for part in (self.timers, self.webhooks)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.references.close()
            await self.http.aclose()
            self.ledger.close()

    async def _unknown(self, _: Request, __: Exception) -> Response:
        return self.dialect.not_found()
