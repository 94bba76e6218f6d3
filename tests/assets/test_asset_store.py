"""Assets on both databases: what was first written stays, and no workspace sees another's."""

from dataclasses import replace

import pytest

from callsheet.assets.errors import AssetNotFoundError
from callsheet.assets.model import Asset, AssetFacts
from callsheet.assets.store import AssetStore
from callsheet.kernel.digests import sha256_of
from callsheet.kernel.ids import WorkspaceId
from tests.support.rooms import NOW, opened

STORE = AssetStore()
OURS, THEIRS = WorkspaceId("local"), WorkspaceId("agency")
FULL = Asset(
    sha256=sha256_of(b"a"),
    workspace=OURS,
    media_type="image/webp",
    size=2**40,
    created_at=NOW,
    made_from={"take": "tk_1", "name": "Größe"},
    beginning="灯台 once upon",
    width=640,
    height=480,
    thumbnail=False,
)


async def test_assets_come_back_as_they_were(database_url: str) -> None:
    """Every field, and of a text nothing that only pictures have."""
    text = Asset(sha256_of(b"b"), OURS, "text/plain", 3, NOW, {})
    async with opened(database_url) as database:
        async with database.begin() as connection:
            await STORE.add(connection, [FULL, text])
        async with database.read() as connection:
            assert await STORE.find(connection, OURS, FULL.sha256) == FULL
            assert await STORE.find(connection, None, text.sha256) == text
            assert await STORE.facts(connection, OURS, [FULL.sha256, sha256_of(b"none")]) == {
                FULL.sha256: AssetFacts("image/webp", "灯台 once upon", 640, 480, thumbnail=False)
            }
            assert await STORE.facts(connection, OURS, []) == {}


async def test_what_is_there_stays_as_it_was(database_url: str) -> None:
    """Made twice, an asset keeps the facts and the origin that it had first."""
    again = replace(FULL, media_type="image/png", made_from={"take": "tk_2"}, width=1)
    async with opened(database_url) as database:
        for asset in (FULL, again):
            async with database.begin() as connection:
                await STORE.add(connection, [asset])
        async with database.read() as connection:
            assert await STORE.find(connection, OURS, FULL.sha256) == FULL


async def test_assets_of_others_are_not_there(database_url: str) -> None:
    """A workspace finds its own alone, though another has the same bytes."""
    async with opened(database_url) as database:
        async with database.begin() as connection:
            await STORE.add(connection, [FULL])
        async with database.read() as connection:
            with pytest.raises(AssetNotFoundError):
                await STORE.find(connection, THEIRS, FULL.sha256)
            assert await STORE.facts(connection, THEIRS, [FULL.sha256]) == {}
        theirs = replace(FULL, workspace=THEIRS, made_from={"upload": "u_1"})
        async with database.begin() as connection:
            await STORE.add(connection, [theirs])
        async with database.read() as connection:
            assert await STORE.find(connection, THEIRS, FULL.sha256) == theirs
            assert await STORE.find(connection, OURS, FULL.sha256) == FULL
