"""Draw the reference pictures of `launch.csv`; the only origin of `references/*`.

Run ``python examples/draw_references.py``: the same files come out every time. Some are the same
picture on purpose, under another name or in another file format: a job should use each once.
"""

import io
import math
import random
import shutil
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter

Colour = tuple[int, int, int]

FOLDER = Path(__file__).parent / "references"
TERRACOTTA: Colour = (190, 98, 68)
CREAM: Colour = (240, 230, 212)
DEEP_SEA: Colour = (24, 52, 66)
SAGE: Colour = (142, 160, 132)
BRASS: Colour = (206, 166, 84)
INK: Colour = (30, 32, 38)
FINER = 3  # drawn this much larger, then averaged down: smooth edges


def mix(left: Colour, right: Colour, part: float) -> Colour:
    """Go part of the way from one colour to another."""
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(left, right, strict=True))
    return red, green, blue


def fade(size: tuple[int, int], top: Colour, bottom: Colour) -> Image.Image:
    """Paint a gradient from top to bottom."""
    column = Image.new("RGB", (1, size[1]))
    column.putdata([mix(top, bottom, row / (size[1] - 1)) for row in range(size[1])])
    return column.resize(size)


def brand_card() -> Image.Image:
    """Paint the palette card: five colours, large to small."""
    side = 600 * FINER
    card = Image.new("RGB", (side, side), CREAM)
    draw = ImageDraw.Draw(card)
    for left, top, right, bottom, colour in (
        (0.0, 0.0, 0.62, 0.62, TERRACOTTA),
        (0.62, 0.0, 1.0, 0.38, DEEP_SEA),
        (0.62, 0.38, 1.0, 0.62, SAGE),
        (0.0, 0.62, 0.38, 1.0, BRASS),
    ):
        draw.rectangle((left * side, top * side, right * side - 1, bottom * side - 1), colour)
    draw.ellipse((0.46 * side, 0.68 * side, 0.7 * side, 0.92 * side), INK)
    return card.reduce(FINER)


def mug() -> Image.Image:
    """Paint the product: a terracotta mug on a clear ground."""
    side = 560 * FINER
    picture = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    left, right, top, bottom = 0.14 * side, 0.68 * side, 0.2 * side, 0.88 * side
    draw.ellipse((0.56 * side, 0.32 * side, 0.9 * side, 0.7 * side), mix(TERRACOTTA, INK, 0.25))
    draw.ellipse((0.62 * side, 0.38 * side, 0.84 * side, 0.64 * side), (0, 0, 0, 0))
    steps = 90
    for n in range(steps):
        part = n / (steps - 1)
        light = 0.5 + 0.5 * math.cos((part - 0.28) * math.pi * 1.25)
        colour = mix(mix(TERRACOTTA, INK, 0.5), mix(TERRACOTTA, CREAM, 0.42), light)
        x1, x2 = left + (right - left) * n / steps, left + (right - left) * (n + 1) / steps + 1
        curve = math.sqrt(max(0.0, 1 - (2 * part - 1) ** 2)) * 0.045 * side
        draw.rectangle((x1, top, x2, bottom - 0.045 * side + curve), colour)
    draw.rectangle((left, 0.62 * side, right, 0.635 * side), mix(CREAM, TERRACOTTA, 0.25))
    rim = 0.06 * side
    draw.ellipse((left, top - rim, right, top + rim), mix(TERRACOTTA, CREAM, 0.5))
    inset = 0.018 * side
    draw.ellipse((left + inset, top - rim + inset, right - inset, top + rim - inset), (58, 34, 24))
    return picture.reduce(FINER)


