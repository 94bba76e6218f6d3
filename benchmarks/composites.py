"""CPU of a local composite, beside a plain paste of the same files with bare Pillow, in one run."""

import io

from _measuring import Row, median_cpu, options, show
from PIL import Image
from tests.compositing.making import on_ground, table, tin

from callsheet.media.compositing.compositor import composite
from callsheet.media.compositing.opening import opened
from callsheet.media.examine import PictureLimits
from callsheet.ports.compositing import Box, CompositeSpec, Wish

LIMITS = PictureLimits(8_192 * 8_192, 8_192)
PLACE = Box(0.3, 0.05, 0.34)


def file_of(picture: Image.Image, kind: str) -> bytes:
    """Spell a picture as a file."""
    out = io.BytesIO()
    picture.save(out, kind, quality=93)
    return out.getvalue()


def pasted(scene: bytes, product: bytes) -> None:
    """Do no more than Pillow must: decode, resize, paste by alpha, encode."""
    under = Image.open(io.BytesIO(scene)).convert("RGB")
    over = Image.open(io.BytesIO(product)).convert("RGBA")
    width = round(PLACE.width * under.width)
    over = over.resize((width, round(over.height * width / over.width)), Image.Resampling.LANCZOS)
    under.paste(over, (round(PLACE.x * under.width), round(PLACE.y * under.height)), over)
    under.save(io.BytesIO(), "JPEG", quality=93, subsampling=0)


def measure(name: str, scene: bytes, product: bytes, repeats: int) -> Row:
    """Compose and paste the same files."""
    spec = CompositeSpec((Wish(PLACE),), "image/jpeg")
    composite(scene, [product], spec, LIMITS)  # what is worked out once
    ours = median_cpu(lambda: composite(scene, [product], spec, LIMITS), repeats)
    plain = median_cpu(lambda: pasted(scene, product), repeats)
    decoding = median_cpu(lambda: (opened(scene, "", LIMITS), opened(product, "", LIMITS)), repeats)
    return {
        "product": name,
        "CPU ms": ours * 1_000,
        "of which decoding": decoding * 1_000,
        "plain paste, CPU ms": plain * 1_000,
        "ratio": ours / plain,
    }


def main() -> None:
    """Measure a product of 1,400 pixels in a scene of 2,048."""
    chosen = options(__doc__ or "")
    repeats = 3 if chosen.quick else 9
    scene = file_of(table((2_048, 1_536)), "JPEG")
    photo, _ = on_ground(tin(1_400), (240, 240, 240))
    rows = [
        measure("with alpha, PNG", scene, file_of(tin(1_400), "PNG"), repeats),
        measure("before white, JPEG", scene, file_of(photo, "JPEG"), repeats),
    ]
    show("local composites", rows, as_json=chosen.json)


if __name__ == "__main__":
    main()
