"""Sessions: signing in and out from a browser, and who is asking."""

from datetime import datetime
from typing import Annotated, Final, Literal

from fastapi import Request, Response
from pydantic import BaseModel, Field, SecretStr
from starlette.requests import HTTPConnection

from callsheet.accounts.access import SESSION_COOKIE
from callsheet.accounts.model import Caller, Credentials, Role
from callsheet.kernel.ids import LOCAL_WORKSPACE
from callsheet.web.entry import Services, Viewer, call_of, prefix_of
from callsheet.web.problems import documented
from callsheet.web.routes import GuardedRouter

router = GuardedRouter(prefix="/api/session", tags=["session"])
_SECURE: Final = frozenset({"https", "wss"})


class SignIn(BaseModel, extra="forbid"):
    """An API key to begin a session with."""

    key: Annotated[SecretStr, Field(min_length=1, max_length=500)]


class MemberInfo(BaseModel, from_attributes=True):
    """The person whose key it is."""

    id: str
    name: str
    email: str
    role: Role


class SessionInfo(BaseModel, from_attributes=True):
    """When the session began, and when it ends at the latest."""

    id: str
    created_at: datetime
    expires_at: datetime


class Identity(BaseModel):
    """Who is asking, and what they may do.

    `role` is the lesser of the key's and the member's; `may` lists it and every role below it.
    `manages_server` tells whether they may also change what concerns every workspace. `member` is
    null for a key that is nobody's in particular, `session` for a request that was sent with a key,
    and `key` as well while no key is needed.
    """

    workspace: str
    role: Role
    may: list[Role]
    manages_server: bool
    via: Literal["key", "session", "local"]
    key: str | None
    member: MemberInfo | None
    session: SessionInfo | None


@router.post("", summary="Sign in", responses=documented(400, 401, 403, 413, 422, 503))
async def sign_in(body: SignIn, request: Request, response: Response, cs: Services) -> Identity:
    """Begin a session with an API key, and answer its cookie.

    The session may do what the key may, and ends with it: when it is revoked, when its member is
    disabled, twelve hours after its last use, and after seven days.
    """
    call_of(request).refuse_other_pages()
    signed_in = await cs.accounts.sign_in(body.key.get_secret_value())
    credentials, session = signed_in.credentials, signed_in.session
    _set_cookie(
        request,
        response,
        signed_in.secret,
        int((session.expires_at - session.created_at).total_seconds()),
    )
    return _identity(credentials.caller(), credentials)


@router.get("", summary="Who is asking", responses=documented(401, 403, 503))
async def who(cs: Services, caller: Viewer) -> Identity:
    """Answer who is asking, by key or session, and what they may do."""
    return _identity(caller, await cs.accounts.credentials_of(caller))


@router.delete("", status_code=204, summary="Sign out", responses=documented(401, 403, 503))
async def sign_out(request: Request, cs: Services, caller: Viewer) -> Response:
    """End the session at once, its open streams included; a key stays as it is."""
    if caller.session:
        await cs.accounts.sign_out(caller.session)
    response = Response(status_code=204)
    _set_cookie(request, response, "", 0)
    return response


def _set_cookie(request: Request, response: Response, secret: str, max_age_s: int) -> None:
    response.set_cookie(
        SESSION_COOKIE,
        secret,
        max_age=max_age_s,
        path=prefix_of(request) or "/",
        secure=_is_secure(request),
        httponly=True,
        samesite="lax",
    )


def _is_secure(connection: HTTPConnection) -> bool:
    """Tell whether browsers reach us by https, as far as is known."""
    public = connection.app.state.origin
    return connection.url.scheme in _SECURE or public.startswith("https://")


def _identity(caller: Caller, found: Credentials | None) -> Identity:
    member = found.member if found else None
    session = found.session if found else None
    return Identity(
        workspace=caller.workspace,
        role=caller.role,
        may=[role for role in Role if caller.role.allows(role)],
        manages_server=caller.role is Role.ADMIN and caller.workspace == LOCAL_WORKSPACE,
        via="session" if caller.session else "key" if caller.key else "local",
        key=caller.key or None,
        member=None if member is None else MemberInfo.model_validate(member),
        session=None if session is None else SessionInfo.model_validate(session),
    )
