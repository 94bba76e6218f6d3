"""The models that the simulated KIE offers; a credit is half a cent.

Prices are KIE's own where they were recorded, from August to October 2026; the others are assumed:
0.06 dollars for a second, 0.30 for a clip of Veo, 0.02 for a picture.
"""

from collections.abc import Mapping

from callsheet.kernel.money import Money
from callsheet.sim.core.models import Field, Makes, Model

_PICTURE = {
    "prompt": Field("string", required=True),
    "image_input": Field("array", uri=True),
    "image_urls": Field("array", uri=True),
    "aspect_ratio": Field("string", default="1:1"),
    "resolution": Field("string", default="1K"),
    "output_format": Field("string", default="png"),
}
_CLIP = {
    "prompt": Field("string", required=True),
    "image_url": Field("string", uri=True),
    "first_frame_url": Field("string", uri=True),
    "image_urls": Field("array", uri=True),
    "imageUrls": Field("array", uri=True),
    "aspect_ratio": Field("string", default="16:9"),
    "duration": Field("string", default="5"),
    "resolution": Field("string", default="720p"),
    "mode": Field("string"),
    "sound": Field("boolean"),
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
_H3_RATES = {"768p": Money.usd("0.04"), "2k": Money.usd("0.065")}


def _picture(name: str, unit: str, rates: Mapping[str, str] | None = None) -> Model:
    table = {option: Money.usd(price) for option, price in (rates or {}).items()}
    return Model("", name, name, Money.usd(unit), 4.0, _PICTURE, rated_by="resolution", rates=table)


def _clip(name: str, unit: str = "0.06", *, by_clip: bool = False) -> Model:
    return Model("", name, name, Money.usd(unit), 60.0, _CLIP, Makes.CLIP, by_clip=by_clip)


OFFERED = (
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
    *(
        _clip(name)
        for name in (
            "bytedance/seedance-2-5",
            "bytedance/v1-pro-text-to-video",
            "bytedance/v1-pro-image-to-video",
            "bytedance/v1-lite-text-to-video",
            "bytedance/v1-lite-image-to-video",
            "kling-3.0/video",
            "kling/v2-5-turbo-text-to-video-pro",
            "kling/v2-5-turbo-image-to-video-pro",
            "kling/v2-1-pro",
            "hailuo/02-text-to-video-pro",
            "hailuo/02-image-to-video-pro",
            "gemini-omni-video",
            "wan/2-5-text-to-video",
            "wan/2-5-image-to-video",
        )
    ),
    Model(
        "",
        "minimax-h3/image-to-video",
        "minimax-h3/image-to-video",
        Money.usd("0.04"),
        60.0,
        _H3,
        Makes.CLIP,
        rated_by="resolution",
        rates=_H3_RATES,
    ),
    _clip("veo3", "0.30", by_clip=True),
    _clip("veo3_fast", "0.30", by_clip=True),
)
