"""Examining real files in the locked-down processes: good ones, odd ones, and hostile ones."""

import random
import zlib
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from PIL import Image, ImageOps
from tests.media.processes import studio_processes
from tests.media.samples import (
    as_file,
    mutated,
    opened,
    painted,
    png_chunk,
    png_claiming,
    see_through,
    webp_claiming,
)

from callsheet.kernel.digests import sha256_of
from callsheet.media.likeness import NEAR_BITS, different_bits
from callsheet.media.studio import ProcessStudio
from callsheet.ports.pictures import UnreadablePictureError

pytestmark = pytest.mark.asyncio(loop_scope="module")

ORIENTATION = 0x0112


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def studio() -> AsyncIterator[ProcessStudio]:
    """Keep one process warm for all tests of this file."""
    studio = ProcessStudio(1)
    yield studio
    await studio.close()


async def refusal(studio: ProcessStudio, content: bytes) -> str:
    """Examine what must be refused, and answer why it was."""
    with pytest.raises(UnreadablePictureError) as caught:
        await studio.examine(content)
    return caught.value.reason


async def test_facts_of_a_picture(studio: ProcessStudio) -> None:
    """Size, type, pixels by their definition, and a working copy that is the picture itself."""
    picture = painted(1, (300, 200))
    facts = await studio.examine(as_file(picture, "PNG"))

    assert (facts.media_type, facts.width, facts.height) == ("image/png", 300, 200)
    assert facts.pixels == sha256_of(b"300x200:" + picture.convert("RGBA").tobytes())
    assert len(facts.likeness) == 64
    assert opened(facts.working_copy).tobytes() == picture.tobytes()


async def test_working_copy_of_a_large_picture_is_smaller(studio: ProcessStudio) -> None:
    """A long side of more than 1,024 pixels is brought down to it, in proportion."""
    facts = await studio.examine(as_file(painted(2, (3_000, 1_500)), "JPEG"))
    assert (facts.width, facts.height) == (3_000, 1_500)
    assert opened(facts.working_copy).size == (1_024, 512)


async def test_working_copy_keeps_transparency(studio: ProcessStudio) -> None:
    """What could be seen through still can."""
    picture = see_through(3)
    copy = opened((await studio.examine(as_file(picture, "PNG"))).working_copy)
    assert copy.mode == "RGBA"
    assert copy.getchannel("A").tobytes() == picture.getchannel("A").tobytes()


SPELLINGS: dict[str, Callable[[Image.Image], bytes]] = {
    "PNG at level 0": lambda picture: as_file(picture, "PNG", compress_level=0),
    "PNG at level 9": lambda picture: as_file(picture, "PNG", optimize=True),
    "PNG with comments": lambda picture: as_file(picture, "PNG", dpi=(300, 300), icc_profile=b"x"),
    "lossless WebP": lambda picture: as_file(picture, "WEBP", lossless=True),
}


@pytest.mark.parametrize("picture", [painted(4), see_through(4)], ids=["opaque", "see-through"])
async def test_same_picture_in_another_file_has_the_same_pixels(
    studio: ProcessStudio, picture: Image.Image
) -> None:
    """Compression, comments and lossless formats do not change the pixels, colours do."""
    found = {(await studio.examine(spell(picture))).pixels for spell in SPELLINGS.values()}
    assert len(found) == 1

    picture = picture.copy()
    picture.putpixel((picture.width - 1, 0), (1, 2, 3))
    assert (await studio.examine(as_file(picture, "PNG"))).pixels not in found


