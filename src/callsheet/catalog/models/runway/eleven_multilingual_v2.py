"""ElevenLabs Multilingual v2 on Runway: words, spoken."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from callsheet.catalog.sounds import SpokenForm
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard

PER_STEP: Final = Money.usd("0.01")  # a credit for each 50 characters that are begun
STEP: Final = 50


class Inputs(SpokenForm, frozen=True):
    """What ElevenLabs Multilingual v2 can be asked for."""

    prompt: Annotated[str, Field(min_length=1, max_length=1_000, description="what is spoken")]
    voice: Literal["Maya", "Rachel", "Bernard", "Eleanor", "Mark", "Lara", "Tom"] = "Maya"


def price(inputs: Inputs) -> Money:
    """Price the characters, in whole credits."""
    return PER_STEP * -(-len(inputs.prompt) // STEP)


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the API's reference does."""
    voice = {"type": "runway-preset", "presetId": inputs.voice}
    return {
        "path": "text_to_speech",
        "body": {"model": "eleven_multilingual_v2", "promptText": inputs.prompt, "voice": voice},
    }


CARD = ModelCard(
    id="runway/eleven-multilingual-v2",
    title="ElevenLabs Multilingual v2",
    provider="runway",
    kinds=(Kind.SPEECH,),
    execution=Execution.POLL,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=0,
    reference_modes=frozenset(),
    expected_s=10.0,
    time_limit_s=600.0,
    price_source="Runway's price pages of 2026-08 (a credit for 50 characters), read 2026-11-30",
)
