"""Whole composites: what must stay as it is, what may come in, and what is refused."""

import io
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms
from tests.compositing.making import as_file, composed, pixels_of, table, tin

from callsheet.kernel.errors import InvalidInputError
from callsheet.media.compositing.light import as_bytes, difference, linear
from callsheet.media.compositing.placing import ANCHORS
from callsheet.ports.compositing import Box, PlacementError, Status, Wish, read_place
from callsheet.ports.pictures import UnreadablePictureError


def test_bytes_survive_the_way_through_linear_light() -> None:
    """Each byte of sRGB comes back as it was."""
    every = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert (as_bytes(linear(every)) == every).all()


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_colour_difference_is_the_published_one(
    one: tuple[float, ...], other: tuple[float, ...], apart: float
) -> None:
    """Pairs from the test data of Sharma, Wu and Dalal."""
    assert float(difference(np.array(one), np.array(other))) == pytest.approx(apart, abs=1e-4)


def test_product_that_is_not_matched_keeps_every_pixel() -> None:
    """With matching off, what is opaque arrives bit by bit at its own size."""
    product = tin()
    box = product.getchannel("A").point(lambda value: 255 if value >= 8 else 0).getbbox()
    assert box is not None
    width = box[2] - box[0]

    made = composed(table(), product, place=Box(100, 80, width), match=0.0)

    inside = np.asarray(product.crop(box))
    placed = pixels_of(made)[80 : 80 + inside.shape[0], 100 : 100 + width]
    opaque = inside[..., 3] == 255
    assert opaque.sum() > 10_000
    assert (placed[opaque] == inside[..., :3][opaque]).all()


def test_scene_stays_as_it_is_away_from_the_product() -> None:
    """What lies beyond product and shadow is not touched by a bit."""
    scene = table()

    changed = (
        pixels_of(composed(scene, tin(), place=Box(0.4, 0.4, 0.15))) != np.asarray(scene)
    ).any(-1)

    assert changed.any()
    assert not changed[:60].any()
    assert not changed[:, :100].any()


def test_same_spec_gives_the_same_bytes() -> None:
    """Seeds decide about grain, and about nothing else."""
    scene = table(noise=5)
    one, again = composed(scene, tin(), seed=4), composed(scene, tin(), seed=4)
    other = composed(scene, tin(), seed=5)
    assert one.picture == again.picture
    assert one.picture != other.picture


def test_match_stays_within_its_bound_and_spares_a_brand_colour() -> None:
    """Colours move by at most six on average; a guarded one by at most two."""
    red = Image.new("RGB", (640, 420), (200, 40, 30))
    free = composed(red, tin())
    guarded = composed(red, tin(), brand_colours=("#f0e2be",))

    match = free.recipe["products"][0]["match"]
    assert 1 < match["shift"] <= 6.05
    assert guarded.recipe["products"][0]["match"]["shift"] < match["shift"]


def test_shadow_darkens_the_ground_beneath() -> None:
    """Right under the base light is lost; without a shadow none is."""
    place = Box(0.4, 0.4, 0.15)
    with_shadow = {each.check: each for each in composed(table(), tin(), place=place).findings}
    without = {
        each.check: each for each in composed(table(), tin(), place=place, shadow=0.0).findings
    }
    assert with_shadow["contact"].status is Status.PASS
    assert without["contact"].status is Status.FAIL


def before_white() -> Image.Image:
    product = tin()
    whole = Image.new("RGB", product.size, (246, 246, 246))
    whole.paste(product, mask=product.getchannel("A"))
    return whole


def multiplied() -> Image.Image:
    pixels = np.asarray(tin()).astype(np.float32)
    pixels[..., :3] *= pixels[..., 3:] / 255
    return Image.fromarray(np.rint(pixels).astype(np.uint8))


def of_two_frames() -> bytes:
    one = before_white()
    other = one.transpose(Image.Transpose.ROTATE_90).convert("P")
    return as_file(one.convert("P"), "GIF", save_all=True, append_images=[other])


