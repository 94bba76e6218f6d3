"""Names that are safe as file names on any system."""

import re
import unicodedata

_MAX_BYTES = 80
_SEPARATORS = re.compile(r'[\s/\\<>:"|?*]+')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
_HIDDEN_KINDS = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_MAX_READ_CHARS = 400  # more can never fit, and long runs of accents are slow to compose


def safe_name(text: str) -> str:
    """Make a file name of any text: letters of every script stay, paths and traps go.

    At most 80 bytes of UTF-8, never empty, the same again for its own result.
    """
    composed = unicodedata.normalize("NFC", text[:_MAX_READ_CHARS])
    spaced = _SEPARATORS.sub("-", composed)
    visible = "".join(char for char in spaced if unicodedata.category(char) not in _HIDDEN_KINDS)
    name = _clipped(unicodedata.normalize("NFC", visible).strip(".- "))
    if _RESERVED.fullmatch(name):
        name = _clipped(f"_{name}")
    return name or "unnamed"


def _clipped(name: str) -> str:
    """Cut at a whole character, and leave no dot or dash at the end."""
    return name.encode()[:_MAX_BYTES].decode(errors="ignore").rstrip(".- ")
