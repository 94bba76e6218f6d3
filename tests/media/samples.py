"""Pictures for tests: drawn from a seed, spelled as files, and files made to do harm."""

import io
import random
import struct
import zlib
from typing import Any

from PIL import Image, ImageDraw


def painted(seed: int, size: tuple[int, int] = (384, 256)) -> Image.Image:
    """Paint a picture of large and small shapes; every seed gives another one."""
    chance = random.Random(seed)  # noqa: S311 - seeded so that tests repeat
    width, height = size
    colours = [tuple(chance.randrange(256) for _ in range(3)) for _ in range(8)]
    picture = Image.new("RGB", size, colours[0])
    pen = ImageDraw.Draw(picture)
    for _ in range(30):
        reach = chance.choice((0.1, 0.25, 0.5))
        left, top = chance.uniform(-0.2, 1) * width, chance.uniform(-0.2, 1) * height
        box = (left, top, left + reach * width, top + chance.uniform(0.2, 1) * reach * height)
        draw = chance.choice((pen.ellipse, pen.rectangle))
        draw(box, fill=chance.choice(colours))
    return picture


def see_through(seed: int, size: tuple[int, int] = (64, 48)) -> Image.Image:
    """Paint a picture whose left half fades out, with colours left under what nobody sees."""
    picture = painted(seed, size).convert("RGBA")
    width, height = size
    fade = Image.new("L", size)
    fade.putdata([max(0, 510 * x // width - 255) for _ in range(height) for x in range(width)])
    picture.putalpha(fade)
    return picture


def as_file(picture: Image.Image, kind: str, **options: Any) -> bytes:
    """Spell a picture as a file."""
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def opened(content: bytes) -> Image.Image:
    """Open a file that we made ourselves."""
    picture = Image.open(io.BytesIO(content))
    picture.load()
    return picture


def png_chunk(kind: bytes, content: bytes) -> bytes:
    """Spell one chunk of a PNG."""
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def png_claiming(width: int, height: int, *extra: bytes) -> bytes:
    """Spell a PNG of 69 bytes (and `extra` chunks) that claims any size."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    pixels = png_chunk(b"IDAT", zlib.compress(b"\x00\x00\x00\x00"))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(extra) + pixels + png_chunk(b"IEND", b"")


def webp_claiming(width: int, height: int) -> bytes:
    """Spell the start of an animated WebP with a canvas of any size."""
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    content = b"WEBPVP8X" + struct.pack("<I", 10) + b"\x02\x00\x00\x00" + canvas
    return b"RIFF" + struct.pack("<I", len(content)) + content


def mutated(content: bytes, seed: int) -> bytes:
    """Change some bytes of a file at random places behind its first sixteen."""
    chance = random.Random(seed)  # noqa: S311 - seeded so that tests repeat
    changed = bytearray(content)
    for _ in range(chance.choice((1, 3, 10, 100))):
        changed[chance.randrange(16, len(changed))] = chance.randrange(256)
    return bytes(changed)