def with_half_a_profile() -> bytes:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    return as_file(before_white(), "PNG", icc_profile=profile.tobytes()[:200])


def deep() -> Image.Image:
    return Image.fromarray(np.asarray(before_white().convert("L")).astype(np.uint16) * 257)


SPELLED: dict[str, Callable[[], bytes]] = {
    **{kind: partial(as_file, tin(), kind.upper()) for kind in ("png", "webp", "avif", "tiff")},
    "jpeg": lambda: as_file(before_white(), "JPEG", quality=95),
    "cmyk": lambda: as_file(before_white().convert("CMYK"), "JPEG", quality=95),
    "grey16": lambda: as_file(deep()),
    "premultiplied": lambda: as_file(multiplied()),
    "gif": of_two_frames,
    "bad profile": with_half_a_profile,
}


@pytest.mark.parametrize("kind", SPELLED)
def test_every_kind_of_product_is_placed(kind: str) -> None:
    """Each comes out lettered, with its notes where something was lost."""
    made = composed(table(), SPELLED[kind](), place=Box(0.35, 0.2, 0.2))

    found = {each.check: each.status for each in made.findings}
    assert found["product_lettering"] is Status.PASS
    said = " ".join(made.notes)
    expected = {
        "cmyk": "CMYK",
        "grey16": "16 bits",
        "premultiplied": "multiplied",
        "gif": "frames",
        "bad profile": "damaged",
    }
    assert expected.get(kind, "") in said


def test_turned_photo_stands_upright() -> None:
    """EXIF says how a camera was held."""
    product = tin()
    whole = Image.new("RGB", product.size, (246, 246, 246))
    whole.paste(product, mask=product.getchannel("A"))
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = whole.transpose(Image.Transpose.ROTATE_90)
    upright = composed(table(), as_file(whole), place=Box(0.35, 0.2, 0.2), match=0.0)
    held = composed(
        table(), as_file(turned, "PNG", exif=exif), place=Box(0.35, 0.2, 0.2), match=0.0
    )
    assert np.abs(pixels_of(upright).astype(int) - pixels_of(held)).mean() < 0.2


def test_wide_gamut_is_brought_to_srgb_and_said() -> None:
    """A profile of another name is converted from; red of a wide space gets stronger."""
    wide = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ"))
    product = tin().convert("RGB")
    made = composed(table(), as_file(product, "PNG", icc_profile=wide.tobytes()))
    assert any("sRGB" in note or "profile" in note for note in made.notes)