async def test_palette_and_grey_pictures_equal_their_full_colour_twins(
    studio: ProcessStudio,
) -> None:
    """The way colours are stored does not count."""
    palette = painted(5).quantize(16)
    grey = painted(5).convert("L")
    deep = Image.frombytes("I;16", (2, 1), b"\xff\xff\x00\x80")  # 65535 and 32768, little-endian
    twins = [
        (as_file(palette, "GIF"), as_file(palette.convert("RGB"), "PNG")),
        (as_file(grey, "PNG"), as_file(grey.convert("RGBA"), "PNG")),
        (as_file(grey.convert("1"), "PNG"), as_file(grey.convert("1").convert("RGB"), "PNG")),
        (as_file(deep, "PNG"), as_file(Image.frombytes("L", (2, 1), b"\xff\x80"), "PNG")),
    ]
    for one, other in twins:
        assert (await studio.examine(one)).pixels == (await studio.examine(other)).pixels


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_picture_turned_by_exif_equals_its_turned_twin(
    studio: ProcessStudio, kind: str, orientation: int
) -> None:
    """A camera's way of turning a picture and a person's give the same pixels and sizes."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    marked = as_file(painted(6, (60, 40)), kind, exif=exif)
    twin = ImageOps.exif_transpose(opened(marked))

    facts = await studio.examine(marked)

    assert (facts.width, facts.height) == twin.size
    assert facts.pixels == (await studio.examine(as_file(twin, "PNG"))).pixels


async def test_damaged_exif_turns_nothing(studio: ProcessStudio) -> None:
    """A picture is not refused for its comments."""
    plain = painted(7, (60, 40))
    marked = as_file(plain, "PNG", exif=b"Exif\x00\x00MM\x00*\x00\x00\xff\xff garbage")
    assert (await studio.examine(marked)).pixels == (
        await studio.examine(as_file(plain, "PNG"))
    ).pixels


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
async def test_first_frame_stands_for_an_animation(studio: ProcessStudio, kind: str) -> None:
    """Of pictures that move the first is examined."""
    frames = [painted(seed, (64, 64)).quantize(8).convert("RGB") for seed in (8, 9)]
    moving = as_file(frames[0], kind, save_all=True, append_images=frames[1:], lossless=True)
    facts = await studio.examine(moving)
    assert facts.pixels == (await studio.examine(as_file(frames[0], "PNG"))).pixels


async def test_first_of_a_jpeg_of_several_pictures_stands_for_it(studio: ProcessStudio) -> None:
    """As cameras write them, with depth or another exposure beside the picture."""
    first, second = painted(16, (40, 30)), painted(17, (40, 30))
    alone = await studio.examine(as_file(first, "JPEG", quality=90))
    several = {"save_all": True, "append_images": [second], "quality": 90}
    together = await studio.examine(as_file(first, "MPO", **several))
    assert together.media_type == "image/jpeg"
    assert together.likeness == alone.likeness


async def test_changed_copy_is_like_its_original(studio: ProcessStudio) -> None:
    """A smaller JPEG of a picture has other pixels and a near likeness."""
    one = await studio.examine(as_file(painted(10), "PNG"))
    other = await studio.examine(as_file(painted(10).resize((200, 133)), "JPEG", quality=60))
    assert one.pixels != other.pixels
    assert different_bits(one.likeness, other.likeness) <= NEAR_BITS


HOSTILE = {
    "69 bytes that claim 60,000 x 60,000": (png_claiming(60_000, 60_000), "60000 x 60000|at most"),
    "many pixels": (png_claiming(9_000, 9_000), "at most 50,000,000 pixels"),
    "a long side": (png_claiming(20_000, 1), "a side may have at most 16,384"),
    "no width": (png_claiming(0, 1), "PNG file is damaged"),
    "WebP canvas": (webp_claiming(16_384, 16_384), "at most 50,000,000 pixels"),
    "missing pixels": (png_claiming(40, 40), "PNG file is damaged"),
    "comment bomb": (
        png_claiming(1, 1, png_chunk(b"zTXt", b"a\x00\x00" + zlib.compress(bytes(64 << 20)))),
        "PNG file is damaged",
    ),
    "profile bomb": (
        png_claiming(1, 1, png_chunk(b"iCCP", b"a\x00\x00" + zlib.compress(bytes(64 << 20)))),
        "PNG file is damaged",
    ),
    "truncated JPEG": (as_file(painted(1), "JPEG")[:-2_000], "JPEG file is damaged or cut off"),
    "truncated PNG": (as_file(painted(1), "PNG")[:-200], "PNG file is damaged or cut off"),
    "truncated WebP": (as_file(painted(1), "WEBP")[:-200], "WEBP file is damaged"),
    "truncated GIF": (as_file(painted(1), "GIF")[:-2_000], "GIF file is damaged or cut off"),
    "only a start": (b"\x89PNG\r\n\x1a\n", "PNG file is damaged"),
    "PNG in name only": (b"\x89PNG\r\n\x1a\n" + as_file(painted(1), "JPEG"), "PNG file is damaged"),
    "SVG": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG drawing; export it as PNG"),
    "HTML": (b"<!doctype html><title>Not found</title>", "an HTML page"),
    "nothing": (b"", "empty"),
    "noise": (b"\x01" + random.Random(1).randbytes(4_000), "its type is unknown"),  # noqa: S311 - a seed
    "too many bytes": (b"\xff\xd8\xff" + bytes(64 << 20), "at most 67,108,864"),
}


@pytest.mark.parametrize(("content", "reason"), HOSTILE.values(), ids=HOSTILE.keys())
async def test_hostile_file_is_refused_with_a_reason(
    studio: ProcessStudio, content: bytes, reason: str
) -> None:
    """A file that cannot or must not be decoded is refused in words that its owner understands."""
    found = await refusal(studio, content)
    assert any(part in found for part in reason.split("|"))
    assert "0x" not in found


async def test_picture_that_needs_too_much_memory_is_refused() -> None:
    """Memory is bounded for each process, and running into the bound is the picture's fault."""
    turned = Image.Exif()
    turned[ORIENTATION] = 6
    large = as_file(Image.new("RGB", (7_000, 7_000)), "PNG", exif=turned)
    studio = ProcessStudio(1, memory_bytes=400 << 20)
    try:
        assert "memory" in await refusal(studio, large)
    finally:
        await studio.close()


