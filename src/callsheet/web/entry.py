"""Who is asking: a key, or this machine itself while no key has ever existed."""

from typing import Annotated, Final

from fastapi import Depends, Header, Request
from starlette.types import Scope

from callsheet.accounts.access import Call
from callsheet.accounts.errors import ServerOnlyError
from callsheet.accounts.model import Member, Role
from callsheet.controls.store import Request as IdempotentRequest
from callsheet.kernel.digests import sha256_of
from callsheet.kernel.ids import LOCAL_WORKSPACE
from callsheet.wiring import Callsheet

_MEMBER: Final = "callsheet.member"


def services(request: Request) -> Callsheet:
    """Reach the services from a request."""
    found: Callsheet = request.app.state.callsheet
    return found


Services = Annotated[Callsheet, Depends(services)]


def call_of(scope: Scope) -> Call:
    """Read what is known of a request, or of a WebSocket, before anything of it is believed."""
    peer = scope.get("client")
    return Call(
        bound=scope["app"].state.bound,
        peer=peer[0] if peer else "",
        method=scope.get("method", "GET"),
        http_version=scope.get("http_version", ""),
        headers=[
            (name.decode("latin-1").lower(), value.decode("latin-1"))
            for name, value in scope["headers"]
        ],
    )


async def admit(request: Request, role: Role) -> Member:
    """Let in whoever has at least this role, once for a request. Raises as Accounts.admit."""
    cs = services(request)
    member = request.scope[_MEMBER] = await cs.accounts.admit(call_of(request.scope), role)
    return member


class Needs:
    """The dependency that names the role a route needs; the route itself admits, before it reads.

    See `callsheet.web.routes`.
    """

    def __init__(self, role: Role) -> None:
        self.role = role

    async def __call__(
        self,
        request: Request,
        _authorization: Annotated[str | None, Header(alias="authorization")] = None,
    ) -> Member:
        """Tell who was admitted."""
        member: Member = request.scope[_MEMBER]
        return member


Viewer = Annotated[Member, Depends(Needs(Role.VIEWER))]
Editor = Annotated[Member, Depends(Needs(Role.EDITOR))]
Admin = Annotated[Member, Depends(Needs(Role.ADMIN))]
IdempotencyKey = Annotated[
    str | None, Header(min_length=1, max_length=200, description="Makes a repeat answer the same")
]


def server_only(member: Member, what: str) -> None:
    """Raise ServerOnlyError unless somebody of the server's own workspace asks."""
    if member.workspace != LOCAL_WORKSPACE:
        raise ServerOnlyError(what, member.workspace)


def path_of(request: Request) -> str:
    """Name the path as our routes know it: without the prefix that a proxy serves us under."""
    path, prefix = request.url.path, request.scope.get("root_path", "")
    return path.removeprefix(prefix)


def prefix_of(request: Request) -> str:
    """Name the prefix that a proxy serves us under, "" for none."""
    return str(request.scope.get("root_path", ""))


def wish(request: Request, key: str | None, *asked: bytes) -> IdempotentRequest | None:
    """Name a request that must act once: its key, and a digest of where and what it asks."""
    if key is None:
        return None
    parts = [request.method.encode(), path_of(request).encode(), *asked]
    return IdempotentRequest(key, sha256_of(b"\0".join(sha256_of(part).encode() for part in parts)))
