"""ElevenLabs Turbo 2.5 on KIE.ai: words, spoken."""

from typing import Annotated, Any, Final

from pydantic import Field

from callsheet.catalog.sounds import VOICES, SpokenForm, by_characters
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard

PER_THOUSAND: Final = Money.usd("0.03")  # characters


class Inputs(SpokenForm, frozen=True):
    """What ElevenLabs Turbo 2.5 can be asked for."""

    voice: Annotated[str, Field(json_schema_extra={"examples": list(VOICES)}, max_length=80)] = (
        "Rachel"
    )
    speed: Annotated[float, Field(ge=0.7, le=1.2)] = 1.0


def price(inputs: Inputs) -> Money:
    """Price the characters."""
    return by_characters(inputs.prompt, PER_THOUSAND)


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    return {
        "api": "jobs",
        "body": {
            "model": "elevenlabs/text-to-speech-turbo-2-5",
            "input": {"text": inputs.prompt, "voice": inputs.voice, "speed": inputs.speed},
        },
    }


CARD = ModelCard(
    id="kie/elevenlabs-turbo-2-5",
    title="ElevenLabs Turbo 2.5",
    provider="kie",
    kinds=(Kind.SPEECH,),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=0,
    reference_modes=frozenset(),
    expected_s=10.0,
    time_limit_s=600.0,
    price_source="KIE's price pages of 2026-06 and 2026-08, read 2026-11-30",
)
