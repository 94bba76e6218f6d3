"""The clips that the simulated Replicate offers.

Kling 2.6 costs what its page says. Others' code that orders from Replicate names the prices of
Seedance, Kling 3.0 and Veo 3.1 fast. Veo 3.1 is assumed to cost what Vertex asks, and half of it
without sound; Kling 2.1 what 1.6 does, Kling 2.5 what 2.6 does without sound, and Seedance 2.0 in
4k as much more than in 1080p as it does on fal.
"""

from collections.abc import Mapping
from typing import Any

from callsheet.kernel.money import Money
from callsheet.sim.core.models import Field, Makes, Model

_PROMPT = Field("string", required=True)
_PICTURE = Field("string", uri=True)
_PICTURES = Field("array", uri=True)
_SEED = Field("integer")
_RATIO = Field("string", default="16:9", choices=("16:9", "9:16", "1:1"))
_WORDS = Field("string", default="")
_SOUND = Field("boolean", default=True)
_SEEDANCE_RATIOS = ("16:9", "4:3", "1:1", "3:4", "9:16", "21:9", "9:21")
_LIST = ("480p", "720p", "1080p")


def _clip(
    model: str, description: str, unit: str, fields: Mapping[str, Field], **more: Any
) -> Model:
    owner, _, name = model.partition("/")
    asked = {"prompt": _PROMPT, **fields}
    return Model(owner, name, description, Money.usd(unit), 90.0, asked, Makes.CLIP, **more)


def _veo(name: str, description: str, unit: str, with_audio: str, **more: Field) -> Model:
    fields = {
        "image": _PICTURE,
        "last_frame": _PICTURE,
        **more,
        "duration": Field("integer", default=8, choices=(4, 6, 8)),
        "resolution": Field("string", default="1080p", choices=("720p", "1080p")),
        "aspect_ratio": Field("string", default="16:9", choices=("16:9", "9:16")),
        "negative_prompt": _WORDS,
        "generate_audio": _SOUND,
        "seed": _SEED,
    }
    sound = Money.usd(with_audio)
    return _clip(f"google/{name}", description, unit, fields, unit_with_audio=sound)


def _seedance(name: str, description: str, rates: tuple[str, str, str], **more: Field) -> Model:
    fields = {
        "image": _PICTURE,
        **more,
        "duration": Field("integer", default=5, least=2, most=12),
        "resolution": Field("string", default="1080p", choices=_LIST),
        "aspect_ratio": Field("string", default="16:9", choices=_SEEDANCE_RATIOS),
        "fps": Field("integer", default=24, choices=(24,)),
        "camera_fixed": Field("boolean", default=False),
        "seed": _SEED,
    }
    table = dict(zip(_LIST, map(Money.usd, rates), strict=True))
    return _clip(
        f"bytedance/{name}", description, rates[1], fields, rated_by="resolution", rates=table
    )


def _kling(
    name: str,
    description: str,
    unit: str,
    duration: Field,
    *,
    more: Mapping[str, Field],
    **rest: Any,
) -> Model:
    fields = {"duration": duration, **more, "negative_prompt": _WORDS}
    return _clip(f"kwaivgi/{name}", description, unit, fields, **rest)


_FIVE_OR_TEN = Field("integer", default=5, choices=(5, 10))
_STARTED = {"start_image": _PICTURE, "aspect_ratio": _RATIO}

CLIPS = (
    _veo(
        "veo-3.1",
        "Higher-fidelity clips with sound, reference images and last frames.",
        "0.20",
        "0.40",
        reference_images=_PICTURES,
    ),
    _veo("veo-3.1-fast", "Veo 3.1, faster and cheaper.", "0.10", "0.15"),
    _seedance(
        "seedance-1-pro",
        "Clips in 480p to 1080p.",
        ("0.03", "0.06", "0.15"),
        last_frame_image=_PICTURE,
    ),
    _seedance("seedance-1-pro-fast", "Seedance 1 Pro, faster.", ("0.015", "0.025", "0.06")),
    _seedance(
        "seedance-1-lite",
        "Cheaper clips, with reference images.",
        ("0.018", "0.036", "0.072"),
        last_frame_image=_PICTURE,
        reference_images=_PICTURES,
    ),
    _clip(
        "bytedance/seedance-2.0",
        "Clips with sound from words, pictures, clips and recordings.",
        "0.18",
        {
            "image": _PICTURE,
            "last_frame_image": _PICTURE,
            "reference_images": _PICTURES,
            "reference_videos": Field("array"),
            "reference_audios": Field("array"),
            "duration": Field("integer", default=5, least=-1, most=15),
            "resolution": Field("string", default="720p", choices=(*_LIST, "4k")),
            "aspect_ratio": Field(
                "string", default="16:9", choices=(*_SEEDANCE_RATIOS, "adaptive")
            ),
            "generate_audio": _SOUND,
            "seed": _SEED,
        },
        rated_by="resolution",
        rates={
            "480p": Money.usd("0.08"),
            "1080p": Money.usd("0.45"),
            "4k": Money.usd("1.03"),
        },
    ),
    _kling(
        "kling-v2.1",
        "A first frame set in motion.",
        "0.05",
        _FIVE_OR_TEN,
        more={
            "start_image": Field("string", required=True, uri=True),
            "end_image": _PICTURE,
            "mode": Field("string", default="standard", choices=("standard", "pro")),
        },
        rated_by="mode",
        rates={"pro": Money.usd("0.09")},
    ),
    _kling(
        "kling-v2.5-turbo-pro",
        "Clips with smooth motion, without sound.",
        "0.07",
        _FIVE_OR_TEN,
        more={**_STARTED, "end_image": _PICTURE, "image": _PICTURE},
    ),
    _kling(
        "kling-v2.6",
        "Cinematic clips of five or ten seconds, with sound.",
        "0.07",
        _FIVE_OR_TEN,
        more={**_STARTED, "generate_audio": _SOUND},
        unit_with_audio=Money.usd("0.14"),
    ),
    _kling(
        "kling-v3-video",
        "Clips of up to fifteen seconds, in several shots.",
        "0.168",
        Field("integer", default=5, least=3, most=15),
        more={
            **_STARTED,
            "end_image": _PICTURE,
            "mode": Field("string", default="pro", choices=("standard", "pro", "4k")),
            "generate_audio": Field("boolean", default=False),
            "multi_prompt": _WORDS,
        },
        rated_by="mode",
        rates={"pro": Money.usd("0.224"), "4k": Money.usd("0.42")},
        unit_with_audio=Money.usd("0.252"),
        rates_with_audio={"pro": Money.usd("0.336"), "4k": Money.usd("0.42")},
    ),
)
