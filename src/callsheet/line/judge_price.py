"""What judging the takes of a batch costs at most: part of its quote."""

from collections.abc import Iterable, Mapping

from callsheet.jobs.model import Shot
from callsheet.kernel.money import Money
from callsheet.line.judging import LIKENESSES
from callsheet.ports.models import Catalog
from callsheet.quality.judge.asking import MOST_REFERENCES, filled, sample_inputs
from callsheet.quality.judge.questions import Brief, questions_for
from callsheet.quality.judge.wish import JudgeWish, insist_it_sees
from callsheet.takes.model import UNCORRECTED, Correction


def price_of_judging(
    catalog: Catalog, shots: Iterable[Shot], wish: JudgeWish, corrections: Mapping[str, Correction]
) -> Money:
    """Price every asking about every take, at the most that an answer can come to.

    Retakes are not in it, nor is asking again what was answered out of form. Raises
    UnknownModelError, UnusableCardError, InvalidJudgeError.
    """
    card = catalog.card(wish.model)
    insist_it_sees(card)
    correction, total = corrections.get(card.id, UNCORRECTED), 0
    for shot in shots:
        references = sum(each.mode in LIKENESSES for each in shot.references.asked)
        likenesses = min(references, MOST_REFERENCES)
        moves = catalog.card(shot.model).kind.makes == "video"
        brief = Brief(shot.prompt, moves=moves, likenesses=likenesses)
        inputs = filled(card, sample_inputs(brief, questions_for(brief), likenesses))
        one = correction.of(card.price(card.inputs.model_validate(inputs)))
        total += one.micros * shot.variants * wish.askings
    return Money(total)
