"""Asking once: the inputs of the take that asks, and what its answer comes to."""

from collections.abc import Sequence
from typing import Any, Final

from callsheet.kernel.digests import Sha256
from callsheet.ports.models import SAMPLE, ModelCard
from callsheet.ports.pictures import ReferenceMode
from callsheet.quality.judge.answers import BrokenAnswerError, read_answers, schema_for
from callsheet.quality.judge.frames import MOST_FRAMES
from callsheet.quality.judge.questions import Brief, Question, shuffled
from callsheet.quality.judge.scoring import Asking
from callsheet.quality.judge.store import Picture
from callsheet.quality.judge.wording import SYSTEM, words_for
from callsheet.takes.model import Take, TakeStatus

MOST_TOKENS: Final = 6_144  # thoughts included; twelve questions take about a third of it
MOST_TRIES: Final = 3  # orders for one asking whose answers are no JSON, or have not its form
MOST_PICTURES: Final = 6
MOST_REFERENCES: Final = 2  # beside what is judged
_NOT_READ: Final = frozenset({"not_json", "answer_cut_off"})  # paid for, and of no use
_MODE: Final = ReferenceMode.SUBJECT


def asking_inputs(
    brief: Brief,
    questions: Sequence[Question],
    pictures: Sequence[Picture],
    references: Sequence[Sha256],
    asking: int,
) -> dict[str, Any]:
    """Fill in the form of a language model that sees; `asking` counts from 1 and gives the seed.

    Equal pictures, questions and asking are equal inputs: one answer, paid for once.
    """
    order = shuffled(questions, asking)
    shown = [*(each.sha256 for each in pictures), *references]
    return {
        "prompt": words_for(brief, order, [each.shows for each in pictures], len(references)),
        "system_instruction": SYSTEM,
        "references": [{"sha256": each, "working": each, "mode": str(_MODE)} for each in shown],
        "max_output_tokens": MOST_TOKENS,
        "answer_schema": schema_for(order),
        "seed": asking,
    }


def sample_inputs(brief: Brief, questions: Sequence[Question], references: int) -> dict[str, Any]:
    """Fill the form in as largely as asking about a take of this kind can be, to price it."""
    count = MOST_PICTURES - references if brief.moves else 1
    shows = f"frames of 00:00.000 to 99:59.999, {MOST_FRAMES} in all"
    samples = [Picture(Sha256(SAMPLE), shows)] * count
    return asking_inputs(brief, questions, samples, [Sha256(SAMPLE)] * references, 1)


def filled(card: ModelCard, inputs: dict[str, Any]) -> dict[str, Any]:
    """Complete a form with what the model's card leaves open, as takes keep their inputs."""
    return card.inputs.model_validate(inputs).model_dump(mode="json")


def asking_of(take: Take | None, content: bytes | None, questions: Sequence[Question]) -> Asking:
    """Read what came of asking once; `content` is the text that was answered."""
    if take is None:
        return Asking(missing="the judge's answer is lost")
    if take.status is TakeStatus.SUCCEEDED and content is not None:
        try:
            return Asking(read_answers(content, questions))
        except BrokenAnswerError as error:
            return Asking(missing="the judge's answer cannot be read", said=str(error))
    failure = take.error or {}
    said = str(failure.get("message", ""))
    if failure.get("code") == "moderated":
        return Asking(missing="the judge refused", said=said)
    if failure.get("code") in _NOT_READ:
        return Asking(missing="the judge's answer cannot be read", said=said)
    return Asking(missing="the judge did not answer", said=said)


def may_be_repaired(
    take: Take | None, content: bytes | None, questions: Sequence[Question]
) -> bool:
    """Tell whether asking once more may help: what was answered has not the form it must have."""
    if take is None or take.attempt >= MOST_TRIES:
        return False
    if take.status is TakeStatus.SUCCEEDED and content is not None:
        try:
            read_answers(content, questions)
        except BrokenAnswerError:
            return True
        return False
    return (take.error or {}).get("code") in _NOT_READ
