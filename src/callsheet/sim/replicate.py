"""Replicate's HTTP API in one process, faithful enough for its own clients and for our tests.

Predictions that live by the clock, deadlines, `Prefer: wait`, pages, files, model schemas, signed
webhooks, outputs that expire; a ledger of every order accepted; faults on demand
(`replicate_faults` names them) and conditions that can be changed, all below ``/_admin``.
Answers 201 to a create, or 202 where it waited as asked and the prediction has not ended.
"""

import asyncio
import base64
import contextlib
import hashlib
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import httpx2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from callsheet.sim.replicate_admin import Admin
from callsheet.sim.replicate_conditions import Conditions
from callsheet.sim.replicate_creating import Creating
from callsheet.sim.replicate_door import Door
from callsheet.sim.replicate_faults import FaultDeck
from callsheet.sim.replicate_files import Files, References
from callsheet.sim.replicate_ledger import Ledger
from callsheet.sim.replicate_models import Model
from callsheet.sim.replicate_offer import OFFERED
from callsheet.sim.replicate_outputs import Outputs
from callsheet.sim.replicate_predictions import Predictions
from callsheet.sim.replicate_problems import not_found, problem
from callsheet.sim.replicate_reading import Reading
from callsheet.sim.replicate_webhooks import Webhooks
from callsheet.sim.timers import Timers

_SECRET_MARK = "whsec_"  # noqa: S105 - what such secrets begin with


class BadSecretError(ValueError):
    """A webhook secret that Standard Webhooks cannot use."""

    def __init__(self) -> None:
        super().__init__("a webhook secret is whsec_ and base64")


def default_secret() -> str:
    """Make the secret of a simulator that was given none: the same one each time."""
    digest = hashlib.sha256(b"callsheet simulated replicate").digest()
    return _SECRET_MARK + base64.b64encode(digest).decode()


def create_app(
    conditions: Conditions | None = None,
    *,
    ledger: Path | None = None,
    webhook_secret: str | None = None,
    offered: Sequence[Model] = OFFERED,
) -> Starlette:
    """Make the service; it goes on where `ledger` ends. Raises BadSecretError."""
    conditions = conditions or Conditions(wall=time.time)
    secret_text = webhook_secret or default_secret()
    return _Service(conditions, ledger, secret_text, offered).app


class _Service:
    """All parts, put together."""

    def __init__(
        self,
        conditions: Conditions,
        ledger: Path | None,
        secret_text: str,
        offered: Sequence[Model],
    ) -> None:
        secret = _secret_bytes(secret_text)
        models = {model.id: model for model in offered}
        self._http = httpx2.AsyncClient(trust_env=False)
        self._timers = Timers(conditions.wall)
        self._ledger = Ledger.open(ledger)
        self._files = Files(conditions.now)
        self._references = References(conditions, self._files, self._http)
        self._webhooks = Webhooks(conditions, self._timers, secret, self._http)
        self._predictions = Predictions(
            conditions,
            self._timers,
            self._ledger,
            secret,
            models,
            self._webhooks.tell,
            self._references.read,
        )
        deck = FaultDeck()
        self._door = Door(conditions, deck)
        self._creating = Creating(conditions, self._door, deck, self._predictions, models)
        self._reading = Reading(
            self._door, self._predictions, Outputs(), self._files, models, secret_text
        )
        cleared = (self._timers, self._predictions, deck, self._door, self._webhooks, self._files)
        self._admin = Admin(
            conditions,
            deck,
            self._door,
            self._predictions,
            self._webhooks,
            self._timers,
            [part.clear for part in cleared],
        )
        self.app = Starlette(
            routes=[*self._api(), *self._own()],
            lifespan=self._running,
            exception_handlers={404: _unknown, 405: _unknown},
        )

    @contextlib.asynccontextmanager
    async def _running(self, _: Starlette) -> AsyncIterator[None]:
        self._predictions.restore()
        tasks = [asyncio.create_task(part.run()) for part in (self._timers, self._webhooks)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._references.close()
            await self._http.aclose()
            self._ledger.close()

    def _api(self) -> list[BaseRoute]:
        guarded, reading, create = self._door.guarded, self._reading, self._creating.create
        one, model = "/v1/predictions/{id}", "/v1/models/{owner}/{name}"
        return [
            Route("/v1/predictions", create, methods=["POST"]),
            Route(f"{model}/predictions", create, methods=["POST"]),
            Route(one, guarded("get", reading.get)),
            Route(f"/stream{one}", guarded("get", reading.stream)),
            Route("/delivery/{token}/{name}", guarded("output", reading.output, public=True)),
            Route("/v1/predictions", guarded("list", reading.list)),
            Route(f"{one}/cancel", guarded("cancel", reading.cancel), methods=["POST"]),
            Route("/v1/files", guarded("file", reading.upload), methods=["POST"]),
            Route("/v1/files", guarded("file", reading.files)),
            Route("/v1/files/{id}", guarded("file", reading.file), methods=["GET", "DELETE"]),
            Route("/v1/models", guarded("model", reading.models)),
            Route(model, guarded("model", reading.model)),
            Route(f"{model}/versions", guarded("model", reading.versions)),
            Route(f"{model}/versions/{{version}}", guarded("model", reading.versions)),
            Route("/v1/webhooks/default/secret", guarded("account", reading.secret)),
            Route("/v1/account", guarded("account", reading.account)),
            Route("/v1/hardware", guarded("account", reading.hardware)),
        ]

    def _own(self) -> list[BaseRoute]:
        admin = self._admin
        return [
            Route("/_admin/ledger", admin.ledger),
            Route("/_admin/state", admin.state),
            Route("/_admin/faults", admin.faults, methods=["POST"]),
            Route("/_admin/conditions", admin.conditions, methods=["POST"]),
            Route("/_admin/reset", admin.reset, methods=["POST"]),
        ]


def _secret_bytes(text: str) -> bytes:
    try:
        secret = base64.b64decode(text.removeprefix(_SECRET_MARK), validate=True)
    except ValueError:
        raise BadSecretError from None
    if not secret or not text.startswith(_SECRET_MARK):
        raise BadSecretError
    return secret


async def _unknown(_: Request, error: Exception) -> Response:
    if getattr(error, "status_code", 404) == 405:  # noqa: PLR2004 - as the table of handlers says
        return problem(405, "Method not allowed.")
    return not_found()
