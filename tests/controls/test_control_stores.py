"""Model switches and remembered answers, on both databases."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta

import pytest

from callsheet.controls.errors import IdempotencyMismatchError
from callsheet.controls.model import Request, Switches
from callsheet.controls.store import KEPT, AnswerStore, SwitchStore
from tests.support.rooms import CATALOG, NOW, opened

SWITCHES, ANSWERS = SwitchStore(), AnswerStore()
CARD = replace(CATALOG.card("local/dot"), unverified="", retires_on=None)
TODAY = date(2026, 3, 1)
ASKED = Request("launch", "f" * 64)


async def test_last_word_about_a_model_counts(database_url: str) -> None:
    """Off with a reason, then on: what was said before is forgotten."""
    async with opened(database_url) as database:
        for enabled, reason in ((False, "half of it fails"), (True, "")):
            async with database.begin() as connection:
                await SWITCHES.turn(connection, CARD.id, enabled=enabled, reason=reason, now=NOW)
                await SWITCHES.turn(connection, "local/other", enabled=False, reason="", now=NOW)
            async with database.read() as connection:
                found = await SWITCHES.all(connection)
            said = found.closed(CARD, TODAY)
            assert said == (None if enabled else "switched off: half of it fails")
            assert found.off["local/other"] == ""
        assert found.confirmed == {CARD.id}


def test_a_model_is_closed_for_one_reason() -> None:
    """An operator's word comes first, then its retirement, then that nobody has vouched for it."""
    nothing, vouched = Switches({}, frozenset()), Switches({}, frozenset({CARD.id}))
    unchecked = replace(CARD, unverified="nobody has ordered it yet")
    assert nothing.closed(CARD, TODAY) is None
    assert "callsheet models on local/dot" in (nothing.closed(unchecked, TODAY) or "")
    assert vouched.closed(unchecked, TODAY) is None
    gone = replace(unchecked, retires_on=TODAY)
    assert vouched.closed(gone, TODAY - timedelta(days=1)) is None
    assert vouched.closed(gone, TODAY) == gone.notice(TODAY)
    off = Switches({CARD.id: ""}, frozenset())
    assert off.closed(gone, TODAY) == "switched off: no reason given"


async def test_an_answer_is_given_again(database_url: str) -> None:
    """Under its key and for the same body, in its workspace alone."""
    async with opened(database_url) as database:
        async with database.begin() as connection:
            assert await ANSWERS.find(connection, "local", ASKED) is None
            assert await ANSWERS.add(connection, "local", ASKED, {"id": "job_1", "n": [1]}, NOW)
        async with database.begin() as connection:
            assert not await ANSWERS.add(connection, "local", ASKED, {"id": "job_2"}, NOW)
        async with database.read() as connection:
            assert await ANSWERS.find(connection, "local", ASKED) == {"id": "job_1", "n": [1]}
            assert await ANSWERS.find(connection, "agency", ASKED) is None
            with pytest.raises(IdempotencyMismatchError):
                await ANSWERS.find(connection, "local", replace(ASKED, fingerprint="0" * 64))


async def test_of_twins_one_answers(database_url: str) -> None:
    """Whichever of ten comes first, the others are told so when it is done."""
    async with opened(database_url) as database:

        async def answered(number: int) -> bool:
            async with database.begin() as connection:
                return await ANSWERS.add(connection, "local", ASKED, {"id": number}, NOW)

        first = await asyncio.gather(*(answered(number) for number in range(10)))
        async with database.read() as connection:
            told = await ANSWERS.find(connection, "local", ASKED)
    assert first.count(True) == 1
    assert told == {"id": first.index(True)}


async def test_answers_are_forgotten_after_their_time(database_url: str) -> None:
    """And not a moment sooner."""
    async with opened(database_url) as database, database.begin() as connection:
        await ANSWERS.add(connection, "local", ASKED, {"id": "job_1"}, NOW)
        await ANSWERS.forget(connection, NOW + KEPT)
        assert await ANSWERS.find(connection, "local", ASKED)
        await ANSWERS.forget(connection, NOW + KEPT + timedelta(microseconds=1))
        assert await ANSWERS.find(connection, "local", ASKED) is None
