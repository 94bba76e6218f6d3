"""The models that the simulated Replicate offers, with the list prices of those that have one.

The price of the multi-image model is assumed to be that of kontext-pro.
"""

from callsheet.kernel.money import Money
from callsheet.sim.core.models import Field, Makes, Model

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

OFFERED = (
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
        owner="flux-kontext-apps",
        name="multi-image-kontext-pro",
        description="Combine two images with FLUX Kontext.",
        unit=Money.usd("0.04"),
        run_s=8.0,
        fields={
            "prompt": _PROMPT,
            "input_image_1": Field("string", required=True, uri=True),
            "input_image_2": Field("string", required=True, uri=True),
            **_KONTEXT,
            "safety_tolerance": Field("integer", default=2, least=0, most=2),
        },
    ),
    Model(
        owner="kwaivgi",
        name="kling-v2.6",
        description="Cinematic clips of five or ten seconds, with sound.",
        unit=Money.usd("0.07"),
        unit_with_audio=Money.usd("0.14"),
        run_s=90.0,
        makes=Makes.CLIP,
        fields={
            "prompt": _PROMPT,
            "start_image": _PICTURE,
            "duration": Field("integer", default=5, choices=(5, 10)),
            "aspect_ratio": Field("string", default="16:9", choices=("16:9", "9:16", "1:1")),
            "generate_audio": Field("boolean", default=True),
            "negative_prompt": Field("string", default=""),
        },
    ),
)
