"""One asking: what makes it the same as another, and what comes of it."""

import json
from typing import Any

import pytest
from tests.support.rooms import a_job, a_take

from callsheet.catalog.models.gemini.gemini_3_8_flash import CARD
from callsheet.kernel.digests import Sha256, digest_of
from callsheet.quality.judge.asking import (
    MOST_PICTURES,
    asking_inputs,
    asking_of,
    filled,
    may_be_repaired,
    sample_inputs,
)
from callsheet.quality.judge.questions import Brief, questions_for
from callsheet.quality.judge.store import Picture
from callsheet.takes.model import TakeStatus

BRIEF = Brief("a red mug on oak")
QUESTIONS = questions_for(BRIEF)
PICTURES = (Picture(Sha256("a" * 64), "the picture that was made"),)


def asked(**other: Any) -> str:
    """Digest an asking, but for what is said otherwise."""
    said = {"pictures": PICTURES, "references": (), "asking": 1, **other}
    return digest_of(filled(CARD, asking_inputs(BRIEF, QUESTIONS, **said)))


def test_an_asking_is_known_by_pictures_questions_and_number() -> None:
    """Equal ones are equal; another picture, reference or number is another asking."""
    other = (Picture(Sha256("b" * 64), "the picture that was made"),)
    digests = {
        asked(),
        asked(pictures=other),
        asked(asking=2),
        asked(references=(Sha256("c" * 64),)),
    }
    assert len(digests) == 4
    assert asked() == asked()


def test_a_quote_holds_the_largest_asking() -> None:
    """A clip with as many sheets as a judge takes costs no more than was quoted."""
    moves = Brief("a dog jumps", moves=True, likenesses=2)
    questions = questions_for(moves)
    most = CARD.price(CARD.inputs.model_validate(sample_inputs(moves, questions, 2)))
    sheets = [Picture(Sha256("a" * 64), "frames of the clip that was made")] * (MOST_PICTURES - 2)
    real = asking_inputs(moves, questions, sheets, [Sha256("b" * 64)] * 2, 3)
    assert CARD.price(CARD.inputs.model_validate(real)) <= most
    assert len(real["references"]) == MOST_PICTURES


@pytest.mark.parametrize(
    ("code", "said", "again"),
    [
        ("moderated", "the judge refused", False),
        ("not_json", "the judge's answer cannot be read", True),
        ("answer_cut_off", "the judge's answer cannot be read", True),
        ("provider_busy", "the judge did not answer", False),
    ],
)
def test_what_failed_is_told_apart(code: str, said: str, *, again: bool) -> None:
    """A refusal, what is no JSON and a provider that is down; only the form is asked for again."""
    failed = a_take(a_job(), status=TakeStatus.FAILED, error={"code": code, "message": "why"})
    asking = asking_of(failed, None, QUESTIONS)
    assert (asking.missing, asking.said, asking.answers) == (said, "why", ())
    assert may_be_repaired(failed, None, QUESTIONS) is again
    third = a_take(a_job(), attempt=3, status=TakeStatus.FAILED, error={"code": code})
    assert not may_be_repaired(third, None, QUESTIONS)


def test_an_answer_that_is_lost_or_out_of_form_is_none() -> None:
    """The latter may be asked for again."""
    made = a_take(a_job(), status=TakeStatus.SUCCEEDED, asset=Sha256("a" * 64))
    odd = json.dumps({"verdict": "fine"}).encode()
    assert asking_of(made, odd, QUESTIONS).missing == "the judge's answer cannot be read"
    assert may_be_repaired(made, odd, QUESTIONS)
    assert asking_of(None, None, QUESTIONS).missing == "the judge's answer is lost"
    assert not may_be_repaired(None, None, QUESTIONS)
