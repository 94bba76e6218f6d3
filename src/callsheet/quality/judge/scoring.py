"""From answers to four scores, and from scores to a verdict: pass, fail, or a person.

A score is ten times the share of its questions that were answered as a good take has it. What
decides is the weakest of the four: an average would hide a sixth finger behind a prompt that was
followed. Nothing that was not assessed is ever passed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from callsheet.quality.judge.answers import Answered
from callsheet.quality.judge.questions import INSTRUCTS, Answer, Failure, Question, Scale
from callsheet.quality.model import Decision

GATE: Final = 7.0
NEAR: Final = 0.5  # askings that disagree this near to the gate do not decide
ASKINGS: Final = 3
MOST_ASKINGS: Final = 9
OVERALL: Final = "overall"
SCORES: Final = (*(str(scale) for scale in Scale), OVERALL)
_SHARES: Final[Mapping[str, float]] = {
    Scale.ADHERENCE: 0.5,
    Scale.VISUAL_QUALITY: 0.3,
    Scale.TECHNICAL: 0.2,
}


@dataclass(frozen=True, slots=True)
class Asking:
    """What came of asking once: answers to all questions, or why there are none.

    `missing` is such as "refused", "broken" or "not_made"; `said` is what people read of it.
    """

    answers: tuple[Answered, ...] = ()
    missing: str | None = None
    said: str = ""


@dataclass(frozen=True, slots=True)
class Scored:
    """The mean of each score over the askings, the lowest, and how far they were apart."""

    scores: Mapping[str, float]
    lowest: Mapping[str, float]
    spread: Mapping[str, float]

    @property
    def weakest(self) -> float:
        """The score that decides."""
        return min(self.scores.values())


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the judge says of a take; `scored` is None where it said too little.

    `because` explains it to people. `failed` are observations of what is wrong, as most askings saw
    it: a retake is told of them, and not of scores. `types` are the failures that were looked for,
    and `wrong` those of them that were found.
    """

    decision: Decision
    because: str
    scored: Scored | None = None
    failed: tuple[str, ...] = ()
    types: frozenset[Failure] = frozenset()
    wrong: frozenset[Failure] = frozenset()

    @property
    def assessed(self) -> bool:
        """Tell whether the judge came to an opinion of its own."""
        return self.scored is not None


def opinion_of(questions: Sequence[Question], askings: Sequence[Asking]) -> Opinion:
    """Sum askings up. Anything but whole and sound answers to each of them goes to a person."""
    types = frozenset(each.failure for each in questions)
    lacking = next((each for each in askings if each.missing), None)
    if lacking is not None or not askings or not questions:
        said = f": {lacking.said}" if lacking and lacking.said else ""
        why = lacking.missing if lacking else "nothing was asked"
        return _to_person(f"not assessed, {why}{said}", types)
    void = [each for asking in askings for each in asking.answers if each.void]
    if void or any(len(asking.answers) != len(questions) for asking in askings):
        first = f": {void[0].question}: {void[0].void}" if void else ""
        return _to_person(f"not assessed, an answer is void{first}", types)
    by_question = {
        each.id: [asking.answers[place] for asking in askings]
        for place, each in enumerate(questions)
    }
    scored = _scored([scores_of(questions, asking.answers) for asking in askings])
    wrong = [each for each in questions if _is_wrong(each, by_question[each.id])]
    found = frozenset(each.failure for each in wrong)
    failed = tuple(_told(each, by_question[each.id]) for each in wrong)
    decision, because = _decided(questions, by_question, scored, failed)
    return Opinion(decision, because, scored, failed, types, found)


def scores_of(questions: Sequence[Question], answers: Sequence[Answered]) -> dict[str, float]:
    """Score one asking; what is unclear counts as half. A scale without questions has no score."""
    points: dict[str, list[float]] = {}
    for question, answered in zip(questions, answers, strict=True):
        unclear = answered.answer is Answer.UNCLEAR
        point = 0.5 if unclear else float(answered.answer is question.wanted)
        points.setdefault(question.scale, []).append(point)
    scores = {scale: 10 * fmean(each) for scale, each in points.items()}
    shares = sum(_SHARES[scale] for scale in scores)
    overall = sum(_SHARES[scale] * score for scale, score in scores.items()) / shares
    return {**{str(scale): score for scale, score in scores.items()}, OVERALL: overall}


def _scored(askings: Sequence[Mapping[str, float]]) -> Scored:
    by_name = {name: [each[name] for each in askings] for name in askings[0]}
    return Scored(
        {name: round(fmean(each), 2) for name, each in by_name.items()},
        {name: round(min(each), 2) for name, each in by_name.items()},
        {name: round(max(each) - min(each), 2) for name, each in by_name.items()},
    )


def _decided(
    questions: Sequence[Question],
    by_question: Mapping[str, Sequence[Answered]],
    scored: Scored,
    failed: Sequence[str],
) -> tuple[Decision, str]:
    for each in questions:
        if each.failure is Failure.SAFETY and _is_doubted(each, by_question[each.id]):
            what = "instructs its judge" if each.id == INSTRUCTS else "may be unsafe"
            return Decision.PERSON, f"a person must look: what was made {what}"
    unclear = [each for each in questions if _most(by_question[each.id]) is Answer.UNCLEAR]
    if unclear:
        return Decision.PERSON, f"the judge cannot tell: {unclear[0].ask}"
    for name, lowest in scored.lowest.items():
        spread = scored.spread[name]
        if spread and lowest - NEAR <= GATE <= lowest + spread + NEAR:
            said = f"{name} {lowest:g} to {lowest + spread:g}, the gate is {GATE:g}"
            return Decision.PERSON, f"the askings disagree: {said}"
    low = [name for name in SCORES if scored.scores.get(name, 10.0) < GATE]
    if low:
        said = ", ".join(f"{name} {scored.scores[name]:g}" for name in low)
        seen = f": {failed[0]}" if failed else ""
        return Decision.FAIL, f"below {GATE:g}: {said}{seen}"
    said = ", ".join(f"{name} {scored.scores[name]:g}" for name in SCORES if name in scored.scores)
    return Decision.PASS, said


def _most(answers: Sequence[Answered]) -> Answer:
    """Find the answer that more than half give; unclear where there is none."""
    for answer in (Answer.YES, Answer.NO):
        if 2 * sum(each.answer is answer for each in answers) > len(answers):
            return answer
    return Answer.UNCLEAR


def _is_wrong(question: Question, answers: Sequence[Answered]) -> bool:
    return _most(answers) not in (question.wanted, Answer.UNCLEAR)


def _is_doubted(question: Question, answers: Sequence[Answered]) -> bool:
    return any(each.answer is not question.wanted for each in answers)


def _told(question: Question, answers: Sequence[Answered]) -> str:
    seen = next(
        each.observation for each in answers if each.answer not in (question.wanted, Answer.UNCLEAR)
    )
    return f"{question.failure}: {seen or question.ask}"


def _to_person(because: str, types: frozenset[Failure]) -> Opinion:
    return Opinion(Decision.PERSON, because, types=types)
