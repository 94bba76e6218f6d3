"""Pictures that were made and paid for: kept whatever they are, and shown as far as is safe."""

import functools
import io
import struct
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from PIL import Image
from tests.media.samples import as_file, opened, painted

from callsheet.media.containers import pixels_in_header
from callsheet.media.studio import ProcessStudio
from callsheet.ports.pictures import Glimpse, UnreadablePictureError

SIDE = 320
LARGE = (8_000, 6_500)  # 52 megapixels
FORMS = {"AVIF": "image/avif", "TIFF": "image/tiff", "BMP": "image/bmp"}
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def studio() -> AsyncIterator[ProcessStudio]:
    """Keep one process warm for all tests of this file."""
    studio = ProcessStudio(1)
    yield studio
    await studio.close()


def large(form: str) -> bytes:
    """Write a picture of more pixels than are decoded, which compresses to little."""
    into = io.BytesIO()
    Image.new("RGB", LARGE, "teal").save(into, form, compress_level=1)
    return into.getvalue()


def box(kind: bytes, content: bytes) -> bytes:
    """Write a box (ISO 14496-12)."""
    return struct.pack(">I4s", len(content) + 8, kind) + content


def heic(width: int, height: int) -> bytes:
    """Word the frame of a HEIC picture: what a telephone writes, without the coded pixels."""
    size = box(b"ispe", struct.pack(">III", 0, width, height))
    meta = box(b"meta", b"\0\0\0\0" + box(b"iprp", box(b"ipco", size)))
    brands = box(b"ftyp", b"heic" + struct.pack(">I", 0) + b"mif1heic")
    return brands + meta + box(b"mdat", b"\x11" * 5_000)


async def test_large_jpeg_has_a_thumbnail(studio: ProcessStudio) -> None:
    """It is decoded at an eighth of its size, which is within what a decoder may take."""
    content = large("JPEG")
    shown = await studio.shown(content, SIDE, "here")
    assert (shown.size, shown.note) == (LARGE, None)
    assert max(opened(shown.thumbnail or b"").size) <= SIDE * 1.5
    with pytest.raises(UnreadablePictureError, match="at most 50,000,000 pixels"):
        await studio.examine(content)  # nobody may send it


async def test_large_png_is_kept_without_a_thumbnail(studio: ProcessStudio) -> None:
    """Its size is known by its header, and why there is no thumbnail is said."""
    shown = await studio.shown(large("PNG"), SIDE, "here")
    assert (shown.size, shown.thumbnail) == (LARGE, None)
    assert "at most 50,000,000 pixels" in (shown.note or "")


@pytest.mark.parametrize("form", FORMS)
async def test_other_forms_are_shown(studio: ProcessStudio, form: str) -> None:
    """What nobody may send is decoded for its thumbnail where there is a decoder."""
    content = as_file(painted(3, (640, 400)), form)
    assert studio.made_type(content) == FORMS[form]
    shown = await studio.shown(content, SIDE, "here")
    assert opened(shown.thumbnail or b"").size == (SIDE, 200)
    assert shown.size == (640, 400)
    with pytest.raises(UnreadablePictureError, match="use PNG"):
        await studio.examine(content)


async def test_heic_is_kept_without_a_thumbnail(studio: ProcessStudio) -> None:
    """No decoder reads it here; its size stands in it."""
    content = heic(4_032, 3_024)
    assert studio.made_type(content) == "image/heic"
    shown = await studio.shown(content, SIDE, "here")
    assert (shown.size, shown.thumbnail) == ((4_032, 3_024), None)
    assert "no decoder" in (shown.note or "")


@functools.cache
def cut_files() -> dict[str, bytes]:
    """Cut a file of each form in half."""
    whole = {
        form: as_file(painted(4, (300, 200)), form) for form in (*FORMS, "PNG", "JPEG", "WEBP")
    }
    whole |= {"HEIC": heic(300, 200), "large PNG": large("PNG"), "large JPEG": large("JPEG")}
    return {form: content[: len(content) // 2] for form, content in whole.items()}


@pytest.mark.parametrize("form", [*FORMS, "PNG", "JPEG", "WEBP", "HEIC", "large PNG", "large JPEG"])
async def test_what_is_cut_off_is_refused(studio: ProcessStudio, form: str) -> None:
    """Half a picture is none, whether or not it would have been decoded."""
    with pytest.raises(UnreadablePictureError, match=r"damaged|cut off"):
        await studio.shown(cut_files()[form], SIDE, "here")


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "BMP"])
async def test_file_that_is_not_read_whole_is_known_by_its_ends(
    studio: ProcessStudio, form: str
) -> None:
    """Of one that is larger than what is looked at its beginning and its end tell enough."""
    content = as_file(painted(5, (300, 200)), form)
    half = len(content) // 2
    media_type = studio.made_type(content)
    shown = studio.glanced(
        Glimpse(len(content), [(0, content[:half]), (half, content[half:])]), media_type
    )
    assert shown.size == (300, 200)
    cut = Glimpse(half, [(0, content[: half // 2]), (half // 2, content[half // 2 : half])])
    with pytest.raises(UnreadablePictureError, match="cut off"):
        studio.glanced(cut, media_type)


async def test_a_side_that_no_picture_has_is_no_size() -> None:
    """A damaged AVIF may claim billions of pixels: it is kept without a size."""
    head = b"\0\0\0\x14ftypavif\0\0\0\0avif" + b"\0\0\0\x14ispe\0\0\0\0" + b"\xff" * 8
    assert pixels_in_header(head, "image/avif") is None
    fair = head[:-8] + (640).to_bytes(4, "big") + (480).to_bytes(4, "big")
    assert pixels_in_header(fair, "image/avif") == (640, 480)
