"""A shot's drawing in two layers: what is far, and what stands before it, so that they can part."""

import zlib
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from callsheet.drawing import atmosphere
from callsheet.drawing.animatic.planes import Plane, Planes, planes_of
from callsheet.drawing.casting import draw_cast
from callsheet.drawing.materials import open_references
from callsheet.drawing.scene import place_and_air, plan_scene
from callsheet.drawing.stage import Stage
from callsheet.drawing.staging.directing import draw_story
from callsheet.drawing.story import Person, Story, understand
from callsheet.ports.film import FilmPlan, FilmShot
from callsheet.ports.pictures import FrameSpec

OVERSIZE: Final = 1.16  # of the frame: the room for a camera to move in
_SEEN: Final = 6  # of 255: a smaller difference is none


@dataclass(frozen=True, slots=True)
class Layers:
    """Two layers of one size; `mask` tells where the near one is, 0 to 255, at both sizes.

    `weather` is rain, snow or "", `shade` multiplies luma on the screen: the corners are darker.
    """

    far: Planes
    near: Planes
    mask: Plane
    half_mask: Plane
    weather: str
    shade: NDArray[np.float32]
    size: tuple[int, int]


def layers_of(plan: FilmPlan, shot: FilmShot, size: tuple[int, int]) -> Layers:
    """Draw a shot for frames of a size; every shot of a scene has the same world and light."""
    scene = plan.scene_of(shot.id)
    large = tuple(round(side * OVERSIZE / 2) * 2 for side in size)
    story = replace(understand(shot.prompt), light_from=scene.light_side)
    story = _dressed(plan, shot, story)
    seed = zlib.crc32(f"{plan.seed}:{scene.place or scene.id}".encode())
    spec = FrameSpec(shot.prompt, large[0], large[1], seed, scene=scene.id)
    stage = plan_scene(spec, story, open_references([]), (large[0], large[1]))
    far = place_and_air(stage, (large[0], large[1]))
    whole = far.copy()
    if stage.way == "portrait":
        draw_cast(stage, whole, open_references([]))
    else:
        draw_story(stage, whole, story, stage.way, shot.prompt)
    if "mono" in stage.reading.moods:
        far, whole = (each.convert("L").convert("RGB") for each in (far, whole))
    mask = _mask(far, whole)
    return Layers(
        planes_of(far),
        planes_of(whole),
        mask,
        np.ascontiguousarray(mask[::2, ::2]),
        next((name for name in ("rain", "snow") if name in stage.reading.weather), ""),
        _shade(stage, size),
        (large[0], large[1]),
    )


def _dressed(plan: FilmPlan, shot: FilmShot, story: Story) -> Story:
    """Give people the colours that the film's bible says: the same coat in every shot."""
    known = [each for each in plan.bible if each.name in shot.known and each.palette]
    known += [each for each in plan.bible if each.palette and each not in known]
    coats = iter(known)

    def dressed(person: Person) -> Person:
        entry = next(coats, None)
        if entry is None or person.colour is not None:
            return person
        text = entry.palette[0]
        red, green, blue = (int(text[at : at + 2], 16) for at in (1, 3, 5))
        return replace(person, colour=(red, green, blue))

    return replace(story, people=tuple(map(dressed, story.people)))


def _mask(far: Image.Image, whole: Image.Image) -> Plane:
    """Find where something stands before the far layer, with a soft edge of two pixels."""
    apart = np.abs(np.asarray(far, np.int16) - np.asarray(whole, np.int16)).max(axis=2)
    near = Image.fromarray(((apart > _SEEN) * 255).astype(np.uint8), "L")
    width, height = far.width // 2 * 2, far.height // 2 * 2
    return np.asarray(near.crop((0, 0, width, height)), np.uint8)


def _shade(stage: Stage, size: tuple[int, int]) -> NDArray[np.float32]:
    """Measure how much the vignette darkens each place of the screen."""
    white = Image.new("RGB", size, (255, 255, 255))
    atmosphere.vignette(stage, white)
    return (np.asarray(white.convert("L"), np.float32) / 255).astype(np.float32)
