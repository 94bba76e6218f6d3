"""The models that the simulated KIE offers; a credit is half a cent.

Prices are KIE's own as they were recorded from August to October 2026; Seedream 4 is on no list any
more, and assumed at 0.02 dollars a picture.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from callsheet.kernel.money import Money
from callsheet.sim.core.models import Field, Makes, Model, Spoken

_PICTURE = {
    "prompt": Field("string", required=True),
    "image_input": Field("array", uri=True),
    "image_urls": Field("array", uri=True),
    "aspect_ratio": Field("string", default="1:1"),
    "resolution": Field("string", default="1K"),
    "output_format": Field("string", default="png"),
}
_WORDS = {
    "prompt": Field("string", required=True),
    "aspect_ratio": Field("string", default="16:9"),
}
_SECONDS = {
    **_WORDS,
    "duration": Field("string", default="5"),
    "image_url": Field("string", uri=True),
}
_OMNI = {
    **_WORDS,
    "image_urls": Field("array", uri=True),
    "duration": Field("string", default="6", choices=("4", "6", "8", "10")),
}
_FIXED = {"prompt": Field("string", required=True), "image_url": Field("string", uri=True)}
_SEEDANCE = {**_SECONDS, "resolution": Field("string", default="720p")}
_SEEDANCE_2 = {
    **_WORDS,
    "first_frame_url": Field("string", uri=True),
    "duration": Field("integer", default=5, least=4, most=15),
    "resolution": Field("string", default="1080p"),
}
_WAN = {**_SECONDS, "resolution": Field("string", default="1080p")}
_KLING_3 = {
    "prompt": Field("string", required=True),
    "aspect_ratio": Field("string", required=True),
    "duration": Field("string", default="5"),
    "image_urls": Field("array", uri=True),
    "mode": Field("string", required=True, choices=("std", "pro")),
    "sound": Field("boolean", required=True),
    "multi_shots": Field("boolean", required=True),
    "multi_prompt": Field("array", required=True),
}
_VEO = {
    **_WORDS,
    "imageUrls": Field("array", uri=True),
    "model": Field("string"),  # Veo has a door of its own, and names it among its inputs
}
_LITE = {
    "prompt": Field("string", required=True),
    "image_urls": Field("array", uri=True),
    "aspect_ratio": Field("string", required=True),
}
_H3 = {
    "prompt": Field("string", required=True),
    "first_frame_url": Field("string", required=True, uri=True),
    "last_frame_url": Field("string", uri=True),
    "duration": Field("integer", default=5, least=4, most=15),
    "resolution": Field("string", default="768p", choices=("768p", "2k")),
}


def _picture(name: str, unit: str, rates: Mapping[str, str] | None = None) -> Model:
    table = {option: Money.usd(price) for option, price in (rates or {}).items()}
    return Model("", name, name, Money.usd(unit), 4.0, _PICTURE, rated_by="resolution", rates=table)


def _clip(
    name: str,
    unit: str,
    fields: Mapping[str, Field],
    rates: Mapping[str, str] | None = None,
    **more: Any,
) -> Model:
    """Offer clips at so much a second; `rates` are other units, by resolution unless told."""
    table = {option: Money.usd(price) for option, price in (rates or {}).items()}
    rated = {"rated_by": "resolution", "rates": table, **more}
    return Model("", name, name, Money.usd(unit), 60.0, fields, Makes.CLIP, **rated)


@dataclass(frozen=True, slots=True)
class Rated(Model):
    """A picture priced by one of its inputs, dearer with each reference after the first."""

    per_further: Money = Money()

    def price(self, inputs: Mapping[str, Any], units: int) -> Money:
        """Price so many pictures."""
        given = max((len(list(self.references(inputs))), 1)) - 1
        return self.rates[str(self.given(inputs, self.rated_by))] * units + self.per_further * given


def _rated(
    name: str, by: str, fields: Mapping[str, Field], rates: Mapping[str, str], further: str = "0"
) -> Model:
    table = {option: Money.usd(price) for option, price in rates.items()}
    unit, more = next(iter(table.values())), Money.usd(further)
    return Rated("", name, name, unit, 4.0, fields, rated_by=by, rates=table, per_further=more)


_GPT_RATES = {"1K": "0.03", "2K": "0.05", "4K": "0.08"}
_GPT = {**_WORDS, "resolution": Field("string", default="1K", choices=tuple(_GPT_RATES))}
_GPT_EDIT = {**_GPT, "input_urls": Field("array", required=True, uri=True)}
_SEEDREAM_RATES = {"basic": "0.035", "high": "0.07"}
_SEEDREAM = {
    "prompt": Field("string", required=True),
    "aspect_ratio": Field("string", required=True),
    "quality": Field("string", default="basic", choices=tuple(_SEEDREAM_RATES)),
    "output_format": Field("string", default="png"),
}
_SEEDREAM_EDIT = {**_SEEDREAM, "image_urls": Field("array", required=True, uri=True)}


@dataclass(frozen=True, slots=True)
class Kling(Model):
    """A model rated by its mode, and by its sound."""

    def price(self, inputs: Mapping[str, Any], units: int) -> Money:
        """Price so many seconds."""
        table = self.rates_with_audio if inputs.get("sound") else self.rates
        return table[str(inputs["mode"])] * units


def _kling_3() -> Model:
    silent = {"std": Money.usd("0.07"), "pro": Money.usd("0.09")}
    loud = {"std": Money.usd("0.10"), "pro": Money.usd("0.135")}
    name = "kling-3.0/video"
    return Kling(
        "",
        name,
        name,
        silent["std"],
        60.0,
        _KLING_3,
        Makes.CLIP,
        rates=silent,
        rates_with_audio=loud,
    )


_LITE_RATES = {"480p": "0.01", "1080p": "0.05"}
_OMNI_CLIPS = {"4": "0.45", "6": "0.60", "8": "0.75", "10": "0.90"}

_SPOKEN = {
    "text": Field("string", required=True),
    "voice": Field("string", default="Rachel"),
    **dict.fromkeys(("stability", "similarity_boost", "style", "speed"), Field("number")),
    "language_code": Field("string"),
}
_SONG = {
    "prompt": Field("string", required=True),
    "customMode": Field("boolean", required=True),
    "instrumental": Field("boolean", required=True),
    "model": Field("string", required=True),  # Suno has a door of its own too
    "callBackUrl": Field("string", required=True),
    "style": Field("string"),
    "title": Field("string"),
}
_UPSCALED = {
    "image_url": Field("string", required=True, uri=True),
    "upscale_factor": Field("string", default="2", choices=("1", "2", "4", "8")),
}
_UPSCALES = {"1": "0.05", "2": "0.05", "4": "0.10", "8": "0.20"}
_CUT_OUT = {"image": Field("string", required=True, uri=True)}


def _speech(name: str, unit: str) -> Model:
    return Spoken("", name, name, Money.usd(unit), 4.0, _SPOKEN, Makes.AUDIO)


OFFERED = (
    _speech("elevenlabs/text-to-speech-turbo-2-5", "0.03"),
    _speech("elevenlabs/text-to-speech-multilingual-v2", "0.06"),
    Model("", "V5_5", "Suno", Money.usd("0.06"), 30.0, _SONG, Makes.AUDIO, by_clip=True),
    _rated("topaz/image-upscale", "upscale_factor", _UPSCALED, _UPSCALES),
    Model("", "recraft/remove-background", "cut out", Money.usd("0.005"), 4.0, _CUT_OUT),
    _picture("nano-banana-2", "0.04", {"1K": "0.04", "2K": "0.06", "4K": "0.09"}),
    Model("", "nano-banana-2-lite", "nano-banana-2-lite", Money.usd("0.02"), 4.0, _LITE),
    _picture("nano-banana-pro", "0.09", {"1K": "0.09", "2K": "0.09", "4K": "0.12"}),
    *(
        _picture(name, "0.02")
        for name in (
            "google/nano-banana",
            "google/nano-banana-edit",
            "bytedance/seedream-v4-text-to-image",
            "bytedance/seedream-v4-edit",
        )
    ),
    _clip("bytedance/seedance-2-5", "0.315", _SEEDANCE_2),
    _clip(
        "bytedance/seedance-2",
        "0.205",
        _SEEDANCE_2,
        {"480p": "0.095", "1080p": "0.51", "4k": "1.04"},
    ),
    _clip("bytedance/seedance-2-fast", "0.124", _SEEDANCE_2, {"480p": "0.0585"}),
    _clip("bytedance/seedance-2-mini", "0.041", _SEEDANCE_2, {"480p": "0.019"}),
    _clip("bytedance/v1-pro-text-to-video", "0.03", _SEEDANCE, {"480p": "0.014"}),
    _clip("bytedance/v1-pro-image-to-video", "0.03", _SEEDANCE, {"480p": "0.014"}),
    _clip("bytedance/v1-lite-text-to-video", "0.0225", _SEEDANCE, _LITE_RATES),
    _clip("bytedance/v1-lite-image-to-video", "0.0225", _SEEDANCE, _LITE_RATES),
    _kling_3(),
    _clip("kling/v2-5-turbo-text-to-video-pro", "0.042", _SECONDS),
    _clip("kling/v2-5-turbo-image-to-video-pro", "0.042", _SECONDS),
    _clip("kling/v2-1-pro", "0.05", _SECONDS),
    _clip("hailuo/02-text-to-video-pro", "0.285", _FIXED, by_clip=True),
    _clip("hailuo/02-image-to-video-pro", "0.285", _FIXED, by_clip=True),
    _clip("gemini-omni-video", "0.60", _OMNI, _OMNI_CLIPS, by_clip=True, rated_by="duration"),
    _clip("wan/2-5-text-to-video", "0.10", _WAN, {"720p": "0.06"}),
    _clip("wan/2-5-image-to-video", "0.10", _WAN, {"720p": "0.06"}),
    _clip("minimax-h3/image-to-video", "0.04", _H3, {"2k": "0.065"}),
    _clip("veo3", "1.25", _VEO, by_clip=True),
    _clip("veo3_fast", "0.30", _VEO, by_clip=True),
    _clip("veo3_lite", "0.15", _VEO, by_clip=True),
    _rated("gpt-image-2-text-to-image", "resolution", _GPT, _GPT_RATES),
    _rated("gpt-image-2-image-to-image", "resolution", _GPT_EDIT, _GPT_RATES),
    _rated("seedream/5-pro-text-to-image", "quality", _SEEDREAM, _SEEDREAM_RATES),
    _rated("seedream/5-pro-image-to-image", "quality", _SEEDREAM_EDIT, _SEEDREAM_RATES, "0.0025"),
)
