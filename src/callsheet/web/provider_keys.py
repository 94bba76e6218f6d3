"""Providers' keys over HTTP: write-only. What is answered never holds a key."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field, SecretStr

from callsheet.accounts.provider_keys import SERVER
from callsheet.kernel.ids import LOCAL_WORKSPACE
from callsheet.web.entry import Admin, Services, server_only
from callsheet.web.problems import documented
from callsheet.web.routes import GuardedRoute

Name = Annotated[str, Field(max_length=100)]
router = APIRouter(route_class=GuardedRoute, tags=["keys"])


class NewKey(BaseModel, extra="forbid"):
    """A key to keep; `server` makes it every workspace's that has none of its own."""

    secret: Annotated[SecretStr, Field(min_length=1, max_length=8_192)]
    server: bool = False


class KeyState(BaseModel):
    """Whether there is a key, and what may be shown of it; `opens` tells if it can be used."""

    provider: str
    scope: str
    present: bool
    owner: str
    last4: str
    updated_at: datetime | None
    opens: bool


class KeyTest(BaseModel):
    """The provider took the key."""

    provider: str
    scope: str
    good: bool


class Deed(BaseModel):
    """What a person did with a key."""

    at: datetime
    actor: str
    action: str
    subject: str
    outcome: str


class Deeds(BaseModel):
    """The latest deeds, newest first."""

    items: list[Deed]
    next_cursor: str | None = None


def _actor(member: Admin) -> str:
    return member.key or "local"


@router.put(
    "/api/admin/keys/{provider}/{scope}",
    summary="Keep a provider's key",
    responses=documented(400, 401, 403, 404, 413, 422, 503),
)
async def keep(provider: Name, scope: Name, body: NewKey, cs: Services, member: Admin) -> KeyState:
    """Keep a key, sealed, in place of the one before; in use everywhere within two seconds."""
    if body.server:
        server_only(member, "the server's key")
    owner = SERVER if body.server else member.workspace
    secret = body.secret.get_secret_value()
    await cs.key_control.set(owner, provider, scope, secret, by=_actor(member))
    return await _state(cs, member, provider, scope)


@router.get(
    "/api/admin/keys/{provider}/{scope}",
    summary="Tell whether there is a key",
    responses=documented(401, 403, 404, 422, 503),
)
async def tell(provider: Name, scope: Name, cs: Services, member: Admin) -> KeyState:
    """Tell whether a key is kept for just this use; never the key."""
    cs.key_control.check(provider, scope)
    return await _state(cs, member, provider, scope)


@router.delete(
    "/api/admin/keys/{provider}/{scope}",
    status_code=204,
    summary="Let a key go",
    responses=documented(401, 403, 404, 422, 503),
)
async def remove(
    provider: Name,
    scope: Name,
    cs: Services,
    member: Admin,
    server: bool = False,  # noqa: FBT001, FBT002  # a query parameter
) -> Response:
    """Let the workspace's key go, or the server's."""
    if server:
        server_only(member, "the server's key")
    owner = SERVER if server else member.workspace
    await cs.key_control.remove(owner, provider, scope, by=_actor(member))
    return Response(status_code=204)


@router.post(
    "/api/admin/keys/{provider}/{scope}/test",
    summary="Try a key",
    responses=documented(401, 403, 404, 409, 422, 502, 503),
)
async def test(provider: Name, scope: Name, cs: Services, member: Admin) -> KeyTest:
    """Try the key that would be used for this use, at no cost."""
    await cs.key_control.test(member.workspace, provider, scope, by=_actor(member))
    return KeyTest(provider=provider, scope=scope, good=True)


@router.get(
    "/api/admin/audit",
    summary="List what people did with keys",
    responses=documented(401, 403, 503),
)
async def audit(cs: Services, member: Admin) -> Deeds:
    """List the latest hundred deeds."""
    is_own = member.workspace == LOCAL_WORKSPACE
    deeds = await cs.provider_keys.deeds(member.workspace, servers=is_own)
    return Deeds(
        items=[
            Deed(
                at=each.at,
                actor=each.actor,
                action=each.action,
                subject=each.subject,
                outcome=each.outcome,
            )
            for each in deeds
        ]
    )


async def _state(cs: Services, member: Admin, provider: str, scope: str) -> KeyState:
    listed = await cs.provider_keys.listed(member.workspace)
    kept = [each for each in listed if (each.provider, each.scope) == (provider, scope)]
    is_own = member.workspace == LOCAL_WORKSPACE  # the server's keys are its own affair
    best = min(
        kept,
        key=lambda each: ("workspace", "server", "environment").index(each.owner),
        default=None,
    )
    if best is None:
        return KeyState(
            provider=provider,
            scope=scope,
            present=False,
            owner="",
            last4="",
            updated_at=None,
            opens=False,
        )
    return KeyState(
        provider=provider,
        scope=scope,
        present=True,
        owner=best.owner,
        last4=best.last4 if best.owner == "workspace" or is_own else "",
        updated_at=best.updated_at,
        opens=best.opens,
    )
