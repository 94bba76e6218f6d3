"""Providers' keys: whose goes before whose, for which use, changed while everything runs."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from callsheet.accounts.errors import ProviderKeyNotFoundError, SealBrokenError
from callsheet.accounts.key_ring import KeyKeeper
from callsheet.accounts.model import SERVER
from callsheet.accounts.provider_keys import (
    PROVIDER_KEYS,
    AuditStore,
    ProviderKeyStore,
    SealedKey,
)
from callsheet.accounts.sealing import Sealer
from callsheet.database.connections import SqlDatabase
from callsheet.database.schema import migrate
from callsheet.kernel.ids import WorkspaceId
from callsheet.ports.hosted import (
    KeyMissingError,
    KeyRefusedError,
    KeySealedError,
    KeyUnusableError,
)
from callsheet.ports.keys import ProviderKey

OURS, THEIRS = WorkspaceId("ours"), WorkspaceId("theirs")


def keeper_on(
    database: SqlDatabase, master: bytes = b"master", former: bytes | None = None
) -> KeyKeeper:
    """Make a keeper, as a process of its own has it."""
    environment = {"fal": ProviderKey("fal-from-outside")}
    return KeyKeeper(
        database,
        ProviderKeyStore(),
        AuditStore(),
        Sealer(master, former),
        lambda: datetime.now(UTC),
        environment,
    )


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[SqlDatabase]:
    """Give a database with the schema."""
    made = SqlDatabase(database_url)
    await migrate(made)
    yield made
    await made.close()


async def test_nearest_key_is_handed_out(database: SqlDatabase) -> None:
    """The workspace's for just this use, its own for any, the server's, the environment's."""
    keeper = keeper_on(database)
    with pytest.raises(KeyMissingError, match="callsheet keys set runway text_to_video"):
        await keeper.key(OURS, "runway", "text_to_video")
    assert (await keeper.key(OURS, "fal", "text_to_image")).secret == "fal-from-outside"
    steps = (
        (SERVER, "any", "server-any"),
        (SERVER, "text_to_video", "server-video"),
        (OURS, "any", "ours-any"),
        (OURS, "text_to_video", "ours-video"),
    )
    for owner, scope, secret in steps:
        await keeper.set(owner, "runway", scope, secret, by="maya")
        assert (await keeper.key(OURS, "runway", "text_to_video")).secret == secret
    assert (await keeper.key(OURS, "runway", "image_to_video")).secret == "ours-any"
    assert (await keeper.key(THEIRS, "runway", "image_to_video")).secret == "server-any"


async def test_keys_that_were_kept_unread_are_read_when_they_are_handed_out(
    database: SqlDatabase,
) -> None:
    """A line end at the end is left away; one within blocks the provider, and is not repeated."""
    keeper = keeper_on(database)
    async with database.begin() as connection:
        for provider, secret in (("runway", "whole\r\n"), ("luma", "SEC\nRET")):
            bare = SealedKey(OURS, provider, "any", b"", "", datetime.now(UTC))
            sealed = replace(bare, sealed=keeper.sealer.seal(secret, bare.place))
            await keeper.keys.put(connection, sealed)
    assert (await keeper.key(OURS, "runway", "any")).secret == "whole"
    with pytest.raises(KeyUnusableError, match="callsheet keys set luma") as caught:
        await keeper.key(OURS, "luma", "any")
    assert "RET" not in str(caught.value)


async def test_key_for_one_use_is_not_handed_to_another(database: SqlDatabase) -> None:
    """Text-to-video's key is not image-to-video's."""
    keeper = keeper_on(database)
    await keeper.set(OURS, "runway", "text_to_video", "for-text", by="maya")
    with pytest.raises(KeyMissingError, match="image_to_video"):
        await keeper.key(OURS, "runway", "image_to_video")


async def test_new_key_is_in_use_in_other_processes_soon(database: SqlDatabase) -> None:
    """Another process hands the new key out within two seconds, without a restart."""
    first, second = keeper_on(database), keeper_on(database)
    await first.set(OURS, "runway", "any", "old", by="maya")
    assert (await second.key(OURS, "runway", "any")).secret == "old"
    await first.set(OURS, "runway", "any", "new", by="maya")
    async with asyncio.timeout(2):
        while (await second.key(OURS, "runway", "any")).secret != "new":  # noqa: ASYNC110  # of another process
            await asyncio.sleep(0.05)


