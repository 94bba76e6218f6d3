"""Google Secret Manager's REST API in memory, with Google's tokens and a machine's metadata server.

Secrets with versions that are added, disabled, enabled and destroyed; policies that say who may
read; tokens for a service account's signed assertion, really verified, or for whoever asks the
metadata server. Faults are ordered with ``POST /_sim/faults {"mode": "503" | "hang" | "reset" |
"cut" | "damaged", "count": n}``; damaged is an answer whose data is not what was stored.
"""

import base64
import binascii
import json
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from callsheet.kernel.digests import crc32c_of
from callsheet.sim.gcs_faults import FaultMode, Faults, FaultyService
from callsheet.sim.gcs_keys import ServiceAccount, SignatureRefusedError

ACCESSOR = "roles/secretmanager.secretAccessor"
MOST_BYTES = 64 * 1024
TOKEN_S = 3_599
_FLAVOUR = {"Metadata-Flavor": "Google", "Server": "Metadata Server for VM"}
_PARENT = re.compile(r"projects/[^/]+(/locations/[^/]+)?")
_STATES = {"disable": "DISABLED", "enable": "ENABLED", "destroy": "DESTROYED"}


class ApiError(Exception):
    """What is answered instead, in the words of Google's APIs."""

    def __init__(self, code: int, status: str, message: str) -> None:
        super().__init__(message)
        self.code, self.status, self.message = code, status, message

    def answer(self) -> Response:
        """Word it."""
        told = {"code": self.code, "message": self.message, "status": self.status}
        return JSONResponse({"error": told}, self.code)


@dataclass
class Version:
    """One version of a secret; a destroyed one has no data any more."""

    data: bytes
    state: str = "ENABLED"


@dataclass
class Vault:
    """Every secret by its name, with its versions from 1 on, and who may read it."""

    versions: dict[str, list[Version]] = field(default_factory=dict)
    readers: dict[str, set[str]] = field(default_factory=dict)
    damaged: int = 0

    def add(self, name: str, data: bytes, *readers: str) -> str:
        """Add a version, and a secret if it is new; the version's name."""
        self.versions.setdefault(name, []).append(Version(data))
        self.readers.setdefault(name, set()).update(readers)
        return f"{name}/versions/{len(self.versions[name])}"

    def find(self, name: str) -> tuple[str, Version]:
        """Find a version by its name, `latest` being the newest. Raises ApiError."""
        secret, _, number = name.partition("/versions/")
        kept = self.versions.get(secret)
        if kept is None:
            raise ApiError(404, "NOT_FOUND", f"Secret [{secret}] not found.")
        place = len(kept) if number == "latest" else int(number) if number.isdecimal() else 0
        if not 1 <= place <= len(kept):
            full = f"{secret}/versions/{number}"
            raise ApiError(404, "NOT_FOUND", f"Secret Version [{full}] not found.")
        return f"{secret}/versions/{place}", kept[place - 1]

    def payload(self, name: str, reader: str) -> tuple[str, dict[str, str]]:
        """Give out a version's data. Raises ApiError."""
        if reader not in self.readers.get(name.partition("/versions/")[0], set()):
            said = (
                f"Permission 'secretmanager.versions.access' denied for resource '{name}'"
                " (or it may not exist)."
            )
            raise ApiError(403, "PERMISSION_DENIED", said)
        full, version = self.find(name)
        if version.state != "ENABLED":
            said = f"Secret Version [{full}] is in {version.state} state."
            raise ApiError(400, "FAILED_PRECONDITION", said)
        told, checksum = version.data, crc32c_of(version.data)
        if self.damaged:
            self.damaged -= 1
            told = bytes([told[0] ^ 1]) + told[1:]
        # an int64 is a text in Google's JSON
        data = base64.b64encode(told).decode()
        return full, {"data": data, "dataCrc32c": str(checksum)}


def create_app(
    account: ServiceAccount, vault: Vault, *, clock: Callable[[], float] = time.time
) -> Starlette:
    """Make the service; `account` is whom its tokens are given to."""
    service, faults = _Service(account, vault, clock), Faults()
    unavailable = ApiError(503, "UNAVAILABLE", "The service is currently unavailable.")

    async def arrange(request: Request) -> Response:
        order = await request.json()
        if order["mode"] == "damaged":
            vault.damaged = int(order.get("count", 1))
        else:
            faults.arrange(FaultMode(order["mode"]), int(order.get("count", 1)))
        return JSONResponse({})

    metadata = "/computeMetadata/v1/instance/service-accounts/default"
    return Starlette(
        routes=[
            Route("/_sim/faults", arrange, methods=["POST"]),
            Route("/token", service.token, methods=["POST"]),
            Route(f"{metadata}/token", service.machine_token),
            Route(f"{metadata}/email", service.machine_mail),
            Route("/v1/{name:path}", service.asked, methods=["GET", "POST"]),
        ],
        middleware=[Middleware(FaultyService, faults=faults, unavailable=unavailable.answer())],
    )


