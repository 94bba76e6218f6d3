"""What a dry run shows of a text: what would be asked, of whom, and for how much at most."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, Field

from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard


class Inputs(BaseModel, extra="forbid", frozen=True):
    """What would be asked. `notes` name the model, `most` is its price in US dollars."""

    prompt: Annotated[str, Field(min_length=1, max_length=32_000)]
    system_instruction: Annotated[str, Field(max_length=8_000)] = ""
    pictures: Annotated[int, Field(ge=0, le=100)] = 0
    answer_schema: Annotated[dict[str, Any], Field(default_factory=dict)]
    notes: Annotated[tuple[Annotated[str, Field(max_length=200)], ...], Field(max_length=4)] = ()
    most: Annotated[str, Field(max_length=20)] = ""


def price(_inputs: Inputs) -> Money:
    """Nothing is asked, nothing is paid."""
    return Money()


def payload(inputs: Inputs) -> Mapping[str, Any]:
    """Write the preview; the studio only hands it on."""
    return {"draw": "text", "text": "\n\n".join(_paragraphs(inputs))}


def _paragraphs(inputs: Inputs) -> Iterator[str]:
    told = [f"{', '.join(inputs.notes) or 'A language model'} would be asked this"]
    if inputs.pictures:
        told.append(
            "shown a picture" if inputs.pictures == 1 else f"shown {inputs.pictures} pictures"
        )
    if inputs.answer_schema:
        told.append("to answer in JSON")
    if inputs.most:
        told.append(f"for ${inputs.most} at most")
    yield f"PREVIEW: nothing was asked. {', '.join(told)}:"
    yield inputs.prompt
    if inputs.system_instruction:
        yield f"System instruction: {inputs.system_instruction}"


CARD = ModelCard(
    id="local/text-preview",
    title="Local text preview",
    provider="local",
    kinds=(Kind.TEXT_TO_TEXT,),
    execution=Execution.LOCAL,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=0,
    reference_modes=frozenset(),
    expected_s=0.005,
)
