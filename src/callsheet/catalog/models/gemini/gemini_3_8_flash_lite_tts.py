"""Gemini 3.8 Flash-Lite TTS on Google: words, spoken."""

from typing import Any, Final, Literal

from callsheet.catalog.sounds import SpokenForm, spoken_s
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard

# dollars for a million tokens; a second of speech is 25
RATES: Final = {"in": "0.50", "text_out": "6.00", "audio_out": "6.00"}
TOKENS_PER_SECOND: Final = 25
CHARS_PER_TOKEN: Final = 4


class Inputs(SpokenForm, frozen=True):
    """What Gemini 3.8 Flash-Lite TTS can be asked for."""

    voice: Literal["Kore", "Puck", "Zephyr", "Charon", "Fenrir", "Leda", "Orus", "Aoede"] = "Kore"


def price(inputs: Inputs) -> Money:
    """Estimate the tokens: how long it is spoken is not known before; what is counted is paid."""
    into = -(-len(inputs.prompt) // CHARS_PER_TOKEN)
    out = spoken_s(inputs.prompt) * TOKENS_PER_SECOND
    dollars = Money.usd(RATES["in"]) * into + Money.usd(RATES["audio_out"]) * out
    return Money(-(-dollars.micros // 1_000_000))


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the API's reference does."""
    voice = {"prebuiltVoiceConfig": {"voiceName": inputs.voice}}
    return {
        "model": "gemini-3.8-flash-lite-tts",
        "body": {
            "contents": [{"role": "user", "parts": [{"text": inputs.prompt}]}],
            "generationConfig": {
                "responseModalities": ["AUDIO"],
                "speechConfig": {"voiceConfig": voice},
            },
        },
        "rates": dict(RATES),
    }


CARD = ModelCard(
    id="gemini/gemini-3-8-flash-lite-tts",
    title="Gemini 3.8 Flash-Lite TTS",
    provider="gemini",
    kinds=(Kind.SPEECH,),
    execution=Execution.SYNC,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=0,
    reference_modes=frozenset(),
    expected_s=8.0,
    time_limit_s=300.0,
    price_source="litellm price map 1.110.2 (tokens), read 2026-11-30; seconds are estimated",
    estimated=True,
)
