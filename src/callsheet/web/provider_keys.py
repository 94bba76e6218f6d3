"""Providers' keys over HTTP: write-only. What is answered never holds a key."""

from datetime import datetime
from typing import Annotated

from fastapi import Response
from pydantic import BaseModel, Field, SecretStr

from callsheet.accounts.model import SERVER
from callsheet.kernel.ids import LOCAL_WORKSPACE
from callsheet.web.entry import Admin, Services, server_only
from callsheet.web.problems import documented
from callsheet.web.routes import GuardedRouter

Name = Annotated[str, Field(max_length=100)]
router = GuardedRouter(tags=["keys"])


class NewKey(BaseModel, extra="forbid"):
    """A provider's key to store; with `server`, for every workspace that has none of its own."""

    secret: Annotated[SecretStr, Field(min_length=1, max_length=8_192)]
    server: bool = False


class KeyState(BaseModel):
    """Whether a key is stored, and what may be shown of it.

    `owner` is workspace, server or environment, "" without a key. `opens` is false if another
    master key encrypted it: it must be set again.
    """

    provider: str
    scope: str
    present: bool
    owner: str
    last4: str
    updated_at: datetime | None
    opens: bool


class KeyTest(BaseModel):
    """The provider accepted the key."""

    provider: str
    scope: str
    good: bool


class Deed(BaseModel):
    """One action of a person: on what, and what came of it."""

    at: datetime
    actor: str
    action: str
    subject: str
    outcome: str


class Deeds(BaseModel):
    """The latest actions, newest first."""

    items: list[Deed]
    next_cursor: str | None = None


def _actor(caller: Admin) -> str:
    return caller.name or "local"


@router.put(
    "/api/admin/keys/{provider}/{scope}",
    summary="Store a provider's key",
    responses=documented(400, 401, 403, 404, 413, 422, 503),
)
async def keep(provider: Name, scope: Name, body: NewKey, cs: Services, caller: Admin) -> KeyState:
    """Store a key, encrypted, in place of the one before; in use everywhere within two seconds."""
    if body.server:
        server_only(caller, "the server's key")
    owner = SERVER if body.server else caller.workspace
    secret = body.secret.get_secret_value()
    await cs.key_control.set(owner, provider, scope, secret, by=_actor(caller))
    return await _state(cs, caller, provider, scope)


@router.get(
    "/api/admin/keys/{provider}/{scope}",
    summary="Tell whether there is a key",
    responses=documented(401, 403, 404, 422, 503),
)
async def tell(provider: Name, scope: Name, cs: Services, caller: Admin) -> KeyState:
    """Tell whether a key is kept for exactly this use; the key itself is never answered."""
    cs.key_control.check(provider, scope)
    return await _state(cs, caller, provider, scope)


@router.delete(
    "/api/admin/keys/{provider}/{scope}",
    status_code=204,
    summary="Delete a provider's key",
    responses=documented(401, 403, 404, 422, 503),
)
async def remove(
    provider: Name,
    scope: Name,
    cs: Services,
    caller: Admin,
    server: bool = False,  # noqa: FBT001, FBT002  # a query parameter
) -> Response:
    """Delete the key that is kept for this use: the workspace's, or the server's."""
    if server:
        server_only(caller, "the server's key")
    owner = SERVER if server else caller.workspace
    await cs.key_control.remove(owner, provider, scope, by=_actor(caller))
    return Response(status_code=204)


@router.post(
    "/api/admin/keys/{provider}/{scope}/test",
    summary="Test a provider's key",
    responses=documented(401, 403, 404, 409, 422, 502, 503),
)
async def test(provider: Name, scope: Name, cs: Services, caller: Admin) -> KeyTest:
    """Send the provider a request that costs nothing, with the key that would be used."""
    await cs.key_control.test(caller.workspace, provider, scope, by=_actor(caller))
    return KeyTest(provider=provider, scope=scope, good=True)


@router.get(
    "/api/admin/audit",
    summary="Audit",
    responses=documented(401, 403, 503),
)
async def audit(cs: Services, caller: Admin) -> Deeds:
    """List the latest hundred actions on keys and members, newest first."""
    is_own = caller.workspace == LOCAL_WORKSPACE
    deeds = await cs.provider_keys.deeds(caller.workspace, servers=is_own)
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


async def _state(cs: Services, caller: Admin, provider: str, scope: str) -> KeyState:
    listed = await cs.provider_keys.listed(caller.workspace)
    kept = [each for each in listed if (each.provider, each.scope) == (provider, scope)]
    is_own = caller.workspace == LOCAL_WORKSPACE  # the server's keys are its own affair
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
