"""The models that the simulated Runway offers, with what each takes and costs.

`runway_params.csv` holds the fields of every endpoint and model, as the SDK `runwayml` 5.24.0 has
them. Prices are those of Runway's page of 2026-10-04 or of the litellm price map; a model that
neither has is taken to cost 0.20 dollars a second or 0.05 a picture.
"""

import csv
import importlib.resources
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from callsheet.kernel.money import Money
from callsheet.sim.core.models import Field, Makes, Model, Spoken

CENT = 10_000  # micro-dollars: a credit
_TYPES = {"int": "integer", "bool": "boolean", "list": "array", "object": "object"}
_PICTURES = "text_to_image"
_SOUNDS = ("text_to_speech", "sound_effect")
_CLIPS = ("text_to_video", "image_to_video", "video_to_video")
_ADDRESSES = frozenset({"promptImage", "referenceImages", "references", "imageUri"})
_PER_SECOND: Mapping[str, str] = {
    "gen4.5": "0.12",
    "gen4_turbo": "0.05",
    "veo3.1": "0.40",
    "veo3.1_fast": "0.15",
    "hailuo3": "0.10",
    "seedance2": "0.36",
    "seedance2_fast": "0.29",
    "seedance2_mini": "0.16",
    "seedance2_5": "0.30",
    "gemini_omni_flash": "0.10",
    "gemini_omni_flash_1.1": "0.10",
    "grok_imagine_1_5": "0.16",
    "grok_imagine_1_5_lite": "0.03",
    "h3_max": "0.05",
    "happyhorse_1_0": "0.15",
    "wan3": "0.10",
    "wan3_prime": "0.14",
    "aleph2": "0.28",
}
_PER_SECOND_SILENT: Mapping[str, str] = {"veo3.1": "0.20", "veo3.1_fast": "0.10"}
_RATES: Mapping[str, Mapping[str, str]] = {  # by resolution or quality
    "hailuo3": {"2k": "0.15"},
    "grok_imagine_1_5": {"480p": "0.10", "1080p": "0.29"},
    "h3_max": {"768p": "0.08"},
    "gpt_image_2": {"low": "0.01", "high": "0.20"},
}
_PER_REFERENCE: Mapping[str, str] = {
    "gemini_omni_flash": "0.01",
    "grok_imagine_1_5": "0.01",
    "grok_imagine_1_5_lite": "0.01",
    "grok_imagine_image_2": "0.01",
}
_PER_PICTURE: Mapping[str, str] = {
    "gen4_image_turbo": "0.02",
    "gen4_image": "0.08",  # at 1080p
    "muse_image": "0.01",
    "gemini_image3.1_flash": "0.07",
    "gemini_image3_pro": "0.20",
    "seedream5_lite": "0.04",
    "grok_imagine_image_2": "0.06",
}


@dataclass(frozen=True, slots=True)
class Credited(Model):
    """A model that is billed in whole credits of a cent."""

    silent: Money | None = None
    per_reference: Money = Money()

    def price(self, inputs: Mapping[str, Any], units: int) -> Money:
        """Price an order, rounded up to a credit."""
        rated = inputs.get("resolution") or inputs.get("quality")
        rate = self.rates.get(str(rated), self.unit)
        if self.silent is not None and inputs.get("audio") is False:
            rate = self.silent
        count = sum(len(inputs.get(name) or ()) for name in ("promptImage", "referenceImages"))
        return Money(-(-rate.micros * units // CENT) * CENT) + self.per_reference * count


@dataclass(frozen=True, slots=True)
class Heard(Spoken):
    """A sound that is billed by its seconds, in whole credits; it tells its own format."""

    def price(self, inputs: Mapping[str, Any], units: int) -> Money:
        """Price so many seconds."""
        return Money(-(-self.unit.micros * units // CENT) * CENT)


def _sound(name: str, endpoint: str, known: Mapping[str, Field]) -> Model:
    own, title = f"{endpoint}:{name}", name
    if name == "seed_audio":
        return Heard(
            "", own, title, Money(2_500), 6.0, known, Makes.AUDIO, formatted_by="outputFormat"
        )
    # a credit for 50 characters
    return Spoken("", own, title, Money.usd("0.20"), 6.0, known, Makes.AUDIO, step=CENT)


def _rows() -> Iterator[Mapping[str, str]]:
    file = importlib.resources.files("callsheet.sim") / "runway_params.csv"
    with file.open(encoding="utf-8") as lines:
        yield from csv.DictReader(lines)


def _field(row: Mapping[str, str]) -> Field:
    numbers = row["allowed_values"] and all(v.isdecimal() for v in row["allowed_values"].split("|"))
    choices: tuple[Any, ...] = ()
    if row["type"] == "enum" and row["allowed_values"] != "auto":
        values = row["allowed_values"].split("|")
        choices = tuple(int(value) for value in values) if numbers else tuple(values)
    kind = "integer" if numbers or row["allowed_values"] == "auto" else "string"
    return Field(
        _TYPES.get(row["type"], kind),
        required=row["required"] == "yes",
        choices=choices,
        uri=row["field"] in _ADDRESSES,
    )


def _offered() -> dict[str, dict[str, Model]]:
    """Read every endpoint's models."""
    fields: dict[tuple[str, str], dict[str, Field]] = defaultdict(dict)
    for row in _rows():
        fields[row["endpoint"], row["model"]][row["field"]] = _field(row)
    found: dict[str, dict[str, Model]] = defaultdict(dict)
    for (endpoint, name), known in fields.items():
        if endpoint in _SOUNDS:
            found[endpoint][name] = _sound(name, endpoint, known)
            continue
        if endpoint == "image_upscale":
            unit, makes, run_s = "0.25", Makes.PICTURE, 6.0
        elif endpoint == _PICTURES:
            unit, makes, run_s = _PER_PICTURE.get(name, "0.05"), Makes.PICTURE, 6.0
        elif endpoint in _CLIPS:
            unit, makes, run_s = _PER_SECOND.get(name, "0.20"), Makes.CLIP, 60.0
        else:
            continue
        found[endpoint][name] = Credited(
            "",
            f"{endpoint}:{name}",
            name,
            Money.usd(unit),
            run_s,
            known,
            makes,
            rates={option: Money.usd(rate) for option, rate in _RATES.get(name, {}).items()},
            silent=Money.usd(_PER_SECOND_SILENT[name]) if name in _PER_SECOND_SILENT else None,
            per_reference=Money.usd(_PER_REFERENCE.get(name, "0")),
        )
    return found


BY_ENDPOINT = _offered()
OFFERED = tuple(model for models in BY_ENDPOINT.values() for model in models.values())
