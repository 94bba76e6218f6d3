"""Where assets come from, and what they were used for."""

from callsheet.assets.lineage import (
    Kind,
    Relation,
    add_lineage,
    lineage_of,
    made_with,
    of_reference,
    of_take,
    told_by,
)
from callsheet.kernel.digests import sha256_of
from callsheet.kernel.ids import WorkspaceId
from tests.support.rooms import NOW, WORKSPACE, a_job, a_take, opened

FIRST, SECOND, USED = (sha256_of(name) for name in (b"first", b"second", b"used"))


async def test_what_was_made_from_what(database_url: str) -> None:
    """Both ways: from a file to what it came from, and from a reference to all that used it."""
    inputs = {"references": [{"sha256": USED, "working": "w", "mode": "subject"}]}
    take, other = (a_take(a_job(), row, inputs=inputs) for row in (1, 2))
    facts = [
        *of_take(take, [FIRST, SECOND], NOW),
        *of_take(other, [FIRST], NOW),
        of_reference(WORKSPACE, USED, "https://x.test/ä.png", NOW),
    ]
    async with opened(database_url) as database:
        async with database.begin() as connection:
            await add_lineage(connection, facts)
            await add_lineage(connection, reversed(facts))  # known: nothing changes
        async with database.read() as connection:
            of_first = await lineage_of(connection, WORKSPACE, [FIRST])
            of_used = await lineage_of(connection, WORKSPACE, [USED])
            using = await made_with(connection, WORKSPACE, Kind.ASSET, USED)
            told = await told_by(connection, WORKSPACE, [take.id], [FIRST, SECOND])
            theirs = await lineage_of(connection, WorkspaceId("other"), [FIRST])
    assert {(each.relation, each.kind, each.name, each.role) for each in of_first} == {
        (Relation.MADE_FROM, Kind.ASSET, USED, "subject"),
        (Relation.MADE_FROM, Kind.TAKE, take.id, "output"),
        (Relation.MADE_FROM, Kind.TAKE, other.id, "output"),
    }
    assert {(each.relation, each.kind, each.name, each.role) for each in of_used} == {
        (Relation.USED_AS, Kind.TAKE, take.id, "subject"),
        (Relation.USED_AS, Kind.TAKE, other.id, "subject"),
        (Relation.MADE_FROM, Kind.REFERENCE, "https://x.test/ä.png", "fetched"),
    }
    assert sorted(each.asset for each in using) == sorted([FIRST, SECOND])
    assert other.id not in {each.name for each in told}, "other takes of the same bytes are many"
    assert len(told) == 5
    assert theirs == []
