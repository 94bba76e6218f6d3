"""Veo 3.1 lite on Vertex AI: clips with sound from words, or from a first frame."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from callsheet.catalog.forms import Reference, WideForm
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_SECOND: Final = {"720p": Money.usd("0.05"), "1080p": Money.usd("0.08")}
RATIOS: Final = ("16:9", "9:16")


class Inputs(WideForm, frozen=True):
    """What Veo 3.1 lite can be asked for; the size chooses upright or wide."""

    duration_s: Literal[4, 6, 8] = 8
    resolution: Literal["720p", "1080p"] = "720p"
    references: Annotated[tuple[Reference, ...], Field(max_length=1)] = ()


def price(inputs: Inputs) -> Money:
    """Price each second by its resolution."""
    return PER_SECOND[inputs.resolution] * inputs.duration_s


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the API's reference does."""
    first = {"bytesBase64Encoded": ReferenceSlot.at(0), "mimeType": "image/png"}
    begin = {"image": first} if inputs.references else {}
    return {
        "model": "veo-3.1-lite-generate-001",
        "body": {
            "instances": [{"prompt": inputs.prompt, **begin}],
            "parameters": {
                "sampleCount": 1,
                "durationSeconds": inputs.duration_s,
                "aspectRatio": nearest_ratio(inputs.width, inputs.height, RATIOS),
                "resolution": inputs.resolution,
            },
        },
    }


CARD = ModelCard(
    id="vertex/veo-3-1-lite",
    title="Veo 3.1 lite",
    provider="vertex",
    kinds=(Kind.TEXT_TO_VIDEO, Kind.IMAGE_TO_VIDEO),
    execution=Execution.POLL,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=1,
    reference_modes=frozenset({ReferenceMode.FIRST_FRAME}),
    expected_s=90.0,
    time_limit_s=1800.0,
    price_source="litellm price map, read 2026-11-20",
)
