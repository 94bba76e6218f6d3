"""Pictures of the simulated models: real files of the right size, cheap by the thousand.

A scene is drawn and encoded once for each (label, size, format, shade), then every order gets its
own bytes by a stamp in the file's metadata; the shade follows from the stamp too. Every picture
says that it is simulated.
"""

import colorsys
import io
import struct
import zlib
from collections import OrderedDict
from collections.abc import Callable

from PIL import Image, ImageDraw, ImageFont

MEDIA_TYPES = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}
SHADES = 64
_MOST_KEPT = 512
_XMP_FLAG = 0x04
_PNG_HEAD_BYTES = 33  # signature and IHDR, which must stay in front

Rgb = tuple[int, int, int]


class Pictures:
    """Draws pictures and keeps the latest scenes encoded."""

    def __init__(self) -> None:
        self._scenes: OrderedDict[tuple[str, int, int, str, int], bytes] = OrderedDict()

    def knows(self, label: str, width: int, height: int, kind: str, stamp: bytes) -> bool:
        """Tell whether such a picture costs next to nothing."""
        return (label, width, height, kind, stamp[0] % SHADES) in self._scenes

    def picture(self, label: str, width: int, height: int, kind: str, stamp: bytes) -> bytes:
        """Make a file of `kind` (png, jpg, webp); the same arguments give the same bytes."""
        key = (label, width, height, kind, stamp[0] % SHADES)
        scene = self._scenes.get(key)
        if scene is None:
            scene = _encoded(draw_scene(label, width, height, key[-1] / SHADES), kind)
            self._scenes[key] = scene
            while len(self._scenes) > _MOST_KEPT:
                self._scenes.popitem(last=False)
        return _STAMPS[kind](scene, stamp.hex().encode(), (width, height))

    def flat(self, width: int, height: int, kind: str, stamp: bytes) -> bytes:
        """Make a file that shows nothing: it is of one tone."""
        scene = _encoded(Image.new("RGB", (width, height), (90, 90, 96)), kind)
        return _STAMPS[kind](scene, stamp.hex().encode(), (width, height))


def draw_scene(label: str, width: int, height: int, hue: float) -> Image.Image:
    """Draw a sky, a sun, hills and a label that says what this is."""
    sky = Image.linear_gradient("L").resize((width, height))
    picture = Image.composite(
        Image.new("RGB", (width, height), _colour(hue, 0.25, 0.95)),
        Image.new("RGB", (width, height), _colour(hue + 0.08, 0.6, 0.6)),
        sky,
    )
    pen = ImageDraw.Draw(picture)
    radius = min(width, height) // 9
    x, y = int(width * (0.2 + 0.6 * hue)), int(height * 0.3)
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=_colour(hue + 0.5, 0.4, 1))
    for step in range(3):
        left = -width // 3 + int(width * ((hue * 7 + step * 0.37) % 1))
        top = int(height * (0.45 + 0.14 * step))
        ground = _colour(hue + 0.3, 0.5, 0.55 - 0.12 * step)
        pen.ellipse((left - width, top, left + int(width * 1.6), top + height * 2), fill=ground)
    font = ImageFont.load_default(max(12, min(width, height) // 26))
    pen.text((width // 40, height // 40), f"SIMULATED  {label}", fill=(20, 20, 24), font=font)
    return picture


def _colour(hue: float, saturation: float, value: float) -> Rgb:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return int(red * 255), int(green * 255), int(blue * 255)


def _encoded(picture: Image.Image, kind: str) -> bytes:
    into = io.BytesIO()
    if kind == "png":
        picture.save(into, "PNG", compress_level=2)
    elif kind == "jpg":
        picture.save(into, "JPEG", quality=85)
    else:
        picture.save(into, "WEBP", quality=80, method=2)
    return into.getvalue()


def _stamp_png(scene: bytes, text: bytes, _: tuple[int, int]) -> bytes:
    chunk = b"tEXtComment\0" + text
    framed = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return scene[:_PNG_HEAD_BYTES] + framed + scene[_PNG_HEAD_BYTES:]


def _stamp_jpeg(scene: bytes, text: bytes, _: tuple[int, int]) -> bytes:
    after_jfif = 4 + struct.unpack(">H", scene[4:6])[0]  # the JFIF segment must come first
    comment = b"\xff\xfe" + struct.pack(">H", len(text) + 2) + text
    return scene[:after_jfif] + comment + scene[after_jfif:]


def _stamp_webp(scene: bytes, text: bytes, size: tuple[int, int]) -> bytes:
    # only the extended format may carry metadata, so a plain file is wrapped in it
    sides = b"".join(struct.pack("<I", side - 1)[:3] for side in size)
    head = b"VP8X" + struct.pack("<I", 10) + bytes((_XMP_FLAG, 0, 0, 0)) + sides
    note = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><!--" + text + b"--></x:xmpmeta>"
    tail = b"XMP " + struct.pack("<I", len(note)) + note + b"\0" * (len(note) % 2)
    body = b"WEBP" + head + scene[12:] + tail
    return b"RIFF" + struct.pack("<I", len(body)) + body


_STAMPS: dict[str, Callable[[bytes, bytes, tuple[int, int]], bytes]] = {
    "png": _stamp_png,
    "jpg": _stamp_jpeg,
    "webp": _stamp_webp,
}
