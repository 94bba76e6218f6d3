"""Faults and prices that providers tell within an answer, where older clients do not look."""

import io
import uuid
import wave
from dataclasses import replace
from typing import Any

import pytest

from callsheet.kernel.money import Money
from callsheet.ports.hosted import Ended, Made, ModeratedError
from callsheet.ports.models import RefusedError
from tests.contracts.answering import Said, answering, asking
from tests.contracts.providers import CATALOG, bench_of


@pytest.mark.parametrize("nested", ["errors", "error", "plain"])
async def test_runware_tells_a_fault_within_its_part(nested: str) -> None:
    """In a list, alone, or among the part's own words."""
    number = str(uuid.uuid4())
    fault: dict[str, Any] = {"code": "invalidProviderContent", "message": "flagged"}
    shapes: dict[str, dict[str, Any]] = {
        "errors": {"errors": [fault]},
        "error": {"error": fault},
        "plain": fault,
    }
    part = {"taskUUID": number, "status": "error", "cost": 0.002, **shapes[nested]}
    async with (
        answering(Said(content={"data": [part]})) as service,
        asking("runware", service.url) as bench,
    ):
        standing = await bench.provider.poll(number, bench.key)
    assert isinstance(standing, Ended)
    assert isinstance(standing.error, ModeratedError)
    assert standing.cost == Money.usd("0.002")


async def test_runware_tells_where_a_sound_lies() -> None:
    """Under a name of its own."""
    number = str(uuid.uuid4())
    part = {"taskUUID": number, "status": "success", "audioURL": "https://am.runware.ai/a.mp3"}
    async with (
        answering(Said(content={"data": [part]})) as service,
        asking("runware", service.url) as bench,
    ):
        standing = await bench.provider.poll(number, bench.key)
    assert standing == Made(("https://am.runware.ai/a.mp3",), None)


async def test_runway_is_stopped_where_it_may_charge_more_than_was_set_aside() -> None:
    """The task is given up, what it cost is told, and an order within its price goes on."""
    card = CATALOG.card("runway/muse-image")
    async with bench_of("runway") as bench:
        order = await bench.order("run=600", card)
        fits = await bench.provider.submit(replace(order, price=Money.usd("0.01")))
        assert not isinstance(fits.standing, Ended)
        over = await bench.provider.submit(replace(order, price=Money.usd("0.005")))
        assert isinstance(over.standing, Ended)
        assert isinstance(over.standing.error, RefusedError)
        assert "0.005000 was quoted" in over.standing.error.reason
        statuses = [each["status"] for each in await bench.book()]
    assert statuses[0] in {"starting", "processing"}
    assert statuses[1] in {"canceled", "aborted"}


async def test_gemini_speaks_in_bare_samples_that_become_a_file() -> None:
    """A WAV of one channel, whose length is what was paid for."""
    card = CATALOG.card("gemini/gemini-3-8-flash-tts")
    async with bench_of("gemini") as bench:
        made = (await bench.provider.submit(await bench.order(card=card))).standing
    assert isinstance(made, Made)
    [spoken] = made.inline
    assert spoken.media_type == "audio/wav"
    with wave.open(io.BytesIO(spoken.content)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 24_000)
        assert file.getnframes() == 2 * 24_000  # seventeen characters
