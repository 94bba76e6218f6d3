"""MiniMax Speech 2.8 on Runware: words, spoken."""

from typing import Annotated, Any, Final

from pydantic import Field

from callsheet.catalog.sounds import SpokenForm, by_characters
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard

PER_THOUSAND: Final = Money.usd("0.10")  # characters


class Inputs(SpokenForm, frozen=True):
    """What MiniMax Speech 2.8 can be asked for."""

    voice: Annotated[str, Field(min_length=1, max_length=80)] = "English_CalmWoman"


def price(inputs: Inputs) -> Money:
    """Estimate the characters at MiniMax's own rate; what Runware counts is paid."""
    return by_characters(inputs.prompt, PER_THOUSAND)


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    return {
        "task": {
            "taskType": "audioInference",
            "model": "minimax:speech@2.8",
            "speech": {"text": inputs.prompt, "voice": inputs.voice},
            "outputFormat": "MP3",
        }
    }


CARD = ModelCard(
    id="runware/minimax-speech-2-8",
    title="MiniMax Speech 2.8",
    provider="runware",
    kinds=(Kind.SPEECH,),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=0,
    reference_modes=frozenset(),
    expected_s=8.0,
    time_limit_s=600.0,
    price_source="estimate: MiniMax's own list price of 2026-10, read 2026-11-30",
    estimated=True,
)
