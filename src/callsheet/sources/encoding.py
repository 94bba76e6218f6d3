"""In which encoding a text is: by its marks, as UTF-8, or as a library is certain of.

What is read in the wrong encoding is still text, and would be paid for. So a reading that is not
certain is no reading: `--encoding` says which it is.
"""

import codecs
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from charset_normalizer import CharsetMatch, from_bytes

from callsheet.kernel.errors import InvalidInputError, shown
from callsheet.ports.sheets import DamagedSheetError, UncertainEncodingError

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HEADER_BYTES: Final = 64
_ZEROS_OF_UTF16: Final = 0.4  # half of the bytes, but for letters beyond Latin
_SAMPLE_BYTES: Final = 16_384
_LIBRARY_BYTES: Final = 4_096  # of lines that are not ASCII: more takes longer and tells no more
_HIGH: Final = re.compile(rb"[\x80-\xff]+")
# by the names that people know them by; Python's own come after
NAMES: Final[Mapping[str, str]] = {
    "windows-1252": "cp1252",
    "windows-1250": "cp1250",
    "windows-1251": "cp1251",
    "windows-1253": "cp1253",
    "windows-1254": "cp1254",
    "windows-1255": "cp1255",
    "windows-1256": "cp1256",
    "gb18030": "gb18030",
    "shift_jis": "cp932",
    "euc-jp": "euc_jp",
    "euc-kr": "cp949",
    "big5": "cp950",
    "koi8-r": "koi8_r",
    "mac-roman": "mac_roman",
}
_SAYABLE: Final = {python: name for name, python in NAMES.items()}
_WESTERN: Final = ("cp1252", "cp1250", "cp1254")  # of the same bytes for most, not for all letters
_ENOUGH: Final = 24  # bytes beyond ASCII, below which a library's word is a guess
_LEAST_COHERENCE: Final = 0.55  # of letters with a language's own frequencies
_CLEARER: Final = 0.15  # by which the best reading is before the next


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text; `damaged` if bytes of it are not UTF-8 and stand there as halves of letters."""

    text: str
    encoding: str
    damaged: bool = False


def decoded(content: bytes, asked: str = "") -> Decoded:
    """Decode a text. Raises DamagedSheetError, UncertainEncodingError, InvalidInputError."""
    if asked:
        return _as_asked(content, asked)
    marked = next((name for mark, name in _MARKS if content.startswith(mark)), "")
    if encoding := marked or _unmarked_utf16(content):
        return Decoded(_strictly(content, encoding), encoding.removesuffix("-sig"))
    try:
        return Decoded(content.decode(), "utf-8")
    except UnicodeDecodeError:
        pass
    if _is_damaged_utf8(content):
        return Decoded(content.decode("utf-8", "surrogateescape"), "utf-8", damaged=True)
    encoding = certain_encoding(content)
    if not encoding:
        possible = readings(content)
        if not possible:
            raise DamagedSheetError("its bytes are text in no encoding; save the sheet as UTF-8")
        raise UncertainEncodingError(possible)
    return Decoded(_strictly(content, encoding), _SAYABLE[encoding])


def _as_asked(content: bytes, asked: str) -> Decoded:
    plain = asked.strip().lower()
    try:
        encoding = codecs.lookup(NAMES.get(plain, plain)).name
        "".encode(encoding)  # codecs that make bytes of bytes are none of text
    except (LookupError, TypeError, ValueError) as error:
        known = ", ".join(("utf-8", *NAMES))
        raise InvalidInputError(
            f"encoding {shown(asked)!r} is not known; use one of {known}"
        ) from error
    encoding = "utf-8-sig" if encoding == "utf-8" else encoding
    return Decoded(_strictly(content, encoding), plain)


def _strictly(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeError as error:
        at = f"byte {error.start}" if isinstance(error, UnicodeDecodeError) else "a byte"
        name = _SAYABLE.get(encoding, encoding.removesuffix("-sig"))
        raise DamagedSheetError(f"{at} is not {name}; save the sheet as UTF-8") from error


def _unmarked_utf16(content: bytes) -> str:
    """Recognise UTF-16 without a mark: in its header nearly every other byte is zero."""
    head = content[:_HEADER_BYTES]
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) < len(head) * _ZEROS_OF_UTF16 or min(even, odd):
        return ""
    return "utf-16-le" if odd else "utf-16-be" if even else ""


def _is_damaged_utf8(content: bytes) -> bool:
    """Tell text that is UTF-8 but for a few bytes: by chance, hardly any other text is."""
    text = sample_of(content, _SAMPLE_BYTES).decode("utf-8", "surrogateescape")
    beyond = [char for char in text if not char.isascii()]
    wrong = sum("\udc80" <= char <= "\udcff" for char in beyond)
    sound = len(beyond) - wrong
    if wrong:
        return sound > wrong
    return sound > 0  # what is wrong stands further down


def certain_encoding(content: bytes) -> str:
    """Name the encoding of a text that is not UTF-8, in Python's words; "" if it is not certain."""
    sample = sample_of(content, _SAMPLE_BYTES)
    if _is_western(content, sample):
        return _WESTERN[0]
    lines = sample_of(content, _LIBRARY_BYTES)
    if sum(byte > 0x7F for byte in lines) < _ENOUGH:  # noqa: PLR2004 - the end of ASCII
        return ""
    library = _clear(list(from_bytes(lines, cp_isolation=[*NAMES.values()])))
    found = {each for each in (library, _east_asian(lines)) if each}
    return found.pop() if len(found) == 1 else ""


