"""Likeness: what looks the same is near, what does not is far."""

import itertools
from collections.abc import Callable

import pytest
from PIL import Image, ImageEnhance
from tests.media.samples import as_file, opened, painted, see_through

from callsheet.media.likeness import NEAR_BITS, different_bits, likeness_of

SEEDS = range(24)
CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "re-encoded": lambda picture: opened(as_file(picture, "JPEG", quality=40)),
    "halved": lambda picture: picture.resize((picture.width // 2, picture.height // 2)),
    "doubled": lambda picture: picture.resize((picture.width * 2, picture.height * 2)),
    "brighter": lambda picture: ImageEnhance.Brightness(picture).enhance(1.2),
    "darker": lambda picture: ImageEnhance.Brightness(picture).enhance(0.8),
    "grey": lambda picture: picture.convert("L").convert("RGB"),
    "turned by a degree": lambda picture: picture.rotate(1, Image.Resampling.BICUBIC),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_changed_copy_is_near_its_original(
    change: Callable[[Image.Image], Image.Image],
) -> None:
    """A copy that a person would call the same picture is within the threshold."""
    distances = [
        different_bits(likeness_of(picture), likeness_of(change(picture)))
        for picture in map(painted, SEEDS)
    ]
    assert max(distances) <= NEAR_BITS


def test_different_pictures_are_far_apart() -> None:
    """Of all pairs of different pictures none is within the threshold."""
    hashes = [likeness_of(painted(seed)) for seed in SEEDS]
    pairs = itertools.combinations(hashes, 2)
    assert min(different_bits(one, other) for one, other in pairs) > NEAR_BITS


def test_likeness_is_256_bits_in_hexadecimal() -> None:
    """A hash has 64 digits, about half of its bits set, and is the same every time."""
    likeness = likeness_of(painted(1))
    assert len(likeness) == 64
    assert 100 < int(likeness, 16).bit_count() <= 128
    assert likeness == likeness_of(painted(1))


def test_flat_pictures_of_any_colour_are_alike() -> None:
    """What has no shape has no likeness of its own."""
    hashes = [
        likeness_of(Image.new("RGB", (50, 70), colour)) for colour in ("white", "red", "#123")
    ]
    assert max(different_bits(one, hashes[0]) for one in hashes) <= 1


def test_transparency_counts_as_white() -> None:
    """A cut-out is like the same cut-out on white paper."""
    cut_out = see_through(3)
    paper = Image.new("RGBA", cut_out.size, "white")
    paper.alpha_composite(cut_out)
    assert likeness_of(cut_out) == likeness_of(paper.convert("RGB"))
