"""Photographs whose truth is known: rendered by marching rays to distance fields.

A camera over a ground, things on it, a sun with a size and a sky. What comes back tells the matte
and where the sun stands as the picture shows it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Array = NDArray[np.float32]
Distance = Callable[[Array], Array]  # of places, n x 3
Paint = Callable[[Array], Array]  # colours of places, linear, n x 3


@dataclass(frozen=True)
class Thing:
    """A thing: how far places are from it, its colour, and how much it shines."""

    distance: Distance
    paint: Paint
    shine: float = 0.15
    bound: tuple[Array, float] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "bound", _bound(self.distance))


@dataclass(frozen=True)
class Camera:
    """Where the camera is, how far it looks down (degrees), and its focal length by its width."""

    height: float = 1.6
    back: float = 5.0
    down: float = 14.0
    focal: float = 1.3


@dataclass(frozen=True)
class World:
    """What is photographed. The sun's azimuth is 0 from behind the scene, 90 from the right."""

    things: Sequence[Thing]
    ground: Paint
    sun_azimuth: float = 300.0
    sun_elevation: float = 40.0
    sun_size: float = 3.0  # degrees across
    sun_rays: int = 1
    sun: tuple[float, float, float] = (0.9, 0.85, 0.75)
    sky: tuple[float, float, float] = (0.16, 0.18, 0.22)
    wall: Paint | None = None  # stands three behind
    camera: Camera = field(default_factory=Camera)


@dataclass(frozen=True)
class Photograph:
    """A rendered photograph, its matte (0 to 1), and where its light comes from.

    `light` is in degrees clockwise from above in the picture, at the middle of the ground.
    """

    rgb: Image.Image
    matte: Array
    light: float


def _bound(distance: Distance) -> tuple[Array, float]:
    """Put a ball around a thing: its middle and radius."""
    step = 0.12
    grid = np.mgrid[-3:3:step, -0.1:2.5:step, -3:3:step].reshape(3, -1).T.astype(np.float32)
    near = grid[distance(grid) < step]
    middle = (near.min(0) + near.max(0)) / 2
    return middle, float(np.linalg.norm(near - middle, axis=1).max() + step)


def flat(red: float, green: float, blue: float) -> Paint:
    """One colour everywhere."""
    colour = np.array([red, green, blue], np.float32)
    return lambda place: np.broadcast_to(colour, place.shape)


def wood(red: float = 0.42, green: float = 0.25, blue: float = 0.13, seed: int = 1) -> Paint:
    """Planks with a grain."""
    dice = np.random.default_rng(seed)
    tones = dice.uniform(0.75, 1.1, 64).astype(np.float32)
    colour = np.array([red, green, blue], np.float32)

    def paint(place: Array) -> Array:
        plank = np.floor(place[:, 2] / 0.55).astype(int) % 64
        x, z = place[:, 0] + plank * 1.7, place[:, 2]
        wave = np.sin(z * 60 + 2.5 * np.sin(x * 1.3) + np.sin(x * 7.1 + z * 9)) * 0.06
        wave += np.sin(z * 190 + 5 * np.sin(x * 2.1)) * 0.03
        gap = 1 - 0.5 * (np.abs(z / 0.55 - np.round(z / 0.55)) < 0.012)
        return np.asarray(colour * ((tones[plank] + wave) * gap)[:, None], np.float32)

    return paint


def tiles(one: float = 0.55, other: float = 0.5, side: float = 0.8) -> Paint:
    """Stone tiles with joints."""

    def paint(place: Array) -> Array:
        x, z = place[:, 0] / side, place[:, 2] / side
        which = (np.floor(x) + np.floor(z)).astype(int) % 2
        joint = (np.abs(x - np.round(x)) < 0.012) | (np.abs(z - np.round(z)) < 0.012)
        tone = np.where(which == 0, one, other) * np.where(joint, 0.6, 1)
        tone = tone * (1 + 0.03 * np.sin(place[:, 0] * 31 + np.sin(place[:, 2] * 23) * 3))
        return np.asarray(
            (tone[:, None] * np.array([1, 0.98, 0.94])).astype(np.float32), np.float32
        )

    return paint


