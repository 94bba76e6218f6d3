"""The clips that begin with a frame, or have sound, of the simulated fal.

Fields are those of fal's schemas of September and October 2026; what one does not know is booked as
unknown, and a value of another type is refused, as there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from callsheet.kernel.money import Money
from callsheet.sim.core.models import Field, Makes, Model

_WORDS = {"prompt": Field("string", required=True)}
_IMAGE = {**_WORDS, "image_url": Field("string", required=True, uri=True)}
_START = {**_WORDS, "start_image_url": Field("string", required=True, uri=True)}
_SOUND = {"generate_audio": Field("boolean", default=True)}
_VEO = {
    "aspect_ratio": Field("string", default="auto", choices=("auto", "16:9", "9:16")),
    "duration": Field("string", default="8s", choices=("4s", "6s", "8s")),
    "resolution": Field("string", default="720p", choices=("720p", "1080p", "4k")),
    **_SOUND,
}
_KLING = {
    "duration": Field("string", default="5", choices=tuple(map(str, range(3, 16)))),
    **_SOUND,
}
_KLING_RATIO = Field("string", default="16:9", choices=("16:9", "9:16", "1:1"))


def _seconds(least: int, most: int) -> dict[str, Field]:
    return {"duration": Field("integer", default=5, least=least, most=most)}


def _resolution(usual: str, *others: str) -> dict[str, Field]:
    return {"resolution": Field("string", default=usual, choices=(usual, *others))}


@dataclass(frozen=True, slots=True)
class Clip(Model):
    """A clip of which more is made, and paid, than was asked for; and whose frame may cost."""

    more_tenths: int = 0  # of a second
    per_frame: Money = Money()

    def price(self, inputs: Mapping[str, Any], units: int) -> Money:
        """Price so many seconds."""
        rate = self.rates.get(str(self.given(inputs, "resolution")), self.unit)
        return Money(rate.micros * (units * 10 + self.more_tenths) // 10) + self.per_frame


def _clip(name: str, fields: Mapping[str, Field], rates: Mapping[str, str], **more: Any) -> Model:
    table = {option: Money.usd(price) for option, price in rates.items()}
    unit = next(iter(table.values()))
    return Clip("", name, name, unit, 60.0, fields, Makes.CLIP, rates=table, **more)


def _heard(name: str, fields: Mapping[str, Field], silent: str, loud: str) -> Model:
    return Model(
        "",
        name,
        name,
        Money.usd(silent),
        60.0,
        fields,
        Makes.CLIP,
        unit_with_audio=Money.usd(loud),
    )


_H3 = {"480P": "0.05", "768P": "0.06", "2K": "0.13", "4K": "0.16"}
_H3_MAX = {"480P": "0.05", "768P": "0.08", "1080P": "0.16"}
_EXPANSION = Field("string", required=True, choices=("disabled", "balanced", "quality"))

OFFERED = (
    _heard("fal-ai/kling-video/v3/pro/image-to-video", {**_START, **_KLING}, "0.112", "0.168"),
    _heard(
        "fal-ai/kling-video/v3/pro/text-to-video",
        {**_WORDS, **_KLING, "aspect_ratio": _KLING_RATIO},
        "0.112",
        "0.168",
    ),
    _heard("fal-ai/veo3.1/fast/image-to-video", {**_IMAGE, **_VEO}, "0.10", "0.15"),
    _heard("fal-ai/veo3.1/image-to-video", {**_IMAGE, **_VEO}, "0.20", "0.40"),
    _clip(
        "minimax/h3/image-to-video",
        {**_IMAGE, **_seconds(5, 15), **_resolution("768P", "480P", "2K", "4K")},
        _H3,
    ),
    _clip(
        "minimax/h3-max/image-to-video",
        {
            **_IMAGE,
            **_seconds(5, 15),
            **_resolution("768P", "480P", "1080P"),
            "prompt_expansion_mode": _EXPANSION,
        },
        _H3_MAX,
        more_tenths=7,
    ),
    _clip(
        "minimax/h3-max/text-to-video",
        {
            "prompt": Field("string", required=True),
            **_seconds(5, 15),
            **_resolution("768P", "480P", "1080P"),
            "prompt_expansion_mode": _EXPANSION,
        },
        _H3_MAX,
        more_tenths=7,
    ),
    _clip(
        "alibaba/wan-3.0/image-to-video",
        {
            **_START,
            "duration": Field("integer", default=5, choices=(5, 10, 15)),
            **_resolution("720p", "480p", "1080p"),
            "audio": Field("boolean"),
        },
        {"480p": "0.05", "720p": "0.10", "1080p": "0.20"},
    ),
    _clip(
        "google/gemini-omni-flash/v1.1/image-to-video",
        {
            **_IMAGE,
            **_seconds(3, 10),
            **_resolution("720p", "360p", "1080p", "4k"),
            "aspect_ratio": Field("string", default="16:9", choices=("16:9", "9:16")),
        },
        {"360p": "0.03", "720p": "0.10", "1080p": "0.15", "4k": "0.30"},
    ),
    _clip(
        "xai/grok-imagine-video/v1.5/lite/image-to-video",
        {**_IMAGE, **_seconds(1, 15), **_resolution("720p", "480p", "1080p")},
        {"480p": "0.02", "720p": "0.03", "1080p": "0.14"},
        per_frame=Money.usd("0.01"),
    ),
)
