"""Replicate's HTTP API in one process, faithful enough for its own clients and for our tests.

Orders that live by the clock, deadlines, `Prefer: wait`, pages, files, model schemas, signed
webhooks, outputs that expire; a ledger of every order accepted; faults on demand
(`core.faults` names them) and conditions that can be changed, all below ``/_admin``.
Answers 201 to a create, or 202 where it waited as asked and the prediction has not ended.
"""

import base64
import hashlib
import time
from collections.abc import Sequence
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route

from callsheet.sim.core.conditions import Conditions
from callsheet.sim.core.models import Model
from callsheet.sim.core.service import Service
from callsheet.sim.replicate_creating import Creating
from callsheet.sim.replicate_dialect import ReplicateDialect
from callsheet.sim.replicate_files import Files
from callsheet.sim.replicate_offer import OFFERED
from callsheet.sim.replicate_reading import Reading

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
        dialect = ReplicateDialect()
        self._files = Files(conditions.now)
        service = Service(
            dialect,
            offered,
            conditions=conditions,
            ledger=ledger,
            secret=_secret_bytes(secret_text),
            own_file=self._files.content_at,
        )
        self._door = service.door
        self._creating = Creating(
            dialect, conditions, service.door, service.deck, service.orders, service.models
        )
        self._reading = Reading(
            service.door, service.orders, self._files, service.models, secret_text
        )
        self.app = service.app(self._api(), [self._files.clear])

    def _api(self) -> list[BaseRoute]:
        guarded, reading, create = self._door.guarded, self._reading, self._creating.create
        one, model = "/v1/predictions/{id}", "/v1/models/{owner}/{name}"
        return [
            Route("/v1/predictions", create, methods=["POST"]),
            Route(f"{model}/predictions", create, methods=["POST"]),
            Route(one, guarded("get", reading.get)),
            Route(f"/stream{one}", guarded("get", reading.stream)),
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


def _secret_bytes(text: str) -> bytes:
    try:
        secret = base64.b64decode(text.removeprefix(_SECRET_MARK), validate=True)
    except ValueError:
        raise BadSecretError from None
    if not secret or not text.startswith(_SECRET_MARK):
        raise BadSecretError
    return secret
