"""ElevenLabs sound effects v2 on fal: a sound from words."""

from typing import Annotated, Any, Final

from pydantic import Field

from callsheet.catalog.sounds import HeardForm
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard

PER_SECOND: Final = Money.usd("0.002")


class Inputs(HeardForm, frozen=True):
    """What sound effects v2 can be asked for."""

    duration_s: Annotated[int, Field(ge=1, le=22, description="seconds")] = 5
    loop: bool = False


def price(inputs: Inputs) -> Money:
    """Estimate the seconds: the rate was read in one client alone."""
    return PER_SECOND * inputs.duration_s


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    return {
        "model": "fal-ai/elevenlabs/sound-effects/v2",
        "input": {
            "text": inputs.prompt,
            "duration_seconds": inputs.duration_s,
            "loop": inputs.loop,
        },
    }


CARD = ModelCard(
    id="fal/sound-effects-v2",
    title="ElevenLabs sound effects v2",
    provider="fal",
    kinds=(Kind.SOUND,),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=0,
    reference_modes=frozenset(),
    expected_s=10.0,
    time_limit_s=600.0,
    price_source="estimate: fal's rate as one client has it, read 2026-11-30",
    estimated=True,
)
