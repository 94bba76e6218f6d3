"""Suno V5.5 on KIE.ai: two songs from words, of which the first is taken."""

from typing import Any, Final

from callsheet.catalog.sounds import HeardForm
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard

PER_REQUEST: Final = Money.usd("0.06")  # for two songs


class Inputs(HeardForm, frozen=True):
    """What Suno V5.5 can be asked for."""

    instrumental: bool = True


def price(_inputs: Inputs) -> Money:
    """Price each request the same."""
    return PER_REQUEST


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    return {
        "api": "suno",
        "body": {
            "prompt": inputs.prompt,
            "customMode": False,
            "instrumental": inputs.instrumental,
            "model": "V5_5",
        },
    }


CARD = ModelCard(
    id="kie/suno-v5-5",
    title="Suno V5.5",
    provider="kie",
    kinds=(Kind.MUSIC,),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=0,
    reference_modes=frozenset(),
    expected_s=90.0,
    time_limit_s=1800.0,
    price_source="KIE's price pages of 2026-06 and 2026-08, read 2026-11-30",
)
