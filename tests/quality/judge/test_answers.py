"""What a judge answers, and when it does not count."""

import json
from typing import Any

import pytest

from callsheet.quality.judge.answers import BrokenAnswerError, Void, read_answers, schema_for
from callsheet.quality.judge.questions import Brief, questions_for

QUESTIONS = questions_for(Brief("a red mug on oak"))


def one(question: str, answer: str, **other: str) -> dict[str, str]:
    """Answer a question as it is asked for, but for what is said otherwise."""
    reason = f"So it is. Therefore: {answer}."
    said = {"id": question, "observation": "a mug", "reason": reason, "answer": answer}
    return {**said, **other}


def whole(**other: dict[str, str]) -> bytes:
    """Answer all questions with no, but for some."""
    answers = [other.get(each.id, one(each.id, "no")) for each in QUESTIONS]
    return json.dumps({"answers": answers}).encode()


def test_whole_answers_come_in_the_order_of_the_questions() -> None:
    """However they were shuffled, each question has its own; unknown ones are left out."""
    told = json.loads(whole(asked_1=one("asked_1", "Yes")))
    told["answers"] = [one("strange", "yes"), *reversed(told["answers"])]
    read = read_answers(json.dumps(told).encode(), QUESTIONS)
    assert [each.question for each in read] == [each.id for each in QUESTIONS]
    assert read[0].answer == "yes"
    assert not any(each.void for each in read)


@pytest.mark.parametrize(
    ("answer", "void"),
    [
        (one("asked_1", "yes", reason="It is there. Therefore: no."), Void.CONTRADICTS),
        (one("asked_1", "yes", reason="Therefore: no. Therefore: yes."), Void.CONTRADICTS),
        (one("asked_1", "yes", reason="It is there."), Void.UNREASONED),
        (one("asked_1", "perhaps"), Void.MISSING),
        ({"id": "asked_1", "answer": "yes"}, Void.MISSING),
        (dict(reversed(one("asked_1", "yes").items())), Void.VERDICT_FIRST),
    ],
)
def test_an_answer_that_does_not_follow_is_void(answer: dict[str, str], void: Void) -> None:
    """Another answer than its reason, no conclusion, no answer, or a verdict before its reason."""
    read = read_answers(whole(asked_1=answer), QUESTIONS)
    assert read[0].void is void
    assert not any(each.void for each in read[1:])


def test_two_answers_to_one_question_are_void_if_they_differ() -> None:
    """The same answer twice counts once."""
    told = json.loads(whole())
    told["answers"] += [one("asked_1", "no"), one("bodies", "yes")]
    read = {each.question: each.void for each in read_answers(json.dumps(told).encode(), QUESTIONS)}
    assert read["asked_1"] is None
    assert read["bodies"] is Void.TWICE


@pytest.mark.parametrize(
    "content",
    [b"", b"no", b"[]", b'{"answers": {}}', b'{"answers": ', b"[" * 100_000, b'"' + b"x" * 300_000],
)
def test_what_has_no_such_form_is_broken(content: bytes) -> None:
    """No JSON, another form, nested without end, or far too long."""
    with pytest.raises(BrokenAnswerError):
        read_answers(content, QUESTIONS)


def test_half_the_answers_are_half_missing() -> None:
    """What was not answered is there, and void."""
    told = json.loads(whole())
    told["answers"] = told["answers"][:3]
    read = read_answers(json.dumps(told).encode(), QUESTIONS)
    assert [each.void for each in read] == [None] * 3 + [Void.MISSING] * (len(QUESTIONS) - 3)


def test_the_form_asks_for_what_is_seen_before_the_answer() -> None:
    """Observation, reason, answer, in this order; as many as there are questions."""
    form: Any = schema_for(QUESTIONS)["properties"]["answers"]
    assert list(form["items"]["properties"]) == ["id", "observation", "reason", "answer"]
    assert form["minItems"] == form["maxItems"] == len(QUESTIONS)
