"""Storyboard frames: size, sameness, difference, references, refusals."""

import hashlib
import io
import subprocess
import sys
from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from tests.media.drawing.pictures import difference, frame, opened, png, reference, share_near, spec

from callsheet.drawing.frame import FrameSizeError, draw_frame
from callsheet.drawing.slate import lay_out, ratio_name, variant_name
from callsheet.ports.pictures import FrameReference, ReferenceMode, UnreadablePictureError

SIZES = ((256, 256), (256, 1024), (1024, 256), (640, 360), (360, 640), (1920, 480), (333, 517))
SHOTS = (
    "Extreme wide shot of a hiker on a mountain ridge, golden hour",
    "Wide establishing shot of a harbour at dusk, sailing boat",
    "Full shot of a woman with her dog in a city street, night, rain",
    "Cowboy shot of a man under neon",
    "Medium shot of the lighthouse keeper, dawn fog",
    "Close-up of a mug on a wooden table",
    "Extreme close-up of a watch, macro",
    "Over-the-shoulder of a woman reading a letter by candlelight",
    "Two-shot of friends in a cafe",
    "Aerial of a red car on a desert road",
    "Top-down flat lay of a mug and a notebook",
    "Low angle of a child in a forest",
    "High angle of a cyclist on a mountain road in snow",
    "Dutch angle, crowd at a concert on stage",
    "Astronaut in space", "A diver underwater", "An empty office", "A kitchen at noon",
    "Perfume bottle, studio", "field of flowers", "lake", "a train crossing the desert",
)  # fmt: skip


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_frame_has_exactly_the_asked_size(width: int, height: int) -> None:
    """Any shape within the limits comes out to the pixel."""
    assert frame(spec("A mug on a table, close-up", width, height)).size == (width, height)


def test_largest_frame_is_sharp_and_of_its_size() -> None:
    """4,096 pixels are drawn, not enlarged: edges change within two pixels."""
    picture = frame(spec("Studio packshot of a black box, white background", 4096, 1024))
    assert picture.size == (4096, 1024)
    row = picture.convert("L").crop((0, 620, 2900, 621)).tobytes()
    assert max(abs(row[n] - row[n + 2]) for n in range(len(row) - 2)) > 20


@pytest.mark.parametrize(("field", "value"), [("width", 255), ("height", 4097), ("width", 0)])
def test_sizes_beyond_the_limits_are_refused_by_name(field: str, value: int) -> None:
    """The refusal names the field and the value."""
    with pytest.raises(FrameSizeError) as caught:
        draw_frame(spec(**{field: value}), [])  # type: ignore[arg-type]  # a field by name
    assert caught.value.errors[0].field == field
    assert caught.value.errors[0].value == str(value)


def test_same_frame_has_the_same_bytes_in_another_process() -> None:
    """Nothing of this process, hash seeds included, leaks into a picture."""
    program = (
        "import hashlib; from callsheet.drawing.frame import draw_frame;"
        "from callsheet.ports.pictures import FrameSpec;"
        "drawn = draw_frame(FrameSpec('Rain, city, 夜 🌧', 400, 300, 5), []);"
        "print(hashlib.sha256(drawn).hexdigest())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            check=True, capture_output=True, text=True, env={"PYTHONHASHSEED": seed},
        ).stdout.strip()
        for seed in ("1", "2")
    }  # fmt: skip
    here = draw_frame(spec("Rain, city, 夜 🌧", 400, 300, seed=5, scene="", variants=1), [])
    assert found == {hashlib.sha256(here).hexdigest()}


@pytest.mark.parametrize("prompt", SHOTS[:6])
def test_variants_of_one_seed_are_visibly_different(prompt: str) -> None:
    """Every pair of variants differs well beyond their lettering."""
    scenes = [_scene(frame(spec(prompt, variant=number))) for number in (1, 2, 3)]
    for left, right in combinations(scenes, 2):
        assert difference(left, right) > 9


def test_seeds_change_the_picture() -> None:
    """Two seeds of one prompt are two pictures."""
    first, second = (frame(spec("a dog runs", seed=seed)) for seed in (1, 2))
    assert difference(_scene(first), _scene(second)) > 5