class _Service:
    def __init__(self, account: ServiceAccount, vault: Vault, clock: Callable[[], float]) -> None:
        self._account, self._vault, self._clock = account, vault, clock
        self._tokens: dict[str, float] = {}  # and until when each is good

    async def token(self, request: Request) -> Response:
        """Trade a signed assertion for a token, at the address that the key file names."""
        async with request.form(max_fields=4) as form:
            grant, assertion = str(form.get("grant_type")), str(form.get("assertion"))
        if grant != "urn:ietf:params:oauth:grant-type:jwt-bearer":
            told = {"error": "unsupported_grant_type", "error_description": "Invalid grant_type"}
            return JSONResponse(told, 400)
        try:
            audience = str(request.url.replace(query=""))
            self._account.check_assertion(assertion, audience, self._clock())
        except SignatureRefusedError as error:
            told = {"error": "invalid_grant", "error_description": error.message}
            return JSONResponse(told, 400)
        return JSONResponse(self._new_token())

    async def machine_token(self, request: Request) -> Response:
        """Give a token to a process on the machine."""
        return self._to_machine(request, JSONResponse(self._new_token()))

    async def machine_mail(self, request: Request) -> Response:
        """Tell a process on the machine who it is."""
        return self._to_machine(request, Response(self._account.email, media_type="text/plain"))

    def _to_machine(self, request: Request, answer: Response) -> Response:
        asked_well = request.headers.get("metadata-flavor") == "Google"
        if not asked_well or "x-forwarded-for" in request.headers:
            answer = Response("Missing required header: Metadata-Flavor", 403)
        answer.headers.update(_FLAVOUR)
        return answer

    def _new_token(self) -> dict[str, Any]:
        token = f"ya29.sim-{secrets.token_urlsafe(24)}"
        self._tokens[token] = self._clock() + TOKEN_S
        return {"access_token": token, "expires_in": TOKEN_S, "token_type": "Bearer"}

    async def asked(self, request: Request) -> Response:
        """Do what the path and its verb say."""
        name, _, verb = request.path_params["name"].partition(":")
        try:
            self._let_in(request)
            body = await _body(request)
            return JSONResponse(self._done(request, name, verb, body))
        except ApiError as error:
            return error.answer()

    def _let_in(self, request: Request) -> None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self._tokens.get(token, 0.0) <= self._clock():
            said = (
                "Request had invalid authentication credentials. Expected OAuth 2 access token,"
                " login cookie or other valid authentication credential."
            )
            raise ApiError(401, "UNAUTHENTICATED", said)

    def _done(
        self, request: Request, name: str, verb: str, body: Mapping[str, Any]
    ) -> dict[str, Any]:
        match request.method, verb:
            case "GET", "access":
                full, payload = self._vault.payload(name, self._account.email)
                return {"name": full, "payload": payload}
            case "POST", "addVersion" if name in self._vault.versions:
                full = self._vault.add(name, _data(body))
                return {"name": full, "state": "ENABLED"}
            case "POST", "disable" | "enable" | "destroy":
                return self._moved(name, _STATES[verb])
            case "POST", "setIamPolicy" if name in self._vault.versions:
                return self._policy(name, body.get("policy") or {})
            case "POST", "" if name.endswith("/secrets") and _PARENT.fullmatch(name[:-8]):
                return self._created(f"{name}/{request.query_params.get('secretId')}")
        raise ApiError(404, "NOT_FOUND", f"Requested entity [{name}] was not found.")

    def _created(self, name: str) -> dict[str, Any]:
        if name in self._vault.versions:
            raise ApiError(409, "ALREADY_EXISTS", f"Secret [{name}] already exists.")
        self._vault.versions[name] = []
        return {"name": name, "replication": {"automatic": {}}}

    def _moved(self, name: str, state: str) -> dict[str, Any]:
        full, version = self._vault.find(name)
        if version.state == "DESTROYED":
            said = f"Secret Version [{full}] is in DESTROYED state."
            raise ApiError(400, "FAILED_PRECONDITION", said)
        version.state = state
        if state == "DESTROYED":
            version.data = b""
        return {"name": full, "state": state}

    def _policy(self, name: str, policy: Mapping[str, Any]) -> dict[str, Any]:
        self._vault.readers[name] = {
            str(member).removeprefix("serviceAccount:")
            for binding in policy.get("bindings", ())
            if binding.get("role") == ACCESSOR
            for member in binding.get("members", ())
        }
        return dict(policy)


async def _body(request: Request) -> Mapping[str, Any]:
    content = await request.body()
    try:
        told = json.loads(content or b"{}")
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise ApiError(400, "INVALID_ARGUMENT", "Invalid JSON payload received.")
    return told


def _data(body: Mapping[str, Any]) -> bytes:
    """Read what is to be kept, and hold it against its checksum, if it has one."""
    payload = body.get("payload") or {}
    try:
        data = base64.b64decode(str(payload.get("data", "")), validate=True)
        given = payload.get("dataCrc32c")
        fits = given is None or int(given) == crc32c_of(data)
    except (binascii.Error, ValueError, AttributeError):
        raise ApiError(400, "INVALID_ARGUMENT", "payload: malformed") from None
    if not fits or not 0 < len(data) <= MOST_BYTES:
        said = "The payload has another checksum, no data, or more than 65536 bytes."
        raise ApiError(400, "INVALID_ARGUMENT", said)
    return data
