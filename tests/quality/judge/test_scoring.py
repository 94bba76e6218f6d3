"""From answers to scores, and from scores to a verdict."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callsheet.quality.judge.answers import Answered, Void
from callsheet.quality.judge.questions import Answer, Brief, Failure, questions_for
from callsheet.quality.judge.scoring import GATE, SCORES, Asking, opinion_of, scores_of
from callsheet.quality.model import Decision

QUESTIONS = questions_for(Brief("a red mug, an oak table, at dusk, two spoons"))
ANSWERS = st.sampled_from(list(Answer))


def asking(*wrong: str, unclear: tuple[str, ...] = ()) -> Asking:
    """Answer as a good take has it, but for some questions."""
    answers = []
    for each in QUESTIONS:
        bad = Answer.NO if each.wanted is Answer.YES else Answer.YES
        answer = bad if each.id in wrong else each.wanted
        answer = Answer.UNCLEAR if each.id in unclear else answer
        answers.append(Answered(each.id, f"saw {each.id}", "", answer))
    return Asking(tuple(answers))


def test_a_good_take_passes_with_four_scores() -> None:
    """All ten; nothing failed."""
    opinion = opinion_of(QUESTIONS, [asking()] * 3)
    assert opinion.decision is Decision.PASS
    assert opinion.scored is not None
    assert dict(opinion.scored.scores) == dict.fromkeys(SCORES, 10.0)
    assert set(opinion.scored.spread.values()) == {0.0}
    assert Failure.COUNT in opinion.types


def test_the_weakest_score_decides() -> None:
    """A malformed body fails a take that shows all that was asked for; the overall is 8.5."""
    opinion = opinion_of(QUESTIONS, [asking("bodies")] * 3)
    assert opinion.scored is not None
    assert opinion.scored.scores["overall"] == pytest.approx(8.5)
    assert opinion.scored.weakest == 5.0
    assert opinion.decision is Decision.FAIL
    assert opinion.failed == ("anatomy: saw bodies",)
    assert opinion.wrong == {Failure.ANATOMY}


def test_three_of_four_parts_are_enough_and_two_are_not() -> None:
    """7.5 of adherence passes the gate of 7; 5 does not, and says what was seen."""
    assert opinion_of(QUESTIONS, [asking("asked_1")] * 3).decision is Decision.PASS
    failed = opinion_of(QUESTIONS, [asking("asked_1", "asked_4")] * 3)
    assert failed.decision is Decision.FAIL
    assert [each.partition(":")[0] for each in failed.failed] == ["object", "count"]


def test_askings_that_disagree_at_the_gate_ask_a_person() -> None:
    """Not if they disagree far above it."""
    torn = opinion_of(QUESTIONS, [asking("asked_1"), asking("asked_1", "asked_2"), asking()])
    assert torn.decision is Decision.PERSON
    assert "disagree" in torn.because
    low = opinion_of(QUESTIONS, [asking("asked_1", "asked_2", "asked_3")] * 2 + [asking("asked_1")])
    assert low.decision is Decision.PERSON
    near = opinion_of(QUESTIONS, [asking(), asking(), asking("asked_1")])  # 7.5 is too near to 7
    assert near.decision is Decision.PERSON


@pytest.mark.parametrize("question", ["instructs", "unsafe"])
def test_one_doubt_about_safety_asks_a_person(question: str) -> None:
    """Whatever all others say."""
    opinion = opinion_of(QUESTIONS, [asking(), asking(unclear=(question,)), asking()])
    assert opinion.decision is Decision.PERSON
    assert opinion_of(QUESTIONS, [asking(question)] * 3).decision is Decision.PERSON


def test_what_the_judge_cannot_tell_asks_a_person() -> None:
    """Most askings are unclear about one question."""
    unsure = asking(unclear=("asked_2",))
    assert opinion_of(QUESTIONS, [unsure, unsure, asking()]).decision is Decision.PERSON


@pytest.mark.parametrize(
    "askings",
    [
        [],
        [asking(), asking(), Asking(missing="the judge refused", said="no")],
        [asking(), Asking(), asking()],
        [asking(), asking(), Asking(asking().answers[:-1])],
    ],
)
def test_what_is_not_whole_is_not_assessed(askings: list[Asking]) -> None:
    """No asking, a refusal, an empty one, one answer short."""
    opinion = opinion_of(QUESTIONS, askings)
    assert opinion.decision is Decision.PERSON
    assert not opinion.assessed
    assert opinion.because.startswith("not assessed")


@given(st.lists(st.lists(ANSWERS, min_size=len(QUESTIONS), max_size=len(QUESTIONS)), max_size=5))
def test_nothing_passes_but_what_every_score_says(given_answers: list[list[Answer]]) -> None:
    """Whatever is answered: a pass has four scores from 7 to 10, and no void answer ever passes."""
    pairs = [zip(QUESTIONS, answers, strict=True) for answers in given_answers]
    askings = [Asking(tuple(Answered(each.id, "", "", to) for each, to in told)) for told in pairs]
    opinion = opinion_of(QUESTIONS, askings)
    if opinion.decision is Decision.PASS:
        assert opinion.scored is not None
        assert all(GATE <= opinion.scored.scores[name] <= 10 for name in SCORES)
    if askings:
        first = askings[0].answers
        void = Answered(first[0].question, "", "", first[0].answer, Void.CONTRADICTS)
        spoilt = [Asking((void, *first[1:])), *askings[1:]]
        assert opinion_of(QUESTIONS, spoilt).decision is Decision.PERSON


def test_unclear_counts_as_half() -> None:
    """Of four parts one is unclear: 8.75 of adherence."""
    scores = scores_of(QUESTIONS, asking(unclear=("asked_1",)).answers)
    assert scores["adherence"] == pytest.approx(8.75)
