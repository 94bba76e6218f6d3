"""What a file is by its first bytes."""

import io

import pytest
from PIL import Image
from tests.media.samples import as_file, painted

from callsheet.media.sniffing import sniff
from callsheet.ports.pictures import UnreadablePictureError

NOT_READ = {
    b"": "empty",
    b"<svg xmlns='http://www.w3.org/2000/svg'></svg>": "SVG.*export it as PNG",
    b"\xef\xbb\xbf <?xml version='1.0'?>\n<!-- x -->\n<svg/>": "SVG",
    b"\n<!DOCTYPE html><html><img src='a.png'>": "HTML page",
    b"<head><title>Sign in</title>": "HTML page",
    b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>": "XML",
    b'{"error": "not found"}': "JSON",
    b"not found": "text",
    b"%PDF-1.7": "PDF",
    b"PK\x03\x04\x14\x00": "ZIP",
    b"\x00\x00\x00\x1cftypavif\x00\x00": "AVIF",
    b"\x00\x00\x00\x1cftypheic\x00\x00": "HEIC",
    b"\x00\x00\x00\x1cftypisom\x00\x00": "video",
    b"\x1a\x45\xdf\xa3\x01": "video",
    b"RIFF\x00\x00\x00\x00AVI LIST": "video",
    b"RIFF\x00\x00\x00\x00WAVEfmt ": "unknown",
    b"II*\x00\x08\x00\x00\x00": "TIFF",
    b"8BPS\x00\x01": "Photoshop",
    b"\x00\x01\x02\x03\x04": r"unknown \(it begins 00 01 02 03\)",
    b"\x89PNG\r\n": "unknown",
}


@pytest.mark.parametrize(("content", "reason"), NOT_READ.items())
def test_file_that_is_no_picture_is_named_for_what_it_is(content: bytes, reason: str) -> None:
    """The refusal says what the file is, so that its owner knows what went wrong."""
    with pytest.raises(UnreadablePictureError, match=reason):
        sniff(content)


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "ICO", "AVIF"])
def test_other_picture_formats_are_refused(kind: str) -> None:
    """Formats that Pillow could read and we do not are refused by name."""
    name = "an icon" if kind == "ICO" else kind
    with pytest.raises(UnreadablePictureError, match=name):
        sniff(as_file(painted(1, (32, 32)), kind))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_picture_is_known_by_its_bytes(kind: str) -> None:
    """The four formats that are read are recognised."""
    content = as_file(painted(1, (32, 32)), kind)
    with Image.open(io.BytesIO(content)) as picture:
        assert sniff(content) == Image.MIME[picture.format or ""]
