"""Who is asking, over HTTP or a WebSocket: by key, by session, or from this machine itself."""

from typing import Annotated, Final

from fastapi import Depends, Header, Request
from starlette.requests import HTTPConnection

from callsheet.accounts.access import Call
from callsheet.accounts.errors import ServerOnlyError
from callsheet.accounts.model import Caller, Role
from callsheet.controls.model import Request as IdempotentRequest
from callsheet.kernel.digests import sha256_of
from callsheet.kernel.ids import LOCAL_WORKSPACE
from callsheet.wiring import Callsheet

_CALLER: Final = "callsheet.caller"


def services(connection: HTTPConnection) -> Callsheet:
    """Reach the services from a request or a WebSocket."""
    found: Callsheet = connection.app.state.callsheet
    return found


async def _services(request: HTTPConnection) -> Callsheet:
    """Reach them without a trip to a thread, which a function that does not await would take."""
    return services(request)


Services = Annotated[Callsheet, Depends(_services)]


def call_of(connection: HTTPConnection) -> Call:
    """Read what is known of a request or a WebSocket, before anything of it is believed."""
    scope, state = connection.scope, connection.app.state
    return Call(
        bound=state.bound,
        peer=connection.client.host if connection.client else "",
        method=scope.get("method", "GET"),
        http_version=scope.get("http_version", ""),
        headers=[
            (name.decode("latin-1").lower(), value.decode("latin-1"))
            for name, value in scope["headers"]
        ],
        is_websocket=scope["type"] == "websocket",
        origin=state.origin,
    )


async def admit(connection: HTTPConnection, role: Role) -> Caller:
    """Let in whoever has at least this role, once for a request. Raises as Accounts.admit."""
    accounts = services(connection).accounts
    caller = connection.scope[_CALLER] = await accounts.admit(call_of(connection), role)
    return caller


class Needs:
    """The dependency that names the role a route needs, and gives the route its caller.

    A route for HTTP admits before it reads (see `callsheet.web.routes`); a WebSocket has nothing to
    read, and is admitted here, before its handshake is answered.
    """

    def __init__(self, role: Role) -> None:
        self.role = role

    async def __call__(
        self,
        connection: HTTPConnection,
        _authorization: Annotated[str | None, Header(alias="authorization")] = None,
    ) -> Caller:
        """Tell who was admitted."""
        caller: Caller | None = connection.scope.get(_CALLER)
        return caller or await admit(connection, self.role)


Viewer = Annotated[Caller, Depends(Needs(Role.VIEWER))]
Reviewer = Annotated[Caller, Depends(Needs(Role.REVIEWER))]
Editor = Annotated[Caller, Depends(Needs(Role.EDITOR))]
Admin = Annotated[Caller, Depends(Needs(Role.ADMIN))]
IdempotencyKey = Annotated[
    str | None, Header(min_length=1, max_length=200, description="Makes a repeat answer the same")
]


def server_only(caller: Caller, what: str) -> None:
    """Raise ServerOnlyError unless somebody of the server's own workspace asks."""
    if caller.workspace != LOCAL_WORKSPACE:
        raise ServerOnlyError(what, caller.workspace)


def path_of(connection: HTTPConnection) -> str:
    """Name the path as our routes know it: without the prefix that a proxy serves us under."""
    return connection.url.path.removeprefix(prefix_of(connection))


def prefix_of(connection: HTTPConnection) -> str:
    """Name the prefix that a proxy serves us under, "" for none."""
    return str(connection.scope.get("root_path", ""))


def idempotent_request(
    request: Request, key: str | None, *parts: bytes
) -> IdempotentRequest | None:
    """Name a request that must act once: its key, and a digest of its path and of what it asks.

    `parts` are its body and form fields. None without a key.
    """
    if key is None:
        return None
    asked = [request.method.encode(), path_of(request).encode(), *parts]
    return IdempotentRequest(key, sha256_of(b"\0".join(sha256_of(part).encode() for part in asked)))
