"""Gemini 3.1 flash image on the Lovable gateway: pictures from words and references."""

from typing import Annotated, Any, Final

from pydantic import Field

from callsheet.catalog.forms import Form, Reference
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_IMAGE: Final = Money.usd("0.0672")
RATIOS: Final = ("1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3")


class Inputs(Form, frozen=True):
    """What Gemini 3.1 flash image can be asked for; the size chooses the nearest ratio."""

    references: Annotated[tuple[Reference, ...], Field(max_length=6)] = ()


def price(_inputs: Inputs) -> Money:
    """Estimate each picture the same."""
    return PER_IMAGE


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    pictures = [
        {"type": "image_url", "image_url": {"url": ReferenceSlot.at(place)}}
        for place in range(len(inputs.references))
    ]
    shape = f"Aspect ratio {nearest_ratio(inputs.width, inputs.height, RATIOS)}."
    words = {"type": "text", "text": f"{inputs.prompt}\n\n{shape}"}
    return {
        "body": {
            "model": "google/gemini-3.1-flash-image",
            "messages": [{"role": "user", "content": [words, *pictures]}],
            "modalities": ["image", "text"],
        }
    }


CARD = ModelCard(
    id="lovable/gemini-3-1-flash-image",
    title="Gemini 3.1 flash image",
    provider="lovable",
    kinds=(Kind.TEXT_TO_IMAGE, Kind.IMAGE_EDIT, Kind.COMPOSITE),
    execution=Execution.SYNC,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=6,
    reference_modes=frozenset(
        {ReferenceMode.STYLE_ONLY, ReferenceMode.SUBJECT, ReferenceMode.PRODUCT}
    ),
    expected_s=15.0,
    time_limit_s=600.0,
    price_source="estimate: what Google asks; the gateway bills in credits, 2026-11-30",
    estimated=True,
)
