"""Products and scenes for tests: drawn, small, and spelled as files."""

import io
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from callsheet.media.compositing.compositor import composite
from callsheet.media.examine import PictureLimits
from callsheet.ports.compositing import Box, Composite, CompositeSpec, Wish

LIMITS = PictureLimits(8_192 * 8_192, 8_192)


def as_file(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """Spell a picture as a file."""
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def tin(size: int = 240) -> Image.Image:
    """Draw a lettered tin with alpha, its edges smooth."""
    big = size * 4
    picture = Image.new("RGBA", (big, big))
    pen = ImageDraw.Draw(picture)
    body = (big * 0.25, big * 0.12, big * 0.75, big * 0.92)
    pen.rounded_rectangle(body, big * 0.06, fill=(176, 32, 40, 255))
    pen.rectangle((big * 0.25, big * 0.4, big * 0.75, big * 0.68), fill=(240, 226, 190, 255))
    font = ImageFont.load_default(big * 0.14)
    pen.text((big * 0.5, big * 0.54), "SOUP", fill=(20, 30, 90, 255), font=font, anchor="mm")
    for step in range(5):
        x = big * (0.3 + step * 0.09)
        pen.ellipse((x, big * 0.78, x + big * 0.05, big * 0.83), fill=(235, 190, 60, 255))
    picture = picture.resize((size, size), Image.Resampling.LANCZOS)
    shade = np.asarray(picture).astype(np.float32)
    across = np.linspace(-1, 1, size)[None, :, None]
    shade[..., :3] *= 1.06 - 0.35 * across**2
    return Image.fromarray(np.clip(shade, 0, 255).astype(np.uint8))


def on_ground(
    product: Image.Image, ground: tuple[int, int, int], noise: float = 1.2, seed: int = 1
) -> tuple[Image.Image, np.ndarray[Any, Any]]:
    """Photograph a product before a slightly uneven studio ground; its true matte beside it."""
    width, height = product.size
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    plate = np.array(ground) * (1 - 0.03 * (x * x + y * y) + 0.02 * y)[..., None]
    pixels = np.asarray(product).astype(np.float64)
    share = pixels[..., 3:] / 255
    mixed = pixels[..., :3] * share + plate * (1 - share)
    mixed += np.random.default_rng(seed).standard_normal(mixed.shape) * noise
    photo = Image.fromarray(np.clip(np.rint(mixed), 0, 255).astype(np.uint8))
    return photo, share[..., 0]


def table(size: tuple[int, int] = (640, 420), noise: float = 2.0) -> Image.Image:
    """Draw a table before a wall."""
    width, height = size
    dice = np.random.default_rng(7)
    edge = int(height * 0.45)
    pixels = np.zeros((height, width, 3))
    pixels[:edge] = (120, 126, 132)
    pixels[edge:] = (158, 112, 72)
    y = np.arange(height)[:, None]
    pixels[edge:] += (6 * np.sin(y * 0.9 + np.sin(np.arange(width)[None] / 60)))[edge:, :, None]
    pixels *= np.linspace(0.8, 1.05, width)[None, :, None]
    pixels += dice.standard_normal(pixels.shape) * noise
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def composed(scene: Image.Image | bytes, *products: Image.Image | bytes, **given: Any) -> Composite:
    """Compose in this process; `place` is for the first product."""
    place = given.pop("place", "")
    wishes = given.pop("wishes", tuple(Wish(place if not n else "") for n in range(len(products))))
    files = [each if isinstance(each, bytes) else as_file(each) for each in (scene, *products)]
    return composite(files[0], files[1:], CompositeSpec(wishes, **given), LIMITS)


def pixels_of(made: Composite) -> np.ndarray[Any, Any]:
    """Open what was made."""
    return np.asarray(Image.open(io.BytesIO(made.picture)).convert("RGB"))


WHOLE = Box(0.3, 0.3, 0.25)
