"""Answers that hold what was made: which part of one is it, and what failed ones mean."""

import base64
from collections.abc import Mapping
from typing import Any

import pytest

from callsheet.ports.hosted import BusyError, Ended, HostedOrder, Made, SubmissionUnknownError
from callsheet.ports.models import RefusedError
from tests.contracts.answering import Said, answering, asking, candidate, failure, shot
from tests.sim.simulated import picture

PAGE = b"<html><h1>503</h1><hr>nginx</html>"


async def submitted(name: str, content: Any, headers: Mapping[str, str]) -> tuple[Any, Any]:
    """Order twice; what was submitted."""
    said = Said(200, content, headers)
    async with answering(said) as service, asking(name, service.url) as bench:
        orders: list[HostedOrder] = [await bench.order() for _ in range(2)]
        first, second = [await bench.provider.submit(each) for each in orders]
    return first, second


async def test_last_picture_that_is_no_thought_is_the_one() -> None:
    """Drafts are none of it; every other picture is kept behind it."""
    parts = [
        {"text": "Let me see.", "thought": True},
        shot(1, thought=True),
        {"text": "Here:"},
        shot(2),
        shot(3, thought=True),
        shot(4),
        shot(5, thoughtSignature="x"),
        shot(6, thought=True),
    ]
    made = (await submitted("gemini", candidate(*parts), {}))[0].standing
    assert isinstance(made, Made)
    assert [each.content for each in made.inline] == [picture(8 + n, 8) for n in (5, 2, 4)]


async def test_thoughts_alone_are_no_picture() -> None:
    """What ends with drafts has ended without what was ordered, and is charged what it counted."""
    ended = (await submitted("gemini", candidate(shot(1, thought=True)), {}))[0].standing
    assert isinstance(ended, Ended)
    assert isinstance(ended.error, RefusedError)
    assert ended.cost


@pytest.mark.parametrize("said", [{"candidates": []}, {"usageMetadata": {"promptTokenCount": 9}}])
async def test_answer_without_a_candidate_is_an_answer(said: Mapping[str, Any]) -> None:
    """It ended, by name, with nothing made and nothing in doubt."""
    ended = (await submitted("gemini", {**said, "modelVersion": "x"}, {}))[0].standing
    assert isinstance(ended, Ended)
    assert isinstance(ended.error, RefusedError)
    assert "no candidate" in str(ended.error)


def google(status: int, word: str) -> Said:
    """Word an error as Google does."""
    error = {"code": status, "message": "The model is overloaded.", "status": word}
    return Said(status, {"error": error})


async def test_googles_own_failure_is_an_answer() -> None:
    """Nothing was made where the answer would have held it; other work may have begun."""
    for status, word in ((500, "INTERNAL"), (503, "UNAVAILABLE"), (504, "DEADLINE_EXCEEDED")):
        for name in ("gemini", "vertex", "gemini_interactions"):
            said = google(status, word)
            async with answering(said) as service, asking(name, service.url) as bench:
                error = await failure(bench)
            known = name == "gemini" or word == "UNAVAILABLE"
            assert isinstance(error, BusyError if known else SubmissionUnknownError), (name, error)
    for content in (PAGE, {}, {"error": {"message": "upstream", "code": "502"}}):
        async with answering(Said(503, content)) as service, asking("gemini", service.url) as bench:
            assert isinstance(await failure(bench), SubmissionUnknownError)


async def test_number_that_an_answer_repeats_is_no_ticket() -> None:
    """Two orders whose answers bear the same request's or answer's id are two orders."""
    data = base64.b64encode(picture(8, 8)).decode()
    same = {"x-request-id": "req_always_the_same"}
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}
    chat = {"id": "gen-same", "choices": [{"message": {"content": "", "images": [image]}}]}
    for name, content in (
        ("openai", {"created": 1, "data": [{"b64_json": data}]}),
        ("gemini", candidate(shot(1))),
        ("lovable", chat),
    ):
        first, second = await submitted(name, content, same)
        assert isinstance(first.standing, Made)
        assert first.ticket != second.ticket
