"""Seed Audio on Runway: a scene that is heard: voices, music and noises."""

from typing import Any, Final, Literal

from callsheet.catalog.sounds import HeardForm, spoken_s
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard

PER_SECOND: Final = 2_500  # micro-dollars
CREDIT: Final = 10_000


class Inputs(HeardForm, frozen=True):
    """What Seed Audio can be asked for."""

    output_format: Literal["mp3", "wav", "ogg_opus"] = "mp3"


def price(inputs: Inputs) -> Money:
    """Estimate the seconds, in whole credits: how long it becomes is not known before."""
    return Money(-(-spoken_s(inputs.prompt) * PER_SECOND // CREDIT) * CREDIT)


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the API's reference does."""
    return {
        "path": "sound_effect",
        "body": {
            "model": "seed_audio",
            "promptText": inputs.prompt,
            "outputFormat": inputs.output_format,
        },
    }


CARD = ModelCard(
    id="runway/seed-audio",
    title="Seed Audio",
    provider="runway",
    kinds=(Kind.SOUND,),
    execution=Execution.POLL,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=0,
    reference_modes=frozenset(),
    expected_s=15.0,
    time_limit_s=600.0,
    price_source="Runway's price page of 2026-08, read 2026-11-30; seconds are estimated",
    estimated=True,
)
