"""Speech, music and sounds: the forms that cards share, and how words are counted.

What is spoken is paid by its characters, or by how long it takes to say them.
"""

from typing import Annotated, Final

from pydantic import BaseModel, Field

from callsheet.catalog.forms import Seed
from callsheet.kernel.money import Money

CHARS_PER_SECOND: Final = 15  # of English, as it is usually spoken
_THOUSAND: Final = 1_000
# ElevenLabs' voices that fal and KIE know by name
VOICES: Final = (
    "Rachel",
    "Aria",
    "Roger",
    "Sarah",
    "Laura",
    "Charlie",
    "George",
    "Callum",
    "River",
    "Liam",
    "Charlotte",
    "Alice",
    "Matilda",
    "Will",
    "Jessica",
    "Eric",
    "Chris",
    "Brian",
    "Daniel",
    "Lily",
    "Bill",
)


class SpokenForm(BaseModel, extra="forbid", frozen=True):
    """Words that are spoken as they are written."""

    prompt: Annotated[str, Field(min_length=1, max_length=5_000, description="what is spoken")]


class HeardForm(BaseModel, extra="forbid", frozen=True):
    """What is to be heard, described in words."""

    prompt: Annotated[str, Field(min_length=1, max_length=450)]


class SeededSpokenForm(SpokenForm, frozen=True):
    """Words that are spoken, alike each time with the same seed."""

    seed: Seed = 0


def by_characters(text: str, per_thousand: Money) -> Money:
    """Price a text by its characters, rounded up to a micro-dollar."""
    return Money(-(-per_thousand.micros * len(text) // _THOUSAND))


def spoken_s(text: str) -> int:
    """Estimate for how many seconds a text is spoken, rounded up."""
    return -(-len(text) // CHARS_PER_SECOND)
