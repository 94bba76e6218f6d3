"""The job of a compositing process: a message in, a message out; and all it needs, loaded."""

import io
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from callsheet.media import examine
from callsheet.media.compositing.compositor import composite
from callsheet.media.examine import PictureLimits
from callsheet.media.wire import Message
from callsheet.ports.compositing import Box, CompositeSpec, Holes, PhotographedShadow, Wish


def warm_up(limits: PictureLimits) -> None:
    """Use every decoder, and compose once, so that nothing is left to load under lock."""
    examine.warm_up(limits)
    _convert_once()
    ground = np.full((64, 64, 3), 230, np.uint8)
    ground[20:50, 24:40] = (40, 60, 160)
    out = io.BytesIO()
    Image.fromarray(ground).save(out, "PNG")
    for media_type in ("image/png", "image/jpeg", "image/webp"):
        spec = CompositeSpec((Wish(),), media_type, reflection=0.2, layers=True)
        composite(out.getvalue(), [out.getvalue()], spec, limits)


def answered(job: Message, limits: PictureLimits) -> Message:
    """Do one job. Raises UnreadablePictureError and InvalidInputError."""
    scene, *products = job.blobs
    made = composite(scene, products, spec_of(job.fields["spec"]), limits)
    told = {
        "size": made.size,
        "media_type": made.media_type,
        "confidence": made.confidence,
        "findings": [asdict(each) for each in made.findings],
        "notes": made.notes,
        "recipe": made.recipe,
        "layers": list(made.layers),
        "way": made.way,
    }
    return Message(told, [made.picture, *made.layers.values()])


def spec_of(told: Mapping[str, Any]) -> CompositeSpec:
    """Read a spec as it came over the wire."""
    wishes = tuple(
        Wish(
            Box(**wish["place"]) if isinstance(wish["place"], dict) else wish["place"],
            wish["height_cm"],
            Holes(wish["holes"]),
            PhotographedShadow(wish["photographed_shadow"]),
        )
        for wish in told["wishes"]
    )
    colours = tuple(told["brand_colours"])
    return CompositeSpec(**{**told, "wishes": wishes, "brand_colours": colours})


def _convert_once() -> None:
    """Load what converts colours."""
    srgb = ImageCms.createProfile("sRGB")
    ImageCms.profileToProfile(Image.new("RGB", (4, 4)), srgb, srgb)