@pytest.mark.parametrize("prompt", SHOTS)
def test_every_kind_of_shot_is_drawn(prompt: str) -> None:
    """Each shot, place and subject that we know gives a picture with content."""
    scene = _scene(frame(spec(prompt, 384, 384)))
    assert len(set(scene.resize((24, 24)).convert("L").tobytes())) > 12


def test_shot_size_sets_the_scale_of_the_subject() -> None:
    """The nearer the shot, the more of the scene the subject covers."""
    red = "a red car on a road at noon"
    near, far = (
        frame(spec(f"{size} of {red}", 768, 512)) for size in ("Close-up", "Extreme wide shot")
    )
    assert _reddish(_scene(near)) > 4 * _reddish(_scene(far))


def test_product_stands_in_the_scene_in_its_own_colours() -> None:
    """A product's picture is found again in the scene, and not in the scene without it."""
    shot = spec("Close-up on a table", 640, 640)
    with_it = frame(shot, reference(ReferenceMode.PRODUCT, _product((16, 190, 90))))
    assert share_near(_scene(with_it), (28, 190, 95), 40) > 0.06
    assert share_near(_scene(frame(shot)), (28, 190, 95), 40) < 0.005


def test_product_on_white_is_cut_out() -> None:
    """A shop's picture on a plain ground stands in the scene without its ground."""
    photo = Image.new("RGB", (400, 400), (250, 250, 250))
    ImageDraw.Draw(photo).ellipse((80, 80, 320, 320), (200, 20, 120))
    scene = _scene(frame(spec("night street", 640, 640), reference(ReferenceMode.PRODUCT, photo)))
    assert share_near(scene, (190, 20, 115), 50) > 0.04
    assert share_near(scene, (245, 245, 245), 12) < 0.02


def test_subject_that_cannot_be_cut_out_is_shown_as_a_print() -> None:
    """A photograph with a busy ground is mounted, so that nothing of it is lost."""
    photo = Image.linear_gradient("L").resize((300, 300)).convert("RGB")
    ImageDraw.Draw(photo).rectangle((100, 60, 200, 300), (20, 160, 220))
    scene = _scene(frame(spec("qwerty", 640, 640), reference(ReferenceMode.SUBJECT, photo)))
    assert share_near(scene, (25, 160, 220), 40) > 0.03


@pytest.mark.parametrize("mode", [ReferenceMode.FIRST_FRAME, ReferenceMode.LAST_FRAME])
def test_plate_fills_the_scene(mode: ReferenceMode) -> None:
    """A first or last frame is the background of the scene."""
    plate = Image.new("RGB", (320, 200), (12, 120, 200))
    scene = _scene(frame(spec("push in", 640, 360), reference(mode, plate)))
    assert share_near(scene, (12, 120, 200), 60) > 0.7


def test_last_frame_is_shown_small_beside_a_first_frame() -> None:
    """With both, the first is the plate and the last an inset."""
    first = reference(ReferenceMode.FIRST_FRAME, Image.new("RGB", (320, 200), (12, 120, 200)))
    last = reference(ReferenceMode.LAST_FRAME, Image.new("RGB", (320, 200), (220, 40, 160)))
    scene = _scene(frame(spec("push in", 640, 360), first, last))
    assert 0.02 < share_near(scene, (220, 40, 160), 45) < 0.2


def test_style_reference_moves_the_palette_and_is_shown_in_the_slate() -> None:
    """Style shifts the whole scene towards its colours and leaves a swatch below."""
    shot = spec("qwerty", 768, 768)
    style = reference(ReferenceMode.STYLE_ONLY, Image.new("RGB", (64, 64), (30, 60, 210)))
    plain, styled = frame(shot), frame(shot, style)
    assert _blueness(_scene(styled)) > _blueness(_scene(plain)) + 40
    slate = styled.crop(lay_out(768, 768).slate)
    assert share_near(slate, (30, 60, 210), 4) > 0.01


def test_prompt_colours_reach_the_subject() -> None:
    """A colour in any language is seen in the picture."""
    for prompt in ("a red car", "красный автомобиль", "赤い車", "سيارة حمراء", "लाल कार"):
        scene = _scene(frame(spec(prompt, 512, 512)))
        assert _reddish(scene) > 0.02, prompt


