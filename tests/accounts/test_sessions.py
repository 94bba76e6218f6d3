"""Sessions and members in a database: begun with a key, and ended with it, or with its member."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from callsheet.accounts.access import SESSION_COOKIE, Call
from callsheet.accounts.errors import (
    ForbiddenError,
    MemberDisabledError,
    MemberExistsError,
    MemberNotFoundError,
    UnauthorizedError,
)
from callsheet.accounts.members import Members
from callsheet.accounts.model import IDLE, LASTS, Role
from callsheet.accounts.provider_keys import AuditStore
from callsheet.accounts.service import Accounts
from callsheet.accounts.store import SESSIONS, KeyStore, MemberStore, SessionStore
from callsheet.database.connections import SqlDatabase
from callsheet.database.schema import migrate
from callsheet.kernel.errors import InvalidInputError
from callsheet.kernel.ids import WorkspaceId

OURS = WorkspaceId("ours")


@dataclass
class Rooms:
    """The verbs, on a clock that a test moves."""

    database: SqlDatabase
    accounts: Accounts
    members: Members
    now: datetime = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)

    async def seen_at(self) -> datetime:
        """Read when the only session was last noted."""
        async with self.database.read() as connection:
            seen: datetime = (await connection.execute(sa.select(SESSIONS.c.seen_at))).scalar_one()
            return seen


@pytest.fixture
async def rooms(database_url: str) -> AsyncIterator[Rooms]:
    """Give verbs over a database with the schema."""
    database = SqlDatabase(database_url)
    await migrate(database)

    def clock() -> datetime:
        return made.now

    stores = KeyStore(), MemberStore(), SessionStore()
    made = Rooms(
        database,
        Accounts(database, clock, *stores),
        Members(database, stores[1], stores[2], AuditStore(), clock),
    )
    yield made
    await database.close()


def with_session(secret: str) -> Call:
    """Word a request from far away that has a session and nothing else."""
    cookie = ("cookie", f"{SESSION_COOKIE}={secret}")
    return Call("10.0.0.1", "10.1.1.1", "GET", "1.1", [("host", "sheets"), cookie])


def with_key(secret: str) -> Call:
    """Word a request from far away that has a key."""
    key = ("authorization", f"Bearer {secret}")
    return Call("10.0.0.1", "10.1.1.1", "GET", "1.1", [("host", "sheets"), key])


async def test_session_is_kept_as_a_digest_and_does_what_its_key_may(rooms: Rooms) -> None:
    """Nothing in the database opens anything; the role is the key's, as it is for the key."""
    key, secret = await rooms.accounts.create("maya", Role.EDITOR, OURS)
    signed_in = await rooms.accounts.sign_in(secret)
    async with rooms.database.read() as connection:
        row = (await connection.execute(sa.select(SESSIONS))).mappings().one()
    assert signed_in.secret not in str(dict(row))
    assert len(signed_in.secret) == 43
    caller = await rooms.accounts.admit(with_session(signed_in.secret), Role.EDITOR)
    assert (caller.workspace, caller.key, caller.session) == (OURS, key.id, signed_in.session.id)
    with pytest.raises(ForbiddenError):
        await rooms.accounts.admit(with_session(signed_in.secret), Role.ADMIN)
    with pytest.raises(UnauthorizedError):
        await rooms.accounts.admit(with_session(signed_in.secret + "x"), Role.VIEWER)
    with pytest.raises(UnauthorizedError):
        await rooms.accounts.sign_in(secret + "x")


async def test_use_keeps_a_session_alive_and_is_noted_seldom(rooms: Rooms) -> None:
    """Each use counts, to five minutes; after a week it is over whatever its use."""
    _, secret = await rooms.accounts.create("maya", Role.VIEWER, OURS)
    signed_in = await rooms.accounts.sign_in(secret)
    call, begun = with_session(signed_in.secret), rooms.now
    rooms.now += timedelta(minutes=4)
    await rooms.accounts.admit(call, Role.VIEWER)
    assert await rooms.seen_at() == begun
    while rooms.now + IDLE < begun + LASTS:
        rooms.now += IDLE - timedelta(minutes=6)
        await rooms.accounts.admit(call, Role.VIEWER)
        assert await rooms.seen_at() == rooms.now
    rooms.now = begun + LASTS
    with pytest.raises(UnauthorizedError):
        await rooms.accounts.admit(call, Role.VIEWER)


