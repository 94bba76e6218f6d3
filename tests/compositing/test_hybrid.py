"""Answers of a hosted model, simulated: relit, relettered, squashed, or without the product."""

from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from tests.compositing.making import table, tin

from callsheet.media.compositing.hybrid import Looked, looked_at

Pixels = np.ndarray[Any, Any]


def answered(product: Image.Image, *, scale: float = 0.8, turn: float = 3.0) -> Pixels:
    """Draw a model's answer: the product at its own place, relit from the left and noisy."""
    scene = table().convert("RGB")
    size = (round(product.width * scale), round(product.height * scale))
    turned = product.resize(size, Image.Resampling.LANCZOS).rotate(
        turn, Image.Resampling.BICUBIC, expand=True
    )
    pixels = np.asarray(turned).astype(np.float32)
    across = np.linspace(1.15, 0.7, pixels.shape[1])[None, :, None]
    pixels[..., :3] *= across * np.array([1.05, 1.0, 0.9])
    lit = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    scene.paste(lit, (250, 120), lit)
    noise = np.random.default_rng(2).standard_normal((420, 640, 3)) * 2
    return np.clip(np.asarray(scene) + noise, 0, 255).astype(np.uint8)


def look(answer: Pixels) -> Looked:
    product = tin()
    box = product.getchannel("A").getbbox()
    cut = np.asarray(product.crop(box))
    return looked_at(answer, cut[..., :3].copy(), cut[..., 3].copy())


def relettered(text: str) -> Image.Image:
    product = tin()
    pen = ImageDraw.Draw(product)
    pen.rectangle((66, 100, 174, 160), fill=(236, 222, 188, 255))
    font = ImageFont.load_default(34)
    pen.text((120, 130), text, fill=(20, 30, 90, 255), font=font, anchor="mm")
    return product


@pytest.mark.parametrize(("scale", "turn"), [(0.6, 0.0), (0.8, 3.0), (1.0, -5.0)])
def test_relit_product_is_kept(scale: float, turn: float) -> None:
    """Another light, a turn and noise are no change of the product."""
    looked = look(answered(tin(), scale=scale, turn=turn))
    assert looked.way == "kept", looked
    assert looked.pose.scale == pytest.approx(scale, rel=0.02)
    assert looked.pose.turn == pytest.approx(-turn, abs=1) or looked.pose.turn == pytest.approx(
        turn, abs=1
    )


def test_swapped_letters_are_put_back() -> None:
    """Where geometry agrees and letters do not, the photograph's own come back."""
    looked = look(answered(relettered("SOAP"), turn=0.0))
    assert looked.way == "restored", looked
    assert looked.original > 0.7
    assert all(
        each.status != "fail" for each in looked.findings if each.check == "product_lettering"
    )


def test_squashed_product_is_no_product() -> None:
    """What is a fifth broader than it should be is not mended but refused."""
    wide = tin().resize((300, 240), Image.Resampling.LANCZOS)
    assert look(answered(wide, turn=0.0)).way == "refused"


def test_missing_product_is_told() -> None:
    """A scene without the product is refused because it was not found again."""
    looked = look(np.asarray(table()))
    assert looked.way == "refused"
    assert "not found" in looked.reason
