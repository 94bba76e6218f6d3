"""Questions for the judge, written by rule from what a shot is to show."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callsheet.quality.judge.questions import (
    MOST_CLAUSES,
    Answer,
    Brief,
    Failure,
    Question,
    clauses_of,
    failure_of,
    questions_for,
    shuffled,
)


def test_a_prompt_is_asked_about_part_by_part() -> None:
    """Each part becomes a question, with the failure it looks for; equal parts are asked once."""
    prompt = 'A rock, two bottles, a sign that says "OPEN, now"; warm light, watercolour'
    asked = [each for each in questions_for(Brief(prompt)) if each.id.startswith("asked_")]
    assert [each.failure for each in asked] == [
        Failure.OBJECT,
        Failure.COUNT,
        Failure.TEXT,
        Failure.LIGHT,
        Failure.STYLE,
    ]
    assert '"OPEN, now' in asked[2].ask.replace("\\", "")
    assert clauses_of("a mug, a mug. a MUG") == ["a mug", "a MUG"]


@pytest.mark.parametrize(
    ("clause", "failure"),
    [
        ("three red mugs", Failure.COUNT),
        ("a woman walks along the pier", Failure.ACTION),
        ("a dog jumping over a fence", Failure.ACTION),
        ("\u201eFrischer Fisch\u201c", Failure.TEXT),
        ("at dusk", Failure.LIGHT),
        ("oil painting", Failure.STYLE),
        ("a lighthouse", Failure.OBJECT),
        ("\u4e00\u676f\u8336", Failure.OBJECT),
    ],
)
def test_a_part_is_asked_about_by_what_may_be_wrong_with_it(clause: str, failure: Failure) -> None:
    """Numbers, lettering, light, looks and acts are told apart; the rest is things."""
    assert failure_of(clause) is failure


def test_clips_and_likenesses_are_asked_about_more() -> None:
    """Continuity is asked of clips, identity where references show whom to resemble."""
    still = {each.id for each in questions_for(Brief("a mug"))}
    clip = {each.id for each in questions_for(Brief("a mug", moves=True, likenesses=1))}
    assert clip - still == {"morphing", "same_subject"}
    assert {"instructs", "unsafe"} <= still


@given(st.text(min_size=1, max_size=400), st.integers(1, 9))
def test_any_prompt_gives_bounded_questions_in_an_order_of_each_asking(
    prompt: str, asking: int
) -> None:
    """Ids are unique, every asking has all questions, and its order is always the same."""
    questions = questions_for(Brief(prompt, moves=True, likenesses=2))
    ids = [each.id for each in questions]
    assert len(set(ids)) == len(ids) <= MOST_CLAUSES + 8
    order = shuffled(questions, asking)
    assert order == shuffled(questions, asking)
    assert sorted(each.id for each in order) == sorted(ids)
    assert [Question.of_json(each.to_json()) for each in questions] == list(questions)


def test_askings_differ_in_their_order() -> None:
    """Three askings of ten questions are three orders."""
    questions = questions_for(Brief("a mug, a cup, a plate, a fork"))
    assert len({shuffled(questions, asking) for asking in (1, 2, 3)}) == 3
    assert all(each.wanted in (Answer.YES, Answer.NO) for each in questions)