async def test_key_for_webhooks_is_of_the_account_that_orders(database: SqlDatabase) -> None:
    """It stands beside the key that an order goes out with, and is itself never sent."""
    keeper = keeper_on(database)
    for owner, secret in ((SERVER, "hmac-of-the-server"), (OURS, "hmac-of-ours")):
        await keeper.set(owner, "fal", "webhook", secret, by="maya")

    async def signing(workspace: WorkspaceId) -> str:
        found = await keeper.signing_key(workspace, "fal", "text_to_image")
        return found.secret if found else ""

    assert await signing(OURS) == "hmac-of-the-server"  # the environment's key is the server's
    await keeper.set(OURS, "fal", "any", "fal-of-ours", by="maya")
    assert await signing(OURS) == "hmac-of-ours"
    assert await signing(THEIRS) == "hmac-of-the-server"
    assert (await keeper.key(OURS, "fal", "text_to_image")).secret == "fal-of-ours"
    assert set((await keeper.prints(OURS))["fal"]) == {"any"}
    with pytest.raises(KeySealedError, match=r"the server/fal/webhook"):
        await keeper_on(database, b"another").signing_key(THEIRS, "fal", "text_to_image")
    await keeper.remove(SERVER, "fal", "webhook", by="maya")
    assert await signing(THEIRS) == ""


async def test_secrets_are_nowhere_in_the_clear(database: SqlDatabase) -> None:
    """Neither in the row, nor in what is listed, nor in how a key is written."""
    keeper = keeper_on(database)
    await keeper.set(OURS, "runway", "any", "a-very-secret-key", by="maya")
    async with database.read() as connection:
        [row] = (await connection.execute(sa.select(PROVIDER_KEYS))).mappings()
    assert b"very-secret" not in bytes(row["sealed"])
    assert row["last4"] == "-key"
    assert "very-secret" not in repr(await keeper.listed(OURS))
    assert "very-secret" not in repr(await keeper.key(OURS, "runway", "any"))


async def test_key_that_does_not_open_is_named(
    database: SqlDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    """With another master key others are used, or the reason is told; the log says it once."""
    await keeper_on(database).set(OURS, "runway", "any", "secret", by="maya")
    await keeper_on(database).set(OURS, "fal", "any", "secret", by="maya")
    keeper = keeper_on(database, b"another master")
    for _ in range(2):
        with pytest.raises(KeySealedError, match=r"ours/runway/any.*keys reseal"):
            await keeper.key(OURS, "runway", "any")
        keeper._opened.clear()
    assert [record.message for record in caplog.records] == ["provider_key.seal_broken"] * 2
    assert (await keeper.key(OURS, "fal", "any")).secret == "fal-from-outside"
    assert [each.opens for each in await keeper.listed(OURS)] == [False, False, True]
    with pytest.raises(SealBrokenError, match="ours/fal/any, ours/runway/any"):
        await keeper.check_seals()


async def test_keys_are_sealed_anew_under_a_new_master_key(database: SqlDatabase) -> None:
    """While both are known all opens; sealed anew, the former is not needed any more."""
    before = keeper_on(database)
    await before.set(OURS, "runway", "any", "of-ours", by="maya")
    await before.set(SERVER, "kling", "any", "of-the-server", by="maya")
    await keeper_on(database, b"a stranger").set(THEIRS, "luma", "any", "lost", by="noor")
    both = keeper_on(database, b"new master", former=b"master")
    assert (await both.key(OURS, "runway", "any")).secret == "of-ours"
    with pytest.raises(SealBrokenError, match="theirs/luma/any") as caught:
        await both.reseal(by="maya")
    assert caught.value.places == ("theirs/luma/any",)
    after = keeper_on(database, b"new master")
    assert (await after.key(OURS, "runway", "any")).secret == "of-ours"
    assert (await after.key(THEIRS, "kling", "any")).secret == "of-the-server"
    await both.remove(THEIRS, "luma", "any", by="noor")
    assert await both.reseal(by="maya") == []


async def test_people_leave_traces(database: SqlDatabase) -> None:
    """Setting, testing and removing a key are written down, with who and what came of it."""
    keeper = keeper_on(database)

    async def refuse(_: ProviderKey) -> None:
        raise KeyRefusedError("runway", "no")

    await keeper.set(OURS, "runway", "any", "secret", by="maya")
    with pytest.raises(KeyRefusedError):
        await keeper.test(OURS, "runway", "any", refuse, by="noor")
    await keeper.remove(OURS, "runway", "any", by="maya")
    with pytest.raises(ProviderKeyNotFoundError):
        await keeper.remove(OURS, "runway", "any", by="maya")
    told = [(deed.actor, deed.action, deed.outcome) for deed in await keeper.deeds(OURS)]
    assert sorted(told) == [
        ("maya", "provider_key.remove", "done"),
        ("maya", "provider_key.set", "done"),
        ("noor", "provider_key.test", "provider_key_refused"),
    ]
