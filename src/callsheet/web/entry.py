"""Who is asking: a key, or this machine itself while no key is in force."""

import ipaddress
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from fastapi import Depends, Header, Request

from callsheet.accounts.model import Member, Role
from callsheet.controls.store import Request as Wish
from callsheet.kernel.digests import sha256_of
from callsheet.web.errors import ForbiddenHostError
from callsheet.wiring import Callsheet

_BEARER: Final = "bearer "
_LOCAL_NAMES: Final = frozenset({"localhost"})


def services(request: Request) -> Callsheet:
    """Reach the services from a request."""
    found: Callsheet = request.app.state.callsheet
    return found


Services = Annotated[Callsheet, Depends(services)]


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address means this machine."""
    name = host.strip("[]").lower()
    if name in _LOCAL_NAMES:
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def needs(role: Role) -> Callable[..., Coroutine[Any, Any, Member]]:
    """Make the dependency that lets in whoever has at least this role."""

    async def member(
        request: Request,
        cs: Services,
        authorization: Annotated[str | None, Header(max_length=500)] = None,
    ) -> Member:
        secret = None
        if authorization is not None:
            secret = authorization
            if authorization[: len(_BEARER)].lower() == _BEARER:
                secret = authorization[len(_BEARER) :].strip()
        admitted = await cs.accounts.admit(secret, role)
        if not admitted.key:
            refuse_strangers(request)
        return admitted

    return member


def refuse_strangers(request: Request) -> None:
    """Refuse what a web page elsewhere could make a browser send to a server without keys.

    A foreign Host means DNS rebinding, a foreign Origin a cross-site form or script.
    """
    host = request.url.hostname or ""
    if not is_loopback(host):
        raise ForbiddenHostError("Host", host)
    origin = request.headers.get("origin")
    if origin and not is_loopback(urlsplit(origin).hostname or ""):
        raise ForbiddenHostError("Origin", origin)
    if request.headers.get("sec-fetch-site") == "cross-site" and request.method != "GET":
        raise ForbiddenHostError("Sec-Fetch-Site", "cross-site")


Viewer = Annotated[Member, Depends(needs(Role.VIEWER))]
Editor = Annotated[Member, Depends(needs(Role.EDITOR))]
Admin = Annotated[Member, Depends(needs(Role.ADMIN))]
IdempotencyKey = Annotated[
    str | None, Header(min_length=1, max_length=200, description="Makes a repeat answer the same")
]


def wish(request: Request, key: str | None, *asked: bytes) -> Wish | None:
    """Name a request that must act once: its key, and a digest of where and what it asks."""
    if key is None:
        return None
    parts = [request.method.encode(), request.url.path.encode(), *asked]
    return Wish(key, sha256_of(b"\0".join(sha256_of(part).encode() for part in parts)))
