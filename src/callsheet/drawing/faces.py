"""The typefaces we draw with: where they lie, what they cover, loading them at a size.

All of them come from packages, none from the machine, so that the same frame has the same bytes
wherever it is drawn (docs/decisions/0002-fonts-from-packages.md).
"""

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from PIL import ImageFont

from callsheet.drawing.cmap import Coverage, read_coverage
from callsheet.kernel.errors import CallsheetError

_PACK = "fonts/ofl"
# One optical size for all: widths then grow in step with the size, which the layout relies on.
_AXIS_VALUES = {b"Optical size": 20, b"Width": 100}


class FontMissingError(CallsheetError):
    """A package that carries our typefaces is not installed."""

    code: ClassVar[str] = "font_missing"

    def __init__(self, package: str, file: str) -> None:
        super().__init__(f"package {package!r} with {file!r} is not installed; install it again")
        self.package, self.file = package, file


class Weight(IntEnum):
    """How heavy the strokes are, where a face has the choice."""

    REGULAR = 400
    MEDIUM = 500
    BOLD = 680


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One face of one font file inside an installed package; each is made once, and is itself."""

    package: str
    file: str
    index: int = 0


INTER = Face("justmytype_western_core", f"{_PACK}/inter/Inter[opsz,wght].ttf")
MONO = Face("justmytype_western_core", f"{_PACK}/jetbrainsmono/JetBrainsMono[wght].ttf")


def _noto(package: str, name: str) -> Face:
    return Face(package, f"{_PACK}/{name.lower()}/{name}[wdth,wght].ttf")


def _cjk(index: int) -> Face:
    return Face("noto_cjk_sans_otc", "NotoSansCJK-Regular.ttc", index)


JAPANESE, KOREAN, SIMPLIFIED, TRADITIONAL = (_cjk(index) for index in range(4))

# In order of preference. East Asian comes late: its Latin letters are wider than Inter's.
_BEFORE_CJK = (
    INTER,
    _noto("justmytype_western_core", "NotoSans"),
    _noto("justmytype_intl_rtl", "NotoSansArabic"),
    _noto("justmytype_intl_rtl", "NotoSansHebrew"),
    _noto("justmytype_intl_south_asia", "NotoSansDevanagari"),
    _noto("justmytype_intl_south_asia", "NotoSansBengali"),
    _noto("justmytype_intl_south_asia", "NotoSansTamil"),
    _noto("justmytype_intl_south_asia", "NotoSansTelugu"),
    _noto("justmytype_intl_sea", "NotoSansThai"),
    _noto("justmytype_intl_sea", "NotoSansLao"),
    _noto("justmytype_intl_sea", "NotoSansKhmer"),
    _noto("justmytype_intl_sea", "NotoSansMyanmar"),
    _noto("justmytype_intl_africa", "NotoSansEthiopic"),
)
_AFTER_CJK = (
    Face("justmytype_western_core", f"{_PACK}/notosanssymbols2/NotoSansSymbols2-Regular.ttf"),
    Face("justmytype_western_core", f"{_PACK}/stixtwomath/STIXTwoMath-Regular.ttf"),
)


def faces_for(text: str) -> tuple[Face, ...]:
    """Name the faces to try in order; Han characters take the shapes of the text's language."""
    return (*_BEFORE_CJK, _han_face(text), *_AFTER_CJK)


# Frequent characters that only traditional Chinese writes; Japanese is told by its kana first.
_ONLY_TRADITIONAL = frozenset(
    "這個們來時為說對國會學還過後樣們開關門間點電話車東風飛馬魚鳥龍當應發給讓從"
)


def _han_face(text: str) -> Face:
    if any("\u3040" <= char <= "\u30ff" for char in text):
        return JAPANESE
    if any("\uac00" <= char <= "\ud7a3" for char in text):
        return KOREAN
    if not _ONLY_TRADITIONAL.isdisjoint(text):
        return TRADITIONAL
    return SIMPLIFIED


def package_folder(package: str, file: str) -> Path:
    """Find an installed package's folder without importing it: some packs load a lot."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise FontMissingError(package, file)
    return Path(spec.origin).parent


@lru_cache(maxsize=64)
def _path(face: Face) -> Path:
    path = package_folder(face.package, face.file) / face.file
    if not path.is_file():
        raise FontMissingError(face.package, face.file)
    return path


@lru_cache(maxsize=64)
def coverage(face: Face) -> Coverage:
    """Tell which code points the face has glyphs for."""
    return read_coverage(_path(face), face.index)


@lru_cache(maxsize=96)
def load(face: Face, size: int, weight: Weight = Weight.REGULAR) -> ImageFont.FreeTypeFont:
    """Open a face at a size in pixels."""
    font = ImageFont.truetype(
        str(_path(face)), size, index=face.index, layout_engine=ImageFont.Layout.RAQM
    )
    if "[" in face.file:  # the mark of a variable font in its file name
        axes = font.get_variation_axes()
        font.set_variation_by_axes([_AXIS_VALUES.get(axis["name"], weight.value) for axis in axes])
    return font
