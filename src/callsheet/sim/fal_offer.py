"""The models that the simulated fal offers, at its own prices and those of the litellm map."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from callsheet.kernel.money import Money
from callsheet.sim import fal_clips
from callsheet.sim.core.models import Field, Makes, Model, Spoken

_PICTURE = {
    "prompt": Field("string", required=True),
    "image_urls": Field("array", uri=True),
    "image_url": Field("string", uri=True),
    "num_images": Field("integer", default=1, least=1, most=4),
    "output_format": Field("string", default="png"),
    "seed": Field("integer"),
}
_BY_RATIO = {
    **_PICTURE,
    "aspect_ratio": Field("string", default="1:1"),
    "resolution": Field("string", default="1K"),
}
_PRESETS = ("square_hd", "square", "portrait_4_3", "portrait_16_9", "landscape_4_3")
_BY_SIZE = {
    **_PICTURE,
    "image_size": Field("string", default="landscape_4_3", choices=(*_PRESETS, "landscape_16_9")),
    "quality": Field("string", default="high"),
}
_CLIP = {
    "prompt": Field("string", required=True),
    "image_url": Field("string", uri=True),
    "end_image_url": Field("string", uri=True),
    "first_frame_url": Field("string", uri=True),
    "last_frame_url": Field("string", uri=True),
    "image_urls": Field("array", uri=True),
    "aspect_ratio": Field("string", default="16:9"),
    "duration": Field("string", default="5"),
    "resolution": Field("string", default="720p"),
}
_H3 = {
    "prompt": Field("string", required=True),
    "aspect_ratio": Field("string", default="16:9"),
    "duration": Field("integer", default=5, least=5, most=15),
    "resolution": Field("string", default="768P", choices=("480P", "768P", "2K", "4K")),
}
_VEO = {
    "prompt": Field("string", required=True),
    "first_frame_url": Field("string", required=True, uri=True),
    "last_frame_url": Field("string", required=True, uri=True),
    "aspect_ratio": Field("string", default="auto", choices=("auto", "16:9", "9:16")),
    "duration": Field("string", default="8s", choices=("4s", "6s", "8s")),
    "resolution": Field("string", default="720p", choices=("720p", "1080p", "4k")),
    "generate_audio": Field("boolean", default=True),
}
_IDEOGRAM = {name: known for name, known in _BY_SIZE.items() if name != "output_format"}


def _usd(**prices: str) -> Mapping[str, Money]:
    return {name.removeprefix("r"): Money.usd(price) for name, price in prices.items()}


def _picture(name: str, unit: str, **rates: str) -> Model:
    """Offer a model that takes a ratio."""
    return Model(
        "",
        name,
        name,
        Money.usd(unit),
        2.0,
        _BY_RATIO,
        rated_by="resolution" if rates else "",
        rates=_usd(**rates),
    )


def _sized(name: str, unit: str, fields: Mapping[str, Field] = _BY_SIZE) -> Model:
    """Offer a model that takes one of the named sizes."""
    return Model("", name, name, Money.usd(unit), 2.0, fields)


@dataclass(frozen=True, slots=True)
class Drawn(Model):
    """A picture priced by quality: of a square, and of what is not; and each that goes in."""

    def price(self, inputs: Mapping[str, Any], units: int) -> Money:
        """Price so many pictures."""
        square, oblong = (_GPT_2_5 if "2.5" in self.name else _GPT_2)[inputs.get("quality", "high")]
        made = Money.usd(square if inputs.get("image_size") == "square_hd" else oblong) * units
        return made + Money.usd("0.0016") * len(inputs.get("image_urls", ()))


@dataclass(frozen=True, slots=True)
class Seedream(Model):
    """A picture, dearer with each reference after the first."""

    per_further: Money = Money()

    def price(self, inputs: Mapping[str, Any], units: int) -> Money:
        """Price so many pictures."""
        return self.unit * units + self.per_further * max(len(inputs.get("image_urls", ())) - 1, 0)


@dataclass(frozen=True, slots=True)
class Megapixels(Model):
    """A picture of a megapixel, and as much for each half that goes in."""

    def price(self, inputs: Mapping[str, Any], units: int) -> Money:
        """Price so many pictures."""
        return self.unit * units + Money.usd("0.015") * len(inputs.get("image_urls", ()))


_FLUX_EDIT = {**_BY_SIZE, "image_urls": Field("array", required=True, uri=True)}
_UPSCALED = {
    "image_url": Field("string", required=True, uri=True),
    "upscale_factor": Field("number", default=2),
    "prompt": Field("string"),
}
_CUT_OUT = {
    "image_url": Field("string", required=True, uri=True),
    "model": Field("string", default="General Use (Light)"),
    "output_format": Field("string", default="png"),
}
_SPOKEN = {"text": Field("string", required=True), "voice": Field("string", default="Rachel")}
_NOISE = {
    "text": Field("string", required=True),
    "duration_seconds": Field("number", least=0.5, most=22),
    "loop": Field("boolean", default=False),
}


def _seedream(name: str, unit: str, further: str = "0") -> Model:
    fields = {name: _IDEOGRAM[name] for name in ("prompt", "image_urls", "image_size", "seed")}
    return Seedream("", name, name, Money.usd(unit), 2.0, fields, per_further=Money.usd(further))


def _drawn(name: str) -> Model:
    return Drawn("", name, name, Money.usd("0.053"), 2.0, _BY_SIZE)


def _clip(name: str, unit: str, **rates: str) -> Model:
    return Model(
        "",
        name,
        name,
        Money.usd(unit),
        60.0,
        _H3 if name.startswith("minimax/h3") else _CLIP,
        Makes.CLIP,
        rated_by="resolution",
        rates=_usd(**rates),
    )


_SEEDANCE = {"r480p": "0.1346", "r1080p": "0.682", "r4k": "1.5552"}
_NANO_EDIT = {"r0.5K": "0.06", "r2K": "0.12", "r4K": "0.16"}
_NANO = {"r512": "0.06", "r2K": "0.12", "r4K": "0.16"}
_GPT_2 = {"low": ("0.006", "0.005"), "medium": ("0.053", "0.042"), "high": ("0.211", "0.165")}
_GPT_2_5 = {
    "low": ("0.00588", "0.00474"),
    "medium": ("0.01317", "0.01029"),
    "high": ("0.05268", "0.04116"),
    "xhigh": ("0.09366", "0.07377"),
    "max": ("0.21072", "0.16464"),
}
_H3_RATES = {"r480P": "0.05", "r768P": "0.06", "r2K": "0.13", "r4K": "0.16"}

OFFERED = (
    _sized("fal-ai/flux/schnell", "0.003"),
    _sized("fal-ai/flux/dev", "0.025"),
    _sized("fal-ai/flux-pro/v1.1", "0.04"),
    _picture("fal-ai/flux-pro/v1.1-ultra", "0.06"),
    _picture("fal-ai/flux-pro/kontext/max/multi", "0.08"),
    _picture("fal-ai/nano-banana", "0.039"),
    _picture("fal-ai/nano-banana-2", "0.08", **_NANO),
    _picture("fal-ai/nano-banana-pro", "0.15", r4K="0.30"),
    _sized("fal-ai/ideogram/v3", "0.06", _IDEOGRAM),
    _picture("fal-ai/nano-banana-2/edit", "0.08", **_NANO_EDIT),
    _picture("fal-ai/nano-banana-pro/edit", "0.15", r4K="0.30"),
    _seedream("fal-ai/bytedance/seedream/v4.5/text-to-image", "0.04"),
    _seedream("fal-ai/bytedance/seedream/v4.5/edit", "0.04"),
    _seedream("bytedance/seedream/v5/pro/edit", "0.0675", "0.0045"),
    _drawn("openai/gpt-image-2"),
    _drawn("openai/gpt-image-2.5/flare/text-to-image"),
    _drawn("openai/gpt-image-2.5/flare/edit"),
    _drawn("openai/gpt-image-2.5/sunburst/text-to-image"),
    _drawn("openai/gpt-image-2.5/sunburst/edit"),
    _clip("bytedance/seedance-2.0/text-to-video", "0.3034", **_SEEDANCE),
    _clip("bytedance/seedance-2.0/image-to-video", "0.3034", **_SEEDANCE),
    _clip("bytedance/seedance-2.0/reference-to-video", "0.3034", **_SEEDANCE),
    _clip("bytedance/seedance-2.5/text-to-video", "0.473", r480p="0.2205"),
    _clip("bytedance/seedance-2.5/image-to-video", "0.473", r480p="0.2205"),
    _clip("minimax/h3/text-to-video", "0.06", **_H3_RATES),
    Model(
        "",
        "fal-ai/veo3.1/fast/first-last-frame-to-video",
        "fal-ai/veo3.1/fast/first-last-frame-to-video",
        Money.usd("0.10"),
        60.0,
        _VEO,
        Makes.CLIP,
        unit_with_audio=Money.usd("0.15"),
    ),
    *fal_clips.OFFERED,
    _sized("fal-ai/flux-2-pro", "0.03"),
    Megapixels("", "fal-ai/flux-2-pro/edit", "FLUX.2 pro", Money.usd("0.03"), 2.0, _FLUX_EDIT),
    Model("", "fal-ai/clarity-upscaler", "Clarity", Money.usd("0.12"), 2.0, _UPSCALED),
    Model("", "fal-ai/birefnet/v2", "BiRefNet", Money.usd("0.005"), 2.0, _CUT_OUT),
    Spoken(
        "",
        "fal-ai/elevenlabs/tts/eleven-v3",
        "ElevenLabs v3",
        Money.usd("0.10"),
        2.0,
        _SPOKEN,
        Makes.AUDIO,
    ),
    Model(
        "",
        "fal-ai/elevenlabs/sound-effects/v2",
        "Sound effects",
        Money.usd("0.002"),
        2.0,
        _NOISE,
        Makes.AUDIO,
        timed_by="duration_seconds",
    ),
)