REFUSED = {
    "html": (b"<!doctype html><html></html>", "HTML"),
    "truncated": (as_file(tin())[:900], "damaged or cut off"),
    "one pixel": (as_file(Image.new("RGBA", (1, 1))), "too few"),
    "see-through": (as_file(Image.new("RGBA", (60, 60))), "see-through"),
    "empty": (b"", "empty"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_product_is_refused_by_name(name: str) -> None:
    """The message says which file it is and why."""
    content, reason = REFUSED[name]
    with pytest.raises((UnreadablePictureError, InvalidInputError), match=reason) as caught:
        composed(table(), tin(), content)
    assert "product 2" in str(caught.value)


def test_glass_throws_less_shadow_than_a_tin() -> None:
    """What light passes through takes little of it from the ground."""
    clear = np.asarray(tin()).copy()
    clear[..., 3] = clear[..., 3] // 2
    place = Box(0.4, 0.2, 0.2)
    lost = []
    for product in (tin(), Image.fromarray(clear)):
        shaded, bare = (
            pixels_of(composed(table(), product, place=place, shadow=strength)).astype(int)
            for strength in (1.0, 0.0)
        )
        beside = np.r_[0:250, 390:640]  # through the glass more of it is seen
        lost.append(int((bare - shaded)[:, beside].clip(0).sum()))
    assert 0 < lost[1] < 0.7 * lost[0]


def test_small_scene_and_large_product_meet() -> None:
    """A scene of 200 x 200 takes a product of 900 x 900."""
    made = composed(table((200, 200)), tin(900))
    assert made.size == (200, 200)
    place = made.recipe["products"][0]["place"]
    assert place["left"] >= 0
    assert place["left"] + place["width"] <= 200


@pytest.mark.parametrize("place", [Box(2000, 10, 50), Box(0.9, 0.1, 0.3), Box(0.1, 0.1, 0.001)])
def test_place_outside_the_scene_is_refused(place: Box) -> None:
    """A box that is not in the scene, or holds nothing, is an error that names it."""
    with pytest.raises(PlacementError, match="place"):
        composed(table(), tin(), place=place)


@pytest.mark.parametrize("given_", ["1,2", "a,b,c", "nan,0,1", "0,0,0", "0.1,0.2,inf", "1,2,3,4"])
def test_place_out_of_form_is_refused(given_: str) -> None:
    with pytest.raises(PlacementError):
        read_place(given_)


def test_unknown_anchor_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(PlacementError, match="left third"):
        composed(table(), tin(), place="on the moon")


@settings(max_examples=25, deadline=None)
@given(
    anchor=st.sampled_from(["", *ANCHORS]),
    wide=st.integers(40, 700),
    high=st.integers(40, 700),
    tall=st.integers(12, 300),
    broad=st.integers(12, 300),
)
def test_anchored_product_always_lies_within_the_scene(
    anchor: str, wide: int, high: int, tall: int, broad: int
) -> None:
    """Whatever their sizes, a product that is not placed by hand fits."""
    product = Image.new("RGBA", (broad, tall), (200, 60, 30, 255))
    made = composed(Image.new("RGB", (wide, high), "grey"), product, place=anchor, shadow=0.5)
    place = made.recipe["products"][0]["place"]
    assert place["left"] >= 0
    assert place["top"] >= 0
    assert place["left"] + place["width"] <= wide
    assert place["top"] + place["height"] <= high


def test_left_and_right_are_told_apart() -> None:
    """An anchor moves the product's middle to where it says."""
    for anchor, share in (("left third", 1 / 3), ("right", 0.8), ("table centre", 0.5)):
        made = composed(table(), tin(), place=anchor)
        place = made.recipe["products"][0]["place"]
        assert (place["left"] + place["width"] / 2) / 640 == pytest.approx(share, abs=0.05)


def test_centimetres_decide_about_size() -> None:
    """A product of 20 cm in a scene 100 cm wide is a fifth of its width high."""
    made = composed(table(), tin(), wishes=(Wish("", 20.0),), scene_cm=100.0)
    assert made.recipe["products"][0]["place"]["height"] == pytest.approx(128, abs=2)


def test_later_product_covers_an_earlier_one() -> None:
    """Products are laid from the back to the front."""
    blue = Image.new("RGBA", (80, 80), (20, 40, 220, 255))
    green = Image.new("RGBA", (80, 80), (20, 200, 40, 255))
    wishes = (Wish(Box(200, 200, 80)), Wish(Box(230, 220, 80)))
    pixels = pixels_of(composed(table(), blue, green, wishes=wishes, match=0.0))
    assert tuple(pixels[260, 260]) == (20, 200, 40)
    assert tuple(pixels[210, 210]) == (20, 40, 220)


def test_layers_make_the_picture_again() -> None:
    """Shadow and product are handed out as pictures of the scene's size."""
    made = composed(table(), tin(), reflection=0.3, layers=True, place=Box(0.4, 0.3, 0.15))
    assert {"1-product", "1-reflection", "1-shadow"} <= set(made.layers)
    for content in made.layers.values():
        layer = Image.open(io.BytesIO(content))
        assert (layer.mode, layer.size) == ("RGBA", (640, 420))
