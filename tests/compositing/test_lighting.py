"""Where light comes from, read from rendered scenes whose sun is known."""

import pytest
from PIL import Image
from tests.compositing.making import table
from tests.compositing.rendering import (
    Camera,
    Thing,
    World,
    box,
    cylinder,
    flat,
    photograph,
    sphere,
    tiles,
    wood,
)

from callsheet.media.compositing.lighting import TRUSTED, sun_of
from callsheet.media.compositing.surroundings import surroundings_of

CASES = [
    (azimuth, ground) for azimuth in (60, 75, 105, 240, 285, 310) for ground in ("wood", "tiles")
]


@pytest.mark.parametrize(("azimuth", "ground"), CASES)
def test_shadows_tell_where_light_comes_from(azimuth: int, ground: str) -> None:
    """The direction is within twelve degrees of the truth."""
    world = World(
        [
            Thing(sphere(-1.1, 0.9, 0.35), flat(0.6, 0.1, 0.08)),
            Thing(cylinder(1.2, 0.8, 0.3, 0, 0.7), flat(0.1, 0.35, 0.2)),
            Thing(box(0.1, 1.6, (0.5, 0.8, 0.5), 20), flat(0.5, 0.45, 0.1)),
        ],
        wood() if ground == "wood" else tiles(),
        wall=flat(0.5, 0.52, 0.5),
        sun_azimuth=azimuth,
        sun_elevation=42,
        camera=Camera(1.9, 5.2, 18, 1.2),
    )
    photo = photograph(world, (384, 256), fine=1, noise=1.5)

    sun = sun_of(surroundings_of(photo.rgb))

    assert sun.trust >= TRUSTED
    assert abs((sun.degrees - photo.light + 180) % 360 - 180) <= 12


@pytest.mark.parametrize("scene", [table(), Image.new("RGB", (300, 200), "grey")])
def test_scene_without_shadows_is_not_trusted(scene: Image.Image) -> None:
    """Where nothing casts a shadow, no direction is made up."""
    assert sun_of(surroundings_of(scene)).trust < TRUSTED
