"""The models that the simulated Replicate offers: those that make pictures, then all.

Prices are those of a list that quotes Replicate's. Two are not on it: the multi-image models are
assumed to cost twice what Kontext pro does and max alone, and Nano Banana Pro what others' code
says it does.
"""

from callsheet.kernel.money import Money
from callsheet.sim.core.models import Field, Model
from callsheet.sim.replicate_clips import CLIPS

_RATIOS = ("1:1", "16:9", "21:9", "3:2", "2:3", "4:5", "5:4", "3:4", "4:3", "9:16", "9:21")
_KONTEXT_RATIOS = ("match_input_image", *_RATIOS, "2:1", "1:2")

_PROMPT = Field("string", required=True)
_PICTURE = Field("string", uri=True)
_SEED = Field("integer")
_SWITCH_OFF = Field("boolean", default=False)
_RATIO = Field("string", default="1:1", choices=_RATIOS)
_FORMAT = Field("string", default="webp", choices=("webp", "jpg", "png"))
_QUALITY = Field("integer", default=80, least=0, most=100)
_KONTEXT = {
    "aspect_ratio": Field("string", default="match_input_image", choices=_KONTEXT_RATIOS),
    "output_format": Field("string", default="png", choices=("png", "jpg")),
    "seed": _SEED,
}
_OPEN_FLUX = {
    "aspect_ratio": _RATIO,
    "num_outputs": Field("integer", default=1, least=1, most=4),
    "megapixels": Field("string", default="1", choices=("1", "0.25")),
    "output_format": _FORMAT,
    "output_quality": _QUALITY,
    "seed": _SEED,
    "disable_safety_checker": _SWITCH_OFF,
    "go_fast": Field("boolean", default=True),
}
_NANO_RATIOS = (
    *("match_input_image", "1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9"),
    "21:9",
)
_RECRAFT_SIZES = (
    *("1024x1024", "1365x1024", "1024x1365", "1536x1024", "1024x1536", "1820x1024"),
    *("1024x1820", "1024x2048", "2048x1024", "1434x1024", "1024x1434", "1024x1280"),
    *("1280x1024", "1024x1707", "1707x1024"),
)


def _two_pictures(kind: str, unit: str) -> Model:
    return Model(
        owner="flux-kontext-apps",
        name=f"multi-image-kontext-{kind}",
        description="Combine two images with FLUX Kontext.",
        unit=Money.usd(unit),
        run_s=8.0,
        fields={
            "prompt": _PROMPT,
            "input_image_1": Field("string", required=True, uri=True),
            "input_image_2": Field("string", required=True, uri=True),
            **_KONTEXT,
            "safety_tolerance": Field("integer", default=2, least=0, most=2),
        },
    )


PICTURES = (
    Model(
        owner="black-forest-labs",
        name="flux-schnell",
        description="The fastest image generation model tailored for local development.",
        unit=Money.usd("0.003"),
        run_s=0.6,
        gives_list=True,
        fields={
            "prompt": _PROMPT,
            **_OPEN_FLUX,
            "num_inference_steps": Field("integer", default=4, least=1, most=4),
        },
    ),
    Model(
        owner="black-forest-labs",
        name="flux-dev",
        description="A 12 billion parameter rectified flow transformer.",
        unit=Money.usd("0.025"),
        run_s=2.5,
        gives_list=True,
        fields={
            "prompt": _PROMPT,
            "image": _PICTURE,
            "prompt_strength": Field("number", default=0.8, least=0, most=1),
            **_OPEN_FLUX,
            "num_inference_steps": Field("integer", default=28, least=1, most=50),
            "guidance": Field("number", default=3, least=0, most=10),
        },
    ),
    Model(
        owner="black-forest-labs",
        name="flux-1.1-pro",
        description="Faster, better FLUX Pro.",
        unit=Money.usd("0.04"),
        run_s=3.5,
        fields={
            "prompt": _PROMPT,
            "image_prompt": _PICTURE,
            "aspect_ratio": Field("string", default="1:1", choices=("custom", *_RATIOS)),
            "width": Field("integer", least=256, most=1440),
            "height": Field("integer", least=256, most=1440),
            "safety_tolerance": Field("integer", default=2, least=1, most=6),
            "prompt_upsampling": _SWITCH_OFF,
            "output_format": _FORMAT,
            "output_quality": _QUALITY,
            "seed": _SEED,
        },
    ),
    Model(
        owner="black-forest-labs",
        name="flux-kontext-pro",
        description="Text-based image editing.",
        unit=Money.usd("0.04"),
        run_s=6.0,
        fields={
            "prompt": _PROMPT,
            "input_image": _PICTURE,
            **_KONTEXT,
            "safety_tolerance": Field("integer", default=2, least=0, most=6),
            "prompt_upsampling": _SWITCH_OFF,
        },
    ),
    Model(
        owner="black-forest-labs",
        name="flux-kontext-max",
        description="Text-based image editing, with better typography.",
        unit=Money.usd("0.08"),
        run_s=9.0,
        fields={
            "prompt": _PROMPT,
            "input_image": _PICTURE,
            **_KONTEXT,
            "safety_tolerance": Field("integer", default=2, least=0, most=6),
            "prompt_upsampling": _SWITCH_OFF,
        },
    ),
    Model(
        owner="black-forest-labs",
        name="flux-1.1-pro-ultra",
        description="FLUX1.1 pro in ultra and raw modes, up to 4 megapixels.",
        unit=Money.usd("0.06"),
        run_s=9.0,
        fields={
            "prompt": _PROMPT,
            "image_prompt": _PICTURE,
            "aspect_ratio": _RATIO,
            "raw": _SWITCH_OFF,
            "safety_tolerance": Field("integer", default=2, least=1, most=6),
            "output_format": Field("string", default="jpg", choices=("jpg", "png")),
            "seed": _SEED,
        },
    ),
    Model(
        owner="google",
        name="nano-banana-pro",
        description="Google's state of the art image generation and editing model.",
        unit=Money.usd("0.15"),
        run_s=20.0,
        rated_by="resolution",
        rates={"4K": Money.usd("0.30")},
        fields={
            "prompt": _PROMPT,
            "image_input": Field("array", uri=True),
            "aspect_ratio": Field("string", default="match_input_image", choices=_NANO_RATIOS),
            "resolution": Field("string", default="2K", choices=("1K", "2K", "4K")),
            "output_format": Field("string", default="jpg", choices=("jpg", "png")),
            "safety_filter_level": Field("string", default="block_only_high"),
        },
    ),
    Model(
        owner="recraft-ai",
        name="recraft-v3",
        description="Pictures with long texts, in a wide range of styles.",
        unit=Money.usd("0.04"),
        run_s=8.0,
        fields={
            "prompt": _PROMPT,
            "size": Field("string", default="1024x1024", choices=_RECRAFT_SIZES),
            "style": Field("string", default="any"),
        },
    ),
    _two_pictures("pro", "0.08"),
    _two_pictures("max", "0.08"),
)

OFFERED = (*PICTURES, *CLIPS)
