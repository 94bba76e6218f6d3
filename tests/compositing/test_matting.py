"""Mattes against the truth: drawn and rendered products before studio grounds."""

from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw
from tests.compositing.making import on_ground, tin
from tests.compositing.rendering import Camera, Thing, World, bottle, flat, photograph

from callsheet.media.compositing.cutting import Product, product_of
from callsheet.media.compositing.opening import Opened
from callsheet.ports.compositing import LOW_CONFIDENCE, Holes, PhotographedShadow, Wish

GROUNDS = {
    "white": (248, 248, 249),
    "grey": (150, 152, 155),
    "blue": (60, 110, 190),
    "black": (14, 14, 15),
}


def looked_at(photo: Image.Image, **wish: Any) -> Product:
    return product_of(Opened(photo.convert("RGB"), None, "image/png", ()), Wish(**wish), 1)


def matte_of(product: Product) -> np.ndarray[Any, Any]:
    """Cut a product out at its own size, and lay its matte on the photograph's frame."""
    cut = product.cut(*product.size)
    width, height = product.rgb.size
    whole = np.zeros((height + 80, width + 80), np.uint8)
    left, top = product.box[0] - cut.margin + 40, product.box[1] - cut.margin + 40
    whole[top : top + cut.alpha.shape[0], left : left + cut.alpha.shape[1]] = cut.alpha
    return whole[40:-40, 40:-40] / 255


@pytest.mark.parametrize("ground", GROUNDS)
def test_matte_of_a_drawn_tin_is_near_the_truth(ground: str) -> None:
    """Before each ground the mean error stays below 0.003, and nothing is doubted."""
    photo, truth = on_ground(tin(), GROUNDS[ground])

    product = looked_at(photo)

    assert product.way == "studio"
    assert product.confidence > LOW_CONFIDENCE
    assert np.abs(matte_of(product) - truth).mean() < 0.003


def test_matte_of_a_rendered_bottle_leaves_its_shadow_out() -> None:
    """The soft shadow beside it is no part of it, down to where it stands."""
    world = World(
        [Thing(bottle(0, 0), flat(0.05, 0.2, 0.5))],
        flat(0.92, 0.92, 0.92),
        sun_azimuth=230,
        sun_elevation=60,
        sun_size=40,
        sun_rays=4,
        sun=(0.55, 0.55, 0.55),
        sky=(0.42, 0.42, 0.42),
        camera=Camera(2.0, 6, 16, 2.1),
    )
    photo = photograph(world, (200, 200), fine=2)

    product = looked_at(photo.rgb, photographed_shadow=PhotographedShadow.DROP)

    assert product.way == "studio"
    assert np.abs(matte_of(product) - photo.matte).mean() < 0.006


@pytest.mark.parametrize(
    ("holes", "open_"), [(Holes.OPEN, True), (Holes.AUTO, True), (Holes.CLOSED, False)]
)
def test_hole_is_seen_through_unless_it_must_not(holes: Holes, *, open_: bool) -> None:
    """The inside of a ring shows ground: a hole, or not by choice."""
    ring = Image.new("RGBA", (240, 240))
    pen = ImageDraw.Draw(ring)
    pen.ellipse((40, 40, 200, 200), fill=(190, 140, 40, 255))
    pen.ellipse((80, 80, 160, 160), fill=(0, 0, 0, 0))
    photo, _ = on_ground(ring, GROUNDS["grey"])

    matte = matte_of(looked_at(photo, holes=holes))

    assert bool(matte[115:125, 115:125].max() < 0.1) is open_


def test_white_label_on_white_ground_stays_in() -> None:
    """An inside that is as white as the ground, and no ground, is the product's."""
    tin_ = tin()
    pen = ImageDraw.Draw(tin_)
    pen.rectangle((80, 100, 160, 150), fill=(226, 228, 230, 255))
    photo, _ = on_ground(tin_, GROUNDS["white"])

    matte = matte_of(looked_at(photo))

    assert matte[105:145, 85:155].min() > 0.95


def test_thin_thing_is_parted_from_a_shadow_larger_than_itself() -> None:
    """A lamp's stem and foot are few pixels beside the soft shadow that they cast."""
    y, x = np.mgrid[0:400, 0:300]
    photo = np.full((400, 300, 3), 190.0)
    shadow = np.exp(-(((x - 185) / 60) ** 2) - ((y - 318) / 22) ** 2)
    photo *= (1 - 0.35 * shadow)[..., None]
    lamp = (abs(x - 150) < 4) & (y > 60) & (y < 310)
    lamp |= (abs(x - 150) < 22) & (y >= 300) & (y < 312)
    photo[lamp] = (200, 140, 30)
    photo += np.random.default_rng(3).standard_normal(photo.shape)

    product = looked_at(Image.fromarray(np.clip(photo, 0, 255).astype(np.uint8)))

    assert not any("shadow cannot be told" in note for note in product.notes)
    assert np.abs(matte_of(product) - lamp).mean() < 0.003


def test_natural_ground_is_told_and_placed_whole() -> None:
    """Before leaves and bricks no matte is made up: confidence is next to nothing."""
    dice = np.random.default_rng(3)
    leaves = dice.integers(0, 255, (30, 30, 3), np.uint8)
    photo = Image.fromarray(leaves).resize((240, 240), Image.Resampling.BICUBIC)
    photo.paste(tin(), mask=tin().getchannel("A"))

    product = looked_at(photo)

    assert product.way == "whole" or product.confidence < LOW_CONFIDENCE
    assert any("ground" in note for note in product.notes)


def test_product_that_fills_two_sides_is_doubted() -> None:
    """What touches the frame on two sides spoils the plate, and is told."""
    photo, _ = on_ground(tin(), GROUNDS["white"])

    product = looked_at(photo.crop((90, 30, 240, 240)).crop((0, 0, 70, 150)))

    assert product.confidence < LOW_CONFIDENCE
