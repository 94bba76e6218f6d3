"""A product's pixels made to look taken by the scene's camera: its edges, sharpness and grain."""

from typing import Final

import numpy as np
from numpy.random import default_rng  # here, for numpy loads it late
from PIL import Image

from callsheet.media.compositing.fields import blurred, soft
from callsheet.media.compositing.light import Bytes, Plane, spelled
from callsheet.media.compositing.surroundings import Surroundings, edge_of, noise_of
from callsheet.media.compositing.surroundings import samples as samples_of

_GRAIN_TILE: Final = 256
_MOST_GRAIN: Final = 7.0  # spread in bytes
_WRAP: Final = 0.3  # of the light behind an edge
_SHARPEST: Final = 1.3  # pixels: an edge as cameras and Lanczos leave it


def softened_edge(alpha: Bytes, scene: Surroundings) -> Bytes:
    """Widen a matte's edge to the scene's own; it is only ever blurred."""
    excess = scene.edge**2 - _SHARPEST**2
    radius = float(np.clip(0.35 * np.sqrt(max(0.0, excess)), 0, 1.6))
    if radius < 0.3:  # noqa: PLR2004  # nobody sees it
        return alpha
    return np.asarray(soft(Image.fromarray(alpha), radius))


def in_focus(rgb: Bytes, scene: Surroundings) -> Bytes:
    """Take sharpness from a product that is sharper than its scene."""
    if scene.edge**2 - _SHARPEST**2 < 1:  # the scene is sharp itself
        return rgb
    own = edge_of(samples_of(Image.fromarray(rgb)))
    excess = scene.edge**2 - max(own, _SHARPEST) ** 2
    radius = float(np.clip(0.3 * np.sqrt(max(0.0, excess)), 0, 1.2))
    if radius < 0.3:  # noqa: PLR2004
        return rgb
    return np.asarray(soft(Image.fromarray(rgb), radius))


def with_grain(rgb: Bytes, scene: Surroundings, seed: int) -> Bytes:
    """Add the noise that the scene has beyond the product's own."""
    own = noise_of(samples_of(Image.fromarray(rgb)))
    lacking = [
        float(np.sqrt(max(0.0, theirs**2 - ours**2)))
        for theirs, ours in zip(scene.noise, own, strict=True)
    ]
    if max(lacking) < 0.5:  # noqa: PLR2004  # of a byte: rounding hides it
        return rgb
    dice = default_rng(seed)
    noise = dice.standard_normal((_GRAIN_TILE, _GRAIN_TILE, 3), np.float32)
    noise = (noise + noise.mean(-1, keepdims=True)) / np.float32(np.sqrt(1 + 1))
    noise *= np.minimum(np.array(lacking, np.float32), _MOST_GRAIN)
    height, width = rgb.shape[:2]
    repeats = (-(-height // _GRAIN_TILE), -(-width // _GRAIN_TILE), 1)
    step = np.rint(np.tile(noise, repeats)[:height, :width]).astype(np.int16)
    return np.asarray(np.clip(rgb.astype(np.int16) + step, 0, 255), np.uint8)


def wrapped(rgb: Bytes, alpha: Bytes, scene: Surroundings, corner: tuple[int, int]) -> Bytes:
    """Let the light behind a product's edge spill over its last pixels."""
    radius = float(np.clip(0.004 * max(alpha.shape), 1.0, 4.0))
    around = np.asarray(soft(Image.fromarray(alpha), radius))
    edge = (alpha > 0) & (around < 250)  # noqa: PLR2004
    rows, columns = np.nonzero(edge)
    if not len(rows):
        return rgb
    behind = _spelled(blurred(scene.small, 3))
    y = np.clip(((rows + corner[1]) / scene.scale).astype(np.int32), 0, behind.shape[0] - 1)
    x = np.clip(((columns + corner[0]) / scene.scale).astype(np.int32), 0, behind.shape[1] - 1)
    share = ((255 - around[edge]).astype(np.float32) / 255 * _WRAP)[:, None]
    own = rgb[edge].astype(np.float32)
    # light is added where it is brighter behind, and never taken
    lit = own + np.maximum(behind[y, x] - own, 0) * share
    out = rgb.copy()
    out[edge] = np.rint(lit).astype(np.uint8)
    return out


def _spelled(light: Plane) -> Plane:
    return (np.asarray(spelled(light)) * 255).astype(np.float32)