def lettered(
    text: str,
    ground: tuple[float, float, float],
    ink: tuple[float, float, float],
    centre: float,
    half: float,
    axis: tuple[float, float] = (0.0, 0.0),
    wide: float = 1.1,
) -> Paint:
    """Paint a label with letters around an upright axis, `half` high above and below `centre`."""
    sheet = Image.new("L", (512, 256))
    pen = ImageDraw.Draw(sheet)
    pen.text((256, 128), text, fill=255, font=ImageFont.load_default(110), anchor="mm")
    pen.rectangle((6, 20, 505, 28), fill=255)
    pen.rectangle((6, 228, 505, 236), fill=255)
    letters = np.asarray(sheet).astype(np.float32) / 255
    light, dark = np.array(ground, np.float32), np.array(ink, np.float32)

    def paint(place: Array) -> Array:
        angle = np.arctan2(place[:, 0] - axis[0], -(place[:, 2] - axis[1]))
        u = np.clip((angle / wide * 0.5 + 0.5) * 511, 0, 511).astype(int)
        v = np.clip((0.5 - (place[:, 1] - centre) / half / 2) * 255, 0, 255).astype(int)
        inside = (np.abs(place[:, 1] - centre) < half) & (np.abs(angle) < wide)
        share = np.where(inside, letters[v, u], 0)[:, None]
        label = np.where(inside, 0.35, 0)[:, None]
        base = light * (1 - label) + label * 0.85
        return np.asarray((base * (1 - share) + dark * share).astype(np.float32), np.float32)

    return paint


def sphere(x: float, z: float, radius: float) -> Distance:
    centre = np.array([x, radius, z], np.float32)
    return lambda place: np.linalg.norm(place - centre, axis=1) - radius


def box(x: float, z: float, sides: tuple[float, float, float], turn: float = 0.0) -> Distance:
    half = np.array(sides, np.float32) / 2
    cos, sin = np.cos(np.radians(turn)), np.sin(np.radians(turn))

    def distance(place: Array) -> Array:
        dx, dz = place[:, 0] - x, place[:, 2] - z
        own = np.stack([dx * cos + dz * sin, place[:, 1] - half[1], dz * cos - dx * sin], 1)
        off = np.abs(own) - half + 0.02
        outside = np.linalg.norm(np.maximum(off, 0), axis=1)
        return np.asarray(outside + np.minimum(off.max(1), 0) - 0.02, np.float32)

    return distance


def cylinder(
    x: float, z: float, radius: float, low: float, high: float, edge: float = 0.02
) -> Distance:
    middle, half = (low + high) / 2, (high - low) / 2

    def distance(place: Array) -> Array:
        side = np.hypot(place[:, 0] - x, place[:, 2] - z) - radius + edge
        top = np.abs(place[:, 1] - middle) - half + edge
        outside = np.hypot(np.maximum(side, 0), np.maximum(top, 0))
        return np.asarray(outside + np.minimum(np.maximum(side, top), 0) - edge, np.float32)

    return distance


def bottle(x: float, z: float, size: float = 1.0) -> Distance:
    body = cylinder(x, z, 0.3 * size, 0, 1.0 * size, 0.05 * size)
    neck = cylinder(x, z, 0.1 * size, 0.9 * size, 1.45 * size)
    cap = cylinder(x, z, 0.125 * size, 1.38 * size, 1.55 * size)
    return lambda place: np.minimum(melted(body(place), neck(place), 0.22 * size), cap(place))


def ring(x: float, z: float, radius: float, thick: float) -> Distance:
    """Stand a ring upright: a hole to look through."""

    def distance(place: Array) -> Array:
        along = np.hypot(place[:, 0] - x, place[:, 1] - radius - thick) - radius
        return np.asarray(np.hypot(along, place[:, 2] - z) - thick, np.float32)

    return distance


def shoe(x: float, z: float, size: float = 1.0) -> Distance:
    def blob(
        place: Array, at: tuple[float, float, float], sides: tuple[float, float, float]
    ) -> Array:
        own = place - np.array([x + at[0] * size, at[1] * size, z + at[2] * size], np.float32)
        own = own / (np.array(sides, np.float32) * size)
        return np.asarray((np.linalg.norm(own, axis=1) - 1) * min(sides) * size, np.float32)

    sole = box(x, z, (1.9 * size, 0.16 * size, 0.62 * size))

    def distance(place: Array) -> Array:
        upper = melted(
            blob(place, (0.5, 0.22, 0), (0.48, 0.24, 0.3)),
            blob(place, (-0.45, 0.42, 0), (0.42, 0.4, 0.28)),
            0.25 * size,
        )
        return np.minimum(
            melted(upper, blob(place, (-0.2, 0.25, 0), (0.8, 0.22, 0.29)), 0.1 * size), sole(place)
        )

    return distance


