"""How the simulated Replicate takes an order: read, checked, booked, answered."""

import asyncio
import contextlib
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from callsheet.sim.core.conditions import BadOrderError, Conditions
from callsheet.sim.core.door import Door, TooLargeError, read_body
from callsheet.sim.core.faults import FaultDeck, Faults, read_mark
from callsheet.sim.core.lives import Orders
from callsheet.sim.core.models import Model, Problem
from callsheet.sim.core.orders import DEFAULT_EVENTS, Asked, Status
from callsheet.sim.core.service import RefusedError
from callsheet.sim.core.webhooks import EVENTS
from callsheet.sim.replicate_dialect import ReplicateDialect
from callsheet.sim.replicate_problems import (
    bad_request,
    invalid_input,
    no_such_version,
    not_found,
    out_of_credit,
    problem,
)

_MOST_BODY_BYTES = 8 << 20
_MOST_WAIT_S = 60
_KEY_CHARS = 12
_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?")
_WAIT = re.compile(r"wait(?:\s*=\s*(\d+))?")


class Creating:
    """The three ways to create a prediction, which differ in how they name the model."""

    def __init__(
        self,
        dialect: ReplicateDialect,
        conditions: Conditions,
        door: Door,
        deck: FaultDeck,
        predictions: Orders,
        models: Mapping[str, Model],
    ) -> None:
        self._dialect = dialect
        self._conditions, self._door, self._deck = conditions, door, deck
        self._predictions, self._models = predictions, models
        self._versions = {model.version: model for model in models.values()}

    async def create(self, request: Request) -> Response:
        """Take an order, at a model's own address or for a version named in the body."""
        self._door.requests["create"] += 1
        refused = self._door.refusal(request, creates=True)
        if refused is not None:
            return refused
        try:
            body = await _read_json(request)
            faults = self._faults(body)
            return await self._door.spoilt(faults, lambda: self._taken(request, body, faults))
        except RefusedError as refusal:
            return refusal.answer

    def _faults(self, body: Mapping[str, Any]) -> Faults:
        given = body.get("input")
        prompt = given.get("prompt") if isinstance(given, dict) else None
        try:
            marked = read_mark(prompt)
        except BadOrderError as error:
            raise RefusedError(bad_request(f"simulator: {error}")) from None
        return {**self._deck.deal("create"), **marked}

    async def _taken(self, request: Request, body: Mapping[str, Any], faults: Faults) -> Response:
        wait_s = _wait_seconds(request.headers.get("prefer", ""))
        asked = self._read(request, body, faults)
        prediction = self._predictions.accept(asked)
        if "revoke_key" in faults:
            self._conditions.revoked.add(self._dialect.token(request))
        if wait_s is None:
            return _json(prediction.body(), 201)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await prediction.until_ended()
        if "wait_processing" in faults and prediction.output is not None:
            told = {**prediction.told(), "status": Status.PROCESSING}
            return _json(json.dumps(told).encode(), 201)
        return _json(prediction.body(), 201 if prediction.ended else 202)

    def _read(self, request: Request, body: Mapping[str, Any], faults: Faults) -> Asked:
        model, version = self._named(request, body)
        if model.id in self._conditions.withdrawn:
            raise RefusedError(not_found())
        inputs = body.get("input", {})
        problems = _shape_problems(body) or model.problems(inputs)
        if problems:
            raise RefusedError(invalid_input(problems))
        if not self._conditions.has_credit():
            raise RefusedError(out_of_credit())
        return Asked(
            dialect=self._dialect,
            model=model,
            version=version,
            inputs=inputs,
            base=f"{request.url.scheme}://{request.url.netloc}",
            key=hashlib.sha256(self._dialect.token(request).encode()).hexdigest()[:_KEY_CHARS],
            webhook=body.get("webhook"),
            events=tuple(body.get("webhook_events_filter") or DEFAULT_EVENTS),
            cancel_after_s=_deadline_seconds(request.headers.get("cancel-after")),
            faults=faults,
        )

    def _named(self, request: Request, body: Mapping[str, Any]) -> tuple[Model, str]:
        if "owner" in request.path_params:
            found = self._models.get("{owner}/{name}".format(**request.path_params))
            if found is None:
                raise RefusedError(not_found())
            return found, "hidden"
        named = body.get("version")
        if not isinstance(named, str):
            missing = {"type": "required", "field": "", "description": "version is required"}
            raise RefusedError(invalid_input([missing]))
        model_id, _, version = named.rpartition(":")
        if not model_id and "/" in version:
            model_id, version = version, ""
        found = self._versions.get(version) if version else self._models.get(model_id)
        if found is None or model_id not in {"", found.id}:
            raise RefusedError(no_such_version())
        return found, version or "hidden"


async def _read_json(request: Request) -> Mapping[str, Any]:
    try:
        body = json.loads(await read_body(request, _MOST_BODY_BYTES))
    except TooLargeError:
        raise RefusedError(problem(413, "Request body is too large")) from None
    except ValueError as error:
        raise RefusedError(bad_request(f"JSON parse error - {error}")) from None
    if not isinstance(body, dict):
        raise RefusedError(bad_request("The request body must be a JSON object"))
    return body


def _shape_problems(body: Mapping[str, Any]) -> list[Problem]:
    """Check everything about an order but its inputs' values."""
    found: list[Problem] = []
    if "input" not in body:
        found.append({"type": "required", "field": "", "description": "input is required"})
    elif not isinstance(body["input"], dict):
        text = "Invalid type. Expected: object"
        found.append({"type": "invalid_type", "field": "input", "description": text})
    webhook = body.get("webhook")
    if webhook is not None and not _is_url(webhook):
        text = "Does not match format 'uri'"
        found.append({"type": "format", "field": "webhook", "description": text})
    events = body.get("webhook_events_filter")
    if events is not None and not (isinstance(events, list) and set(map(str, events)) <= {*EVENTS}):
        allowed = ", ".join(f'"{event}"' for event in EVENTS)
        text = f"webhook_events_filter must be one of the following: {allowed}"
        found.append({"type": "enum", "field": "webhook_events_filter", "description": text})
    return found


def _is_url(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def _wait_seconds(header: str) -> int | None:
    """Read `Prefer: wait` and `wait=n`; None is not to wait. Raises RefusedError."""
    asked = _WAIT.fullmatch(header.strip())
    if asked is None:
        return None
    seconds = int(asked[1]) if asked[1] else _MOST_WAIT_S
    if not 1 <= seconds <= _MOST_WAIT_S:
        raise RefusedError(bad_request(f"Prefer: wait must be 1 to {_MOST_WAIT_S} seconds"))
    return seconds


def _deadline_seconds(header: str | None) -> float | None:
    """Read `Cancel-After`: `90s`, `1m`, `1h30m` or seconds. Raises RefusedError."""
    if header is None:
        return None
    asked = _DURATION.fullmatch(header.strip())
    if asked is None or not any(asked.groups()):
        raise RefusedError(bad_request(f"Cancel-After is not a duration: {header[:40]}"))
    hours, minutes, seconds = (float(part or 0) for part in asked.groups())
    return hours * 3600 + minutes * 60 + seconds


def _json(body: bytes, status: int) -> Response:
    return Response(body, status, media_type="application/json")
