"""The models that the simulated fal offers, at the prices of the litellm price map.

Veo 3.1 fast has no price there; it is taken to cost what Google asks on Vertex.
"""

from collections.abc import Mapping

from callsheet.kernel.money import Money
from callsheet.sim.core.models import Field, Makes, Model

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
_NANO = {"r512": "0.06", "r2K": "0.12", "r4K": "0.16"}
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
    _sized("openai/gpt-image-2", "0.053"),
    _sized("openai/gpt-image-2.5/flare/text-to-image", "0.03612"),
    _sized("openai/gpt-image-2.5/sunburst/edit", "0.03612"),
    _clip("bytedance/seedance-2.0/text-to-video", "0.3034", **_SEEDANCE),
    _clip("bytedance/seedance-2.0/image-to-video", "0.3034", **_SEEDANCE),
    _clip("bytedance/seedance-2.0/reference-to-video", "0.3034", **_SEEDANCE),
    _clip("bytedance/seedance-2.5/text-to-video", "0.473", r480p="0.2205"),
    _clip("bytedance/seedance-2.5/image-to-video", "0.473", r480p="0.2205"),
    _clip("minimax/h3/text-to-video", "0.06", **_H3_RATES),
    _clip("fal-ai/veo3.1/fast/first-last-frame-to-video", "0.10", r1080p="0.12"),
)
