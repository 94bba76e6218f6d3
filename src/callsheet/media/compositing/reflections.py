"""A product mirrored in a glossy ground."""

from typing import Final

import numpy as np
from PIL import Image

from callsheet.media.compositing.fields import soft
from callsheet.media.compositing.light import Bytes

_REACH: Final = 0.55  # of the product's height
_SEEN: Final = 128
_BLUR: Final = 0.03  # of the product's height, at the reflection's end


def reflection_of(rgb: Bytes, alpha: Bytes, gloss: float, depth: int) -> tuple[Bytes, Bytes]:
    """Mirror a product below its base: colours and alpha, the first row at `depth` above the base.

    Each column is mirrored where it meets the ground, for a round foot meets it further back at
    its sides; `depth` is how far. It fades and softens with distance.
    """
    height = alpha.shape[0]
    rows = max(2, round(height * _REACH)) + depth
    solid = alpha >= _SEEN
    lowest = height - np.argmax(solid[::-1], axis=0)
    lowest = np.where(solid.any(0), lowest, 0)
    base = int(lowest.max())
    meets = np.where(lowest >= base - depth - 1, lowest, base)
    y = np.arange(base - depth, base - depth + rows)[:, None]
    source = 2 * meets[None] - 1 - y
    inside = (source >= 0) & (y >= meets[None])
    source = np.clip(source, 0, height - 1)
    colours = np.take_along_axis(rgb, source[..., None], 0)
    far = np.clip((y - meets[None]) / (height * _REACH), 0, 1)
    fade = gloss * (1 - far) ** 2
    seen = np.where(inside, np.take_along_axis(alpha, source, 0) * fade, 0)
    return _softened(colours, np.rint(seen).astype(np.uint8), height)


def _softened(colours: Bytes, alpha: Bytes, height: int) -> tuple[Bytes, Bytes]:
    """Blur more with distance: between three pictures of it."""
    whole = Image.fromarray(np.dstack([colours, alpha]), "RGBA").convert("RGBa")
    far = np.asarray(soft(whole, _BLUR * height).convert("RGBA"))
    near = np.asarray(soft(whole, max(0.6, 0.12 * _BLUR * height)).convert("RGBA"))
    share = np.linspace(0, 1, alpha.shape[0], dtype=np.float32)[:, None, None] ** 0.8
    mixed = near + (far.astype(np.float32) - near) * share
    found = np.rint(mixed).astype(np.uint8)
    return found[..., :3], found[..., 3]