def test_night_is_darker_than_noon() -> None:
    """The hour sets the light."""
    night, noon = (frame(spec(f"a street at {hour}")) for hour in ("night", "noon"))
    assert _lightness(_scene(night)) + 40 < _lightness(_scene(noon))


def test_damaged_reference_is_refused() -> None:
    """Bytes that are no PNG raise the error that says so."""
    with pytest.raises(UnreadablePictureError):
        draw_frame(spec(), [FrameReference(ReferenceMode.PRODUCT, b"\x89PNG\r\n\x1a\nnot really")])


def test_more_references_than_six_do_no_harm() -> None:
    """The first six are used, the rest passed over."""
    many = [reference(mode, _product((200, 90, 30))) for mode in ReferenceMode for _ in range(3)]
    assert frame(spec(), *many).size == (512, 512)


def test_clear_reference_does_no_harm() -> None:
    """A wholly transparent picture is drawn as what it is: nothing."""
    clear = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    for mode in ReferenceMode:
        assert frame(spec(), reference(mode, clear)).size == (512, 512)


def test_names_of_shapes_and_variants() -> None:
    """The slate speaks as people do: 16:9, A · 1/3, and numbers where letters run out."""
    assert [ratio_name(1536, 864), ratio_name(1024, 1024), ratio_name(1111, 600)] == [
        "16:9", "1:1", "1.85:1",
    ]  # fmt: skip
    assert [variant_name(2, 3), variant_name(1, 1), variant_name(27, 40)] == [
        "B · 2/3",
        "A",
        "27/40",
    ]


def test_picture_carries_no_metadata() -> None:
    """A frame holds pixels only, so that equal pictures are equal files."""
    with Image.open(io.BytesIO(draw_frame(spec(), []))) as picture:
        assert picture.info == {}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    prompt=st.text(st.characters(exclude_categories=()), max_size=220),
    scene=st.text(max_size=40),
    notes=st.lists(st.text(max_size=30), max_size=3),
    width=st.integers(256, 700),
    height=st.integers(256, 700),
    seed=st.integers(-(2**63), 2**63),
    variant=st.integers(1, 60),
)
def test_no_text_or_size_is_too_strange(
    prompt: str, scene: str, notes: list[str], width: int, height: int, seed: int, variant: int
) -> None:
    """Arbitrary unicode, lone surrogates included, and any size give a frame."""
    shot = spec(
        prompt,
        width,
        height,
        scene=scene,
        notes=tuple(notes),
        seed=seed,
        variant=variant,
        variants=60,
    )
    assert opened(draw_frame(shot, [])).size == (width, height)


def test_hostile_text_is_drawn() -> None:
    """Surrogates, direction overrides, combining piles and null bytes are only text."""
    for prompt in (
        "\ud800\udfff",
        "\u202eabc\u202d\u2066",
        "a" + "\u0301" * 500,
        "\0\x1b[31m",
        "‍‍‍",
        "\ufe0f",
        "🏴" * 300,
    ):
        assert frame(spec(prompt, 300, 300, scene=prompt, notes=(prompt,))).size == (300, 300)


def _scene(picture: Image.Image) -> Image.Image:
    return picture.crop(lay_out(*picture.size).scene)


def _product(colour: tuple[int, int, int]) -> Image.Image:
    picture = Image.new("RGBA", (200, 240), (0, 0, 0, 0))
    ImageDraw.Draw(picture).rounded_rectangle((20, 20, 180, 230), 30, (*colour, 255))
    return picture


def _reddish(picture: Image.Image) -> float:
    small = picture.resize((96, 96)).tobytes()
    pixels = [small[n : n + 3] for n in range(0, len(small), 3)]
    return sum(red > 1.6 * max(green, blue) and red > 90 for red, green, blue in pixels) / len(
        pixels
    )


def _blueness(picture: Image.Image) -> float:
    red, _, blue = picture.resize((1, 1), Image.Resampling.BOX).tobytes()
    return blue - red


def _lightness(picture: Image.Image) -> int:
    return picture.convert("L").resize((1, 1), Image.Resampling.BOX).tobytes()[0]


def test_png_helper_round_trips() -> None:
    """The measures of this file stand on pictures that survive encoding."""
    picture = Image.new("RGB", (3, 2), (1, 2, 3))
    assert opened(png(picture)).tobytes() == picture.tobytes()