def melted(one: Array, other: Array, width: float) -> Array:
    share = np.clip(0.5 + 0.5 * (other - one) / width, 0, 1)
    return np.asarray(other * (1 - share) + one * share - width * share * (1 - share), np.float32)


def photograph(
    world: World,
    size: tuple[int, int],
    *,
    fine: int = 2,
    noise: float = 1.2,
    seed: int = 1,
    exposure: float = 1.0,
) -> Photograph:
    """Take a picture: `fine` x `fine` rays a pixel, noise in bytes."""
    width, height = size
    dice = np.random.default_rng(seed)
    rays = _rays(world.camera, width * fine, height * fine)
    eye = np.array([0, world.camera.height, -world.camera.back], np.float32)
    colours, hit = _lit(world, eye, rays, dice)
    light = colours.reshape(height, fine, width, fine, 3).mean((1, 3)) * exposure
    matte = hit.reshape(height, fine, width, fine).mean((1, 3)).astype(np.float32)
    value = np.where(
        light <= 0.0031308, light * 12.92, 1.055 * np.clip(light, 1e-6, 1) ** (1 / 2.4) - 0.055
    )
    noisy = value * 255 + dice.standard_normal(value.shape) * noise
    rgb = Image.fromarray(np.clip(np.rint(noisy), 0, 255).astype(np.uint8))
    return Photograph(rgb, matte, _seen_light(world))


def sun_of(world: World) -> Array:
    """Tell the way to the sun."""
    azimuth, height = np.radians(world.sun_azimuth), np.radians(world.sun_elevation)
    flat_part = np.cos(height)
    return np.array(
        [np.sin(azimuth) * flat_part, np.sin(height), np.cos(azimuth) * flat_part], np.float32
    )


def _rays(camera: Camera, width: int, height: int) -> Array:
    x = (np.arange(width) + 0.5) / width - 0.5
    y = ((np.arange(height) + 0.5) / height - 0.5) * height / width
    across, down = np.meshgrid(x, y)
    cos, sin = np.cos(np.radians(camera.down)), np.sin(np.radians(camera.down))
    forward, up = camera.focal, -down
    rays = np.stack([across, up * cos - forward * sin, forward * cos + up * sin], -1).reshape(-1, 3)
    return np.asarray(
        (rays / np.linalg.norm(rays, axis=1, keepdims=True)).astype(np.float32), np.float32
    )


def _seen_light(world: World) -> float:
    """Where shadows fall from, as the picture shows it on the ground before the camera."""
    camera = world.camera
    cos, sin = np.cos(np.radians(camera.down)), np.sin(np.radians(camera.down))

    def seen(place: Array) -> Array:
        x, y, z = place - np.array([0, camera.height, -camera.back], np.float32)
        far, up = z * cos - y * sin, y * cos + z * sin
        return np.array([x / far, -up / far], np.float32) * camera.focal

    sun = sun_of(world)
    start = np.zeros(3, np.float32)
    fall = -np.array([sun[0], 0, sun[2]], np.float32) / sun[1] * 0.3
    way = seen(start + fall) - seen(start)
    return float(np.degrees(np.arctan2(-way[0], way[1])) % 360)