async def test_mutated_files_neither_crash_nor_hang_the_studio(studio: ProcessStudio) -> None:
    """Damage at random places gives facts or a refusal, and the process lives on."""
    good = as_file(painted(11, (96, 64)), "PNG")
    before = await studio.examine(good)
    process = studio_processes()
    kinds = ("PNG", "JPEG", "WEBP", "GIF")
    sources = [as_file(painted(11, (96, 64)), kind) for kind in kinds]

    reasons = []
    for seed in range(48):
        try:
            await studio.examine(mutated(sources[seed % len(sources)], seed))
        except UnreadablePictureError as error:
            reasons.append(error.reason)

    assert 0 < len(reasons) < 48
    assert not [each for each in reasons if each.startswith("decoding it")]  # none was ended
    assert await studio.examine(good) == before
    assert studio_processes() == process


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
@pytest.mark.parametrize(
    ("size", "shrunk"),
    [
        ((1_200, 600), (300, 150)),  # a quarter is closest
        ((600, 960), (200, 320)),
        ((479, 300), (479, 300)),  # half of it would be further off
        ((2_000, 3), (334, 1)),
    ],
)
async def test_thumbnail_is_about_its_side(
    studio: ProcessStudio, kind: str, size: tuple[int, int], shrunk: tuple[int, int]
) -> None:
    """A thumbnail is JPEG, shrunk by a whole number, and keeps the proportions."""
    shown = await studio.shown(as_file(painted(12, size), kind), 320, "here")
    small = opened(shown.thumbnail or b"")
    assert shown.size == size
    assert (small.format, small.size) == ("JPEG", shrunk)


async def test_thumbnail_is_upright_and_never_larger(studio: ProcessStudio) -> None:
    """EXIF turns it too, and a small picture stays small."""
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    shown = await studio.shown(as_file(painted(13, (60, 40)), "JPEG", exif=exif), 320, "here")
    assert opened(shown.thumbnail or b"").size == shown.size == (40, 60)


async def test_thumbnail_keeps_transparency(studio: ProcessStudio) -> None:
    """What could be seen through still can."""
    small = opened(
        (await studio.shown(as_file(see_through(14), "PNG"), 32, "here")).thumbnail or b""
    )
    assert (small.format, small.mode) == ("WEBP", "RGBA")


async def test_thumbnail_of_a_hostile_file_is_refused(studio: ProcessStudio) -> None:
    """Thumbnails are as careful as examinations."""
    with pytest.raises(UnreadablePictureError, match="at most 50,000,000 pixels"):
        await studio.shown(png_claiming(16_000, 16_000), 320, "here")
    with pytest.raises(UnreadablePictureError, match="HTML"):
        await studio.shown(b"<html>", 320, "here")
