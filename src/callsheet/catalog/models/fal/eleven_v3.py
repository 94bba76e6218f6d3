"""ElevenLabs v3 on fal: words, spoken."""

from typing import Annotated, Any, Final

from pydantic import Field

from callsheet.catalog.sounds import VOICES, SpokenForm, by_characters
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard

PER_THOUSAND: Final = Money.usd("0.10")  # characters


class Inputs(SpokenForm, frozen=True):
    """What ElevenLabs v3 can be asked for."""

    voice: Annotated[str, Field(json_schema_extra={"examples": list(VOICES)}, max_length=80)] = (
        "Rachel"
    )


def price(inputs: Inputs) -> Money:
    """Estimate the characters: sources disagree about the rate."""
    return by_characters(inputs.prompt, PER_THOUSAND)


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    return {
        "model": "fal-ai/elevenlabs/tts/eleven-v3",
        "input": {"text": inputs.prompt, "voice": inputs.voice},
    }


CARD = ModelCard(
    id="fal/eleven-v3",
    title="ElevenLabs v3",
    provider="fal",
    kinds=(Kind.SPEECH,),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=0,
    reference_modes=frozenset(),
    expected_s=10.0,
    time_limit_s=600.0,
    price_source="estimate: ElevenLabs' own list price of 2026-08, read 2026-11-30",
    estimated=True,
)
