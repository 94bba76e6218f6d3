"""The files of `callsheet composite`: what is made of which, and where it is written."""

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from callsheet.kernel.errors import FieldError, InvalidInputError, shown
from callsheet.media.composing import MAX_FILE_BYTES
from callsheet.ports.compositing import Composite

MEDIA_TYPES: Final = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
}
_PICTURES: Final = frozenset({*MEDIA_TYPES, ".avif", ".tif", ".tiff", ".gif", ".bmp"})
_MOST: Final = 2_000  # pictures of one command


class CompositeFileError(InvalidInputError):
    """A product, scene or place for results cannot be used."""

    code = "composite_file"

    def __init__(self, field: str, given: Path, reason: str) -> None:
        super().__init__(
            f"{field} {shown(str(given))} {reason}", [FieldError(field, reason, str(given))]
        )


@dataclass(frozen=True, slots=True)
class Piece:
    """One composite to make: its scene, its products from the back to the front, its file."""

    scene: Path
    products: tuple[Path, ...]
    out: Path

    @property
    def name(self) -> str:
        """Name it for people."""
        return self.out.name


def is_many(products: Sequence[Path], scene: Path) -> bool:
    """Tell whether a folder is among what is named: then a folder is written."""
    return scene.is_dir() or any(product.is_dir() for product in products)


def pieces_of(products: Sequence[Path], scene: Path, out: Path) -> list[Piece]:
    """List what is to be made. Raises CompositeFileError."""
    for path in products:
        _check("product", path)
    _check("scene", scene)
    if not is_many(products, scene):
        if out.suffix.lower() not in MEDIA_TYPES:
            raise CompositeFileError("out", out, "must end in .png, .jpg or .webp")
        return [Piece(scene, tuple(products), out)]
    if out.exists() and not out.is_dir():
        raise CompositeFileError("out", out, "is a file; name a folder for many pictures")
    together = [tuple(products)]
    if any(path.is_dir() for path in products):
        together = [(path,) for each in products for path in _pictures("product", each)]
    pairs = list(itertools.product(together, _pictures("scene", scene)))
    if len(pairs) > _MOST:
        raise CompositeFileError(
            "out", out, f"would get {len(pairs):,} pictures, at most {_MOST:,}"
        )
    found = []
    for number, (shot, place) in enumerate(pairs, 1):
        name = f"{number:04d}-{'+'.join(path.stem for path in shot)[:60]}-{place.stem[:60]}.jpg"
        found.append(Piece(place, shot, out / name))
    return found


def _check(field: str, path: Path) -> None:
    if not path.exists():
        raise CompositeFileError(field, path, "does not exist")


def _pictures(field: str, path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(each for each in path.iterdir() if each.suffix.lower() in _PICTURES)
    if not found:
        raise CompositeFileError(field, path, "holds no pictures")
    return found


def read_file(path: Path) -> bytes:
    """Read a picture, unless it is too large to be one. Raises CompositeFileError."""
    try:
        if (size := path.stat().st_size) > MAX_FILE_BYTES:
            reason = f"has {size:,} bytes, at most {MAX_FILE_BYTES:,} are read"
            raise CompositeFileError("file", path, reason)
        return path.read_bytes()
    except OSError as error:
        raise CompositeFileError("file", path, f"cannot be read: {error.strerror}") from error


def write_composite(path: Path, made: Composite) -> None:
    """Write a composite, with its layers and recipe if it has such. Raises CompositeFileError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(made.picture)
        if made.layers:
            for name, content in made.layers.items():
                path.with_name(f"{path.stem}.{name}.png").write_bytes(content)
            recipe = json.dumps(made.recipe, ensure_ascii=False, indent=1)
            path.with_name(f"{path.stem}.recipe.json").write_text(recipe, "utf-8")
    except OSError as error:
        raise CompositeFileError("out", path, f"cannot be written: {error.strerror}") from error


def write_picture(path: Path, content: bytes) -> None:
    """Write a picture, and the folder that it goes into. Raises CompositeFileError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise CompositeFileError("out", path, f"cannot be written: {error.strerror}") from error