def _east_asian(lines: bytes) -> str:
    """Tell Chinese, Japanese and Korean by the characters that nearly all text is made of.

    A detector of letters' frequencies has too few of each to say anything; but the encodings keep
    the common characters together, and what is read in a wrong one has hardly any of them.
    """
    for encoding, common, least in _COMMON:
        try:
            text = lines.decode(encoding)
        except UnicodeError:
            continue
        letters = [char for char in text if char.isalpha() and not char.isascii()]
        spaces = len(_APART.findall(text))
        spaced = encoding != "cp949" and spaces * _FEW_SPACES > len(letters)
        if len(letters) * 2 < _ENOUGH or spaced or encoding not in _fitting(lines):
            continue
        if sum(map(common, letters)) >= least * len(letters):
            return encoding
    return ""


def _fitting(lines: bytes) -> set[str]:
    """Name the encodings that the library does not rule out."""
    return {each.encoding for each in from_bytes(lines, cp_isolation=[*NAMES.values()])}


def _lead(encoding: str, first: int, last: int) -> Callable[[str], bool]:
    """Tell characters by their first byte: the tables put the common ones in front."""

    def common(char: str) -> bool:
        return first <= char.encode(encoding)[0] <= last

    return common


_COMMON: Final = (
    ("cp949", lambda char: "\uac00" <= char <= "\ud7a3", 0.95),
    ("cp932", lambda char: "\u3041" <= char <= "\u30ff", 0.3),
    ("gb18030", _lead("gb18030", 0xB0, 0xD7), 0.85),
    ("cp950", _lead("cp950", 0xA4, 0xC6), 0.85),
)
_APART: Final = re.compile(r"[^\x00-\x7f] +[^\x00-\x7f]")
_FEW_SPACES: Final = 10  # characters of Chinese or Japanese for each space between two of them


def _clear(matches: Sequence[CharsetMatch]) -> str:
    """Choose the best reading if it has a language's letters, and no other reading comes near."""
    if not matches or matches[0].coherence < _LEAST_COHERENCE:
        return ""
    best, text = matches[0], str(matches[0])
    others = [each for each in matches[1:] if str(each) != text]
    if any(each.coherence > best.coherence - _CLEARER for each in others):
        return ""
    return best.encoding if best.encoding in _SAYABLE else ""


def _is_western(content: bytes, sample: bytes) -> bool:
    """Tell text whose letters beyond ASCII stand alone, and mean the same in Western encodings."""
    runs = _HIGH.findall(sample)
    pairs = sum(len(run) > 1 for run in runs)
    if not runs or any(len(run) > 2 for run in runs) or pairs * 4 > len(runs):  # noqa: PLR2004 - "öß"
        return False
    ascii_letters = sum(map(str.isalpha, sample.decode("ascii", "ignore")))
    if len(runs) * 3 > ascii_letters:
        return False
    return not content.translate(None, _SHARED)


def _shared() -> bytes:
    """List the bytes that are the same printable character in every Western encoding."""
    found = bytearray(range(0x80))
    for byte in range(0x80, 0x100):
        readings_of = {bytes([byte]).decode(name, "replace") for name in _WESTERN}
        if len(readings_of) == 1 and readings_of.pop().isprintable():
            found.append(byte)
    return bytes(found)


_SHARED: Final = _shared()


def sample_of(content: bytes, most: int) -> bytes:
    """Take lines that are not ASCII, from the beginning on, so many bytes at most."""
    taken: list[bytes] = []
    size, at = 0, 0
    while size < most and (found := _HIGH.search(content, at)):
        begin = max(content.rfind(b"\n", at, found.start()) + 1, at)
        end = content.find(b"\n", found.end())
        at = len(content) if end < 0 else end + 1
        line = content[max(begin, found.start() - most) : min(at, found.start() + most)]
        taken.append(line)
        size += len(line)
    return b"".join(taken)


def readings(content: bytes, most: int = 3) -> dict[str, list[str]]:
    """Read a few cells as three encodings that are possible, the likeliest first."""
    lines = sample_of(content, _LIBRARY_BYTES)
    matches = from_bytes(lines, cp_isolation=[*NAMES.values()])
    likely = [each.encoding for each in matches]
    found: dict[str, list[str]] = {}
    for encoding in dict.fromkeys((*likely, *NAMES.values())):
        if encoding not in _SAYABLE:
            continue
        try:
            cells = [line.strip() for line in lines.decode(encoding).splitlines() if line.strip()]
            content.decode(encoding)
        except UnicodeError:
            continue
        if cells[:most] not in found.values():
            found[_SAYABLE[encoding]] = cells[:most]
        if len(found) == most:
            break
    return found