def bottle() -> Image.Image:
    """Paint the second product: a bottle of lamp oil, as a shop photographs it on white."""
    wide, tall = 420 * FINER, 700 * FINER
    picture = Image.new("RGB", (wide, tall), (250, 250, 248))
    draw = ImageDraw.Draw(picture)
    for n in range(70):
        part = n / 69
        light = 0.5 + 0.5 * math.cos((part - 0.3) * math.pi * 1.3)
        colour = mix(mix(DEEP_SEA, INK, 0.5), mix(DEEP_SEA, (150, 190, 196), 0.6), light)
        for left, right, top, bottom in ((0.27, 0.73, 0.42, 0.92), (0.41, 0.59, 0.16, 0.42)):
            x = (left + (right - left) * part) * wide
            draw.rectangle((x, top * tall, x + (right - left) / 69 * wide, bottom * tall), colour)
    draw.polygon(
        [
            (0.41 * wide, 0.35 * tall),
            (0.59 * wide, 0.35 * tall),
            (0.73 * wide, 0.44 * tall),
            (0.27 * wide, 0.44 * tall),
        ],
        mix(DEEP_SEA, (150, 190, 196), 0.25),
    )
    draw.rectangle((0.39 * wide, 0.08 * tall, 0.61 * wide, 0.17 * tall), BRASS)
    draw.rectangle((0.27 * wide, 0.56 * tall, 0.73 * wide, 0.8 * tall), CREAM)
    draw.rectangle((0.34 * wide, 0.61 * tall, 0.6 * wide, 0.635 * tall), TERRACOTTA)
    for row in range(3):
        y = (0.68 + 0.035 * row) * tall
        draw.rectangle(
            (0.34 * wide, y, (0.66 - 0.06 * row) * wide, y + 0.008 * tall), mix(INK, CREAM, 0.4)
        )
    return picture.reduce(FINER)


def keeper() -> Image.Image:
    """Paint the lighthouse keeper, head and shoulders, against the evening."""
    side = 640 * FINER
    picture = fade((side, side), (58, 70, 110), (232, 158, 108))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0.76 * side, side, side), mix(DEEP_SEA, (90, 100, 120), 0.3))
    draw.ellipse((0.66 * side, 0.58 * side, 0.86 * side, 0.78 * side), (250, 214, 156))
    draw.rectangle((0, 0.76 * side, side, side), mix(DEEP_SEA, (90, 100, 120), 0.3))
    coat = mix(BRASS, INK, 0.35)
    draw.ellipse((0.1 * side, 0.62 * side, 0.82 * side, 1.5 * side), coat)
    draw.polygon(
        [(0.34 * side, 0.64 * side), (0.58 * side, 0.64 * side), (0.46 * side, 0.92 * side)],
        mix(CREAM, INK, 0.2),
    )
    skin = (188, 132, 100)
    draw.rectangle((0.39 * side, 0.5 * side, 0.53 * side, 0.7 * side), mix(skin, INK, 0.35))
    draw.ellipse((0.31 * side, 0.22 * side, 0.61 * side, 0.64 * side), skin)
    draw.pieslice((0.31 * side, 0.3 * side, 0.61 * side, 0.7 * side), 5, 175, (222, 216, 206))
    draw.pieslice((0.27 * side, 0.12 * side, 0.65 * side, 0.5 * side), 180, 360, INK)
    draw.rounded_rectangle((0.22 * side, 0.29 * side, 0.58 * side, 0.335 * side), 0.02 * side, INK)
    return picture.reduce(FINER)


def city_plate() -> Image.Image:
    """Paint a plate for a first frame: a wet street at dusk."""
    wide, tall = 960, 540
    dice = random.Random(11)  # noqa: S311 - a picture, not a secret
    picture = fade((wide, tall), (38, 44, 84), (236, 148, 112))
    draw = ImageDraw.Draw(picture)
    for layer, (count, colour, low) in enumerate(
        ((14, (86, 74, 112), 0.3), (9, (52, 48, 82), 0.4), (6, (28, 28, 52), 0.52))
    ):
        for n in range(count):
            left = wide * n / count + dice.uniform(-14, 14)
            high = tall * (0.74 - low * dice.uniform(0.5, 1.0))
            right = left + wide / count * dice.uniform(0.8, 1.1)
            draw.rectangle((left, high, right, tall * 0.76), colour)
            for _ in range(9 + 5 * layer):
                x, y = dice.uniform(left + 4, right - 8), dice.uniform(high + 6, tall * 0.74)
                draw.rectangle((x, y, x + 4, y + 6), (255, 206, 132))
    street = picture.crop((0, 0, wide, round(tall * 0.76))).transpose(
        Image.Transpose.FLIP_TOP_BOTTOM
    )
    mirror = street.resize((wide, round(tall * 0.24))).filter(ImageFilter.GaussianBlur(5))
    picture.paste(
        Image.blend(mirror, Image.new("RGB", mirror.size, (24, 26, 44)), 0.4),
        (0, round(tall * 0.76)),
    )
    return picture


