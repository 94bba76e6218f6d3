"""Corrections of estimates, as answers tell them."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, Field

from callsheet.takes.model import Correction


class ModelCorrection(BaseModel):
    """What a model's price was multiplied by, over how many takes if it is an estimate.

    Over none, the factor is what its provider's own list says of the card.
    """

    model: str
    factor: Annotated[float, Field(examples=[1.18])]
    takes: Annotated[int, Field(examples=[23])]


def corrections_of(corrections: Mapping[str, Correction]) -> list[ModelCorrection]:
    """Tell corrections, by model."""
    return [
        ModelCorrection(model=model, factor=each.factor, takes=each.takes)
        for model, each in sorted(corrections.items())
    ]