async def test_session_that_rests_is_over(rooms: Rooms) -> None:
    """For requests and for open streams at the same moment."""
    _, secret = await rooms.accounts.create("maya", Role.VIEWER, OURS)
    signed_in = await rooms.accounts.sign_in(secret)
    credential = signed_in.session.id
    rooms.now += IDLE - timedelta(seconds=1)
    assert await rooms.accounts.still_good([credential]) == {credential}
    rooms.now += timedelta(seconds=1)
    assert await rooms.accounts.still_good([credential]) == set()
    with pytest.raises(UnauthorizedError):
        await rooms.accounts.admit(with_session(signed_in.secret), Role.VIEWER)


async def test_sessions_end_with_sign_out_key_and_member(rooms: Rooms) -> None:
    """Each at once, and none takes another with it."""
    _, keep = await rooms.accounts.create("stays", Role.ADMIN, OURS)
    maya = await rooms.members.add(OURS, "Maya", "Maya@Example.com", Role.EDITOR, by="me")
    key, secret = await rooms.accounts.create("hers", Role.ADMIN, OURS, "maya@example.COM")
    assert key.member == maya.id
    other, other_secret = await rooms.accounts.create("other", Role.VIEWER, OURS)
    stays = await rooms.accounts.sign_in(keep)
    hers = await rooms.accounts.sign_in(secret)
    theirs = await rooms.accounts.sign_in(other_secret)
    out = await rooms.accounts.sign_in(keep)
    ids = {each.session.id for each in (stays, hers, theirs, out)}
    all_of_them = {*ids, key.id, other.id, ""}
    assert await rooms.accounts.still_good(all_of_them) == {*ids, key.id, other.id}
    caller = await rooms.accounts.admit(with_session(hers.secret), Role.VIEWER)
    assert (caller.role, caller.name) == (Role.EDITOR, maya.id)

    await rooms.accounts.sign_out(out.session.id)
    await rooms.members.disable(OURS, maya.id, by="me")
    await rooms.accounts.revoke(other.id)

    assert await rooms.accounts.still_good(all_of_them) == {stays.session.id}
    for call in map(with_session, (out.secret, hers.secret, theirs.secret)):
        with pytest.raises(UnauthorizedError):
            await rooms.accounts.admit(call, Role.VIEWER)
    for call in (with_key(secret), with_key(other_secret)):
        with pytest.raises(UnauthorizedError):
            await rooms.accounts.admit(call, Role.VIEWER)
    with pytest.raises(UnauthorizedError, match="disabled"):
        await rooms.accounts.sign_in(secret)

    await rooms.members.enable(OURS, "maya@example.com", by="me")
    await rooms.accounts.admit(with_key(secret), Role.EDITOR)
    with pytest.raises(UnauthorizedError):
        await rooms.accounts.admit(with_session(hers.secret), Role.VIEWER)


async def test_members_are_one_to_an_address_and_a_workspace(rooms: Rooms) -> None:
    """Refused by name: twice the same, an unknown one, a disabled one's new key, bad words."""
    maya = await rooms.members.add(OURS, "  Maya  B ", "maya@example.com", Role.VIEWER, by="me")
    assert maya.name == "Maya B"
    theirs = WorkspaceId("theirs")
    await rooms.members.add(theirs, "Maya", "maya@example.com", Role.VIEWER, by="me")
    with pytest.raises(MemberExistsError):
        await rooms.members.add(OURS, "M", "MAYA@example.com", Role.VIEWER, by="me")
    with pytest.raises(MemberNotFoundError):
        await rooms.members.disable(theirs, maya.id, by="me")
    with pytest.raises(MemberNotFoundError):
        await rooms.accounts.create("x", Role.VIEWER, OURS, "nobody@example.com")
    disabled = await rooms.members.disable(OURS, maya.id, by="me")
    assert disabled == await rooms.members.disable(OURS, maya.id, by="me")
    with pytest.raises(MemberDisabledError):
        await rooms.accounts.create("x", Role.VIEWER, OURS, maya.id)
    for name, email in (("", "a@b.example"), ("a\nb", "nobody"), ("x" * 201, "a@b.example")):
        with pytest.raises(InvalidInputError):
            await rooms.members.add(OURS, name, email, Role.VIEWER, by="me")
    for email in (
        "a b@c.example",
        "a@b",
        "@b.example",
        "a@b.example\x00",
        f"{'a' * 250}@b.example",
    ):
        with pytest.raises(InvalidInputError):
            await rooms.members.add(OURS, "A", email, Role.VIEWER, by="me")
    assert [each.email for each in await rooms.members.listed(OURS)] == ["maya@example.com"]