def lamp_plate() -> Image.Image:
    """Paint a plate for a last frame: the lamp room at night, the mug on its sill."""
    picture = city_plate().filter(ImageFilter.GaussianBlur(9))
    night = Image.blend(picture, Image.new("RGB", picture.size, (14, 18, 40)), 0.5)
    draw = ImageDraw.Draw(night)
    wide, tall = night.size
    for n in range(7):
        draw.rectangle((wide * n / 6 - 5, 0, wide * n / 6 + 5, tall), INK)
    draw.rectangle((0, tall * 0.8, wide, tall), mix(INK, TERRACOTTA, 0.22))
    product = mug().resize((190, 190), Image.Resampling.LANCZOS)
    night.paste(product, (round(wide * 0.3), round(tall * 0.84) - 176), product)
    return night


def linen() -> Image.Image:
    """Paint a texture: woven linen."""
    side = 420
    dice = random.Random(5)  # noqa: S311 - a picture, not a secret
    cloth = Image.new("RGB", (side, side), CREAM)
    draw = ImageDraw.Draw(cloth)
    for n in range(0, side, 3):
        draw.line((n, 0, n, side), mix(CREAM, (168, 148, 120), dice.uniform(0.05, 0.4)))
    woven = Image.blend(cloth, cloth.transpose(Image.Transpose.ROTATE_90), 0.5)
    return woven.filter(ImageFilter.SMOOTH)


def granite() -> Image.Image:
    """Paint a texture: granite of the coast."""
    side = 420
    dice = random.Random(3)  # noqa: S311 - a picture, not a secret
    stone = Image.new("RGB", (side, side), (126, 130, 136))
    draw = ImageDraw.Draw(stone)
    for _ in range(2_600):
        x, y, size = dice.uniform(0, side), dice.uniform(0, side), dice.uniform(0.6, 3.4)
        tint = dice.choice(
            ((92, 96, 104), (160, 162, 166), (196, 194, 190), (70, 74, 84), (150, 118, 104))
        )
        draw.ellipse((x - size, y - size, x + size, y + size * 0.8), tint)
    return stone.filter(ImageFilter.SMOOTH)


def save(name: str, picture: Image.Image, **options: object) -> None:
    """Write one file of the set."""
    out = io.BytesIO()
    kind = {".png": "PNG", ".webp": "WEBP", ".jpg": "JPEG"}[Path(name).suffix]
    picture.save(out, kind, **options)
    (FOLDER / name).write_bytes(out.getvalue())


def main() -> None:
    """Draw the whole set again."""
    FOLDER.mkdir(exist_ok=True)
    save("brand_card.png", brand_card(), optimize=True)
    save("mug.png", mug(), optimize=True)
    save("lamp_oil.png", bottle(), optimize=True)
    save("keeper.png", keeper(), optimize=True)
    save("city_dusk.jpg", city_plate(), quality=88)
    save("lamp_room.jpg", lamp_plate(), quality=88)
    save("linen.webp", linen(), quality=82)
    save("granite.webp", granite(), quality=82)
    # The same file under another name: equal bytes.
    shutil.copyfile(FOLDER / "brand_card.png", FOLDER / "brand_card_copy.png")
    shutil.copyfile(FOLDER / "mug.png", FOLDER / "mug_hero_FINAL.png")
    # The same picture saved again: other bytes, equal pixels.
    save("brand_card_resaved.png", brand_card(), compress_level=1)
    save("mug_lossless.webp", mug(), lossless=True, exact=True)


if __name__ == "__main__":
    main()