def _lit(
    world: World, eye: Array, rays: Array, dice: np.random.Generator
) -> tuple[Array, NDArray[np.bool_]]:
    reach, which = _marched(world.things, np.broadcast_to(eye, rays.shape), rays, 14.0)
    on_thing = which >= 0
    with np.errstate(divide="ignore"):
        ground = np.where(rays[:, 1] < -1e-4, -eye[1] / np.minimum(rays[:, 1], -1e-4), 1e9)
        wall = np.where((rays[:, 2] > 1e-4), (3 - eye[2]) / np.maximum(rays[:, 2], 1e-4), 1e9)
    if world.wall is None:
        wall = np.full_like(ground, 1e9)
    on_wall = ~on_thing & (wall < ground)
    on_ground = ~on_thing & ~on_wall & (ground < 60)
    far = np.where(on_thing, reach, np.where(on_wall, wall, np.minimum(ground, 60)))
    place = (eye + rays * far[:, None]).astype(np.float32)
    normal = np.zeros_like(place)
    normal[on_ground, 1], normal[on_wall, 2] = 1, -1
    colour = np.zeros_like(place)
    colour[on_ground] = world.ground(place[on_ground])
    if world.wall is not None:
        colour[on_wall] = world.wall(place[on_wall])
    shine = np.zeros(len(place), np.float32)
    for number, thing in enumerate(world.things):
        mine = which == number
        if mine.any():
            normal[mine] = _normal(thing.distance, place[mine])
            colour[mine] = thing.paint(place[mine])
            shine[mine] = thing.shine
    seen = on_thing | on_ground | on_wall
    light = np.zeros_like(place)
    light[seen] = _shaded(
        world, place[seen], normal[seen], colour[seen], shine[seen], rays[seen], dice
    )
    light[~seen] = np.array(world.sky, np.float32) * 2.5
    return light, on_thing


def _shaded(
    world: World,
    place: Array,
    normal: Array,
    colour: Array,
    shine: Array,
    rays: Array,
    dice: np.random.Generator,
) -> Array:
    sun = sun_of(world)
    size = np.tan(np.radians(world.sun_size / 2))
    facing = np.clip((normal * sun).sum(1), 0, 1)
    start = place + normal * 0.006
    lit = np.ones(len(place), np.float32)
    some = facing > 0
    lit[some] = 0
    for _ in range(world.sun_rays):
        way = sun + dice.standard_normal((int(some.sum()), 3)).astype(np.float32) * (size * 0.6)
        way = (way / np.linalg.norm(way, axis=1, keepdims=True)).astype(np.float32)
        lit[some] += (_marched(world.things, start[some], way, 6.0)[1] < 0) / world.sun_rays
    open_sky = np.ones(len(place), np.float32)
    for step in (0.05, 0.15, 0.4):
        near = (
            np.min([thing.distance(place + normal * step) for thing in world.things], 0)
            if world.things
            else step
        )
        open_sky *= 1 - 0.35 * np.clip(1 - near / step, 0, 1)
    sky = np.array(world.sky, np.float32) * ((0.55 + 0.45 * normal[:, 1]) * open_sky)[:, None]
    direct = np.array(world.sun, np.float32) * (facing * lit)[:, None]
    half = sun - rays
    half = half / np.linalg.norm(half, axis=1, keepdims=True)
    gleam = (np.clip((normal * half).sum(1), 0, 1) ** 60 * lit * shine * 2)[:, None]
    return np.asarray(
        (colour * (direct + sky) + gleam * np.array(world.sun, np.float32)).astype(np.float32),
        np.float32,
    )


def _marched(
    things: Sequence[Thing], start: Array, rays: Array, far: float
) -> tuple[Array, NDArray[np.int_]]:
    """March until a thing is met: how far, and which (-1: none)."""
    reach = np.full(len(rays), 0.01, np.float32)
    which = np.full(len(rays), -1)
    hopeful = np.zeros(len(rays), np.bool_)
    for middle, radius in (thing.bound for thing in things):
        way = middle - start
        along = np.maximum((way * rays).sum(1), 0)
        hopeful |= ((way - rays * along[:, None]) ** 2).sum(1) < radius**2
    going = np.nonzero(hopeful)[0]
    for _ in range(90):
        if not len(going):
            break
        place = start[going] + rays[going] * reach[going, None]
        away = np.stack([thing.distance(place) for thing in things])
        near = away.argmin(0)
        step = away[near, np.arange(len(going))]
        met = step < 0.0015
        which[going[met]] = near[met]
        reach[going] += np.maximum(step * 0.95, 0.0005)
        going = going[~met & (reach[going] < far)]
    return reach, which


def _normal(distance: Distance, place: Array) -> Array:
    steps = np.eye(3, dtype=np.float32) * 0.002
    slope = np.stack([distance(place + step) - distance(place - step) for step in steps], 1)
    return np.asarray(
        slope / np.maximum(np.linalg.norm(slope, axis=1, keepdims=True), 1e-9), np.float32
    )
