"""Reading what the judge answers: whole or not, and void where it contradicts its own reason."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from callsheet.quality.judge.questions import Answer, Question

MOST_BYTES: Final = 256_000
_KEPT_CHARS: Final = 600
_ORDER: Final = ("id", "observation", "reason", "answer")
_THEREFORE: Final = re.compile(r"therefore:?\s*[\"'*]*(yes|no|unclear)\b", re.IGNORECASE)


class BrokenAnswerError(ValueError):
    """What was answered has not the form that was asked for; it may be asked for again."""


class Void(StrEnum):
    """Why an answer does not count."""

    CONTRADICTS = "it contradicts its own reason"
    UNREASONED = "its reason draws no conclusion"
    VERDICT_FIRST = "it was given before its reason"
    TWICE = "it was given twice, each time another"
    MISSING = "there is none"


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer, with what was seen and what follows from it; `void` is why it does not count."""

    question: str
    observation: str
    reason: str
    answer: Answer
    void: Void | None = None

    def to_json(self) -> dict[str, Any]:
        """Write it down."""
        return {
            "question": self.question,
            "observation": self.observation,
            "reason": self.reason,
            "answer": self.answer,
            "void": self.void,
        }

    @classmethod
    def of_json(cls, told: Mapping[str, Any]) -> "Answered":
        """Read back what `to_json` wrote."""
        void = Void(told["void"]) if told["void"] else None
        answer = Answer(told["answer"])
        return cls(told["question"], told["observation"], told["reason"], answer, void)


def schema_for(questions: Sequence[Question]) -> dict[str, Any]:
    """Say in JSON Schema what an answer to these questions is: observation, reason, answer."""
    text = {"type": "string"}
    one = {
        "type": "object",
        "properties": {
            "id": {"type": "string", "enum": [each.id for each in questions]},
            "observation": text,
            "reason": text,
            "answer": {"type": "string", "enum": [*Answer]},
        },
        "required": list(_ORDER),
        "additionalProperties": False,
    }
    count = len(questions)
    answers = {"type": "array", "items": one, "minItems": count, "maxItems": count}
    return {
        "type": "object",
        "properties": {"answers": answers},
        "required": ["answers"],
        "additionalProperties": False,
    }


def read_answers(content: bytes, questions: Sequence[Question]) -> tuple[Answered, ...]:
    """Read one asking's answers: one for each question, in the order of `questions`.

    What is missing, or void, is there and says so. Raises BrokenAnswerError for what has no such
    form at all.
    """
    found: dict[str, list[Answered]] = {}
    for told in _listed(content):
        answered = _read(told)
        if answered is not None:
            found.setdefault(answered.question, []).append(answered)
    return tuple(_one_of(each, found.get(each.id, [])) for each in questions)


def _listed(content: bytes) -> list[Any]:
    if len(content) > MOST_BYTES:
        raise BrokenAnswerError(f"it has {len(content):,} bytes, at most {MOST_BYTES:,} are read")
    try:
        told = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BrokenAnswerError(f"it is no JSON ({error})") from error
    answers = told.get("answers") if isinstance(told, dict) else None
    if not isinstance(answers, list):
        raise BrokenAnswerError('there is no list of "answers" in it')
    return answers


def _read(told: Any) -> Answered | None:
    """Read one answer; None for what is none."""
    if not isinstance(told, dict) or not all(isinstance(told.get(name), str) for name in _ORDER):
        return None
    try:
        answer = Answer(told["answer"].strip().lower())
    except ValueError:
        return None
    observation, reason = told["observation"].strip(), told["reason"].strip()
    void = _flaw(list(told), reason, answer)
    return Answered(told["id"], observation[:_KEPT_CHARS], reason[-_KEPT_CHARS:], answer, void)


def _flaw(order: Sequence[str], reason: str, answer: Answer) -> Void | None:
    places = [order.index(name) for name in _ORDER[1:]]
    if places != sorted(places):
        return Void.VERDICT_FIRST
    concluded = _THEREFORE.findall(reason)
    if not concluded:
        return Void.UNREASONED
    if {each.lower() for each in concluded} != {str(answer)}:
        return Void.CONTRADICTS
    return None


def _one_of(question: Question, given: Sequence[Answered]) -> Answered:
    if not given:
        return Answered(question.id, "", "", Answer.UNCLEAR, Void.MISSING)
    if len({each.answer for each in given}) > 1:
        first = given[0]
        return Answered(first.question, first.observation, first.reason, first.answer, Void.TWICE)
    return next((each for each in given if each.void), given[0])
