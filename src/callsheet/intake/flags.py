"""Flags that prompts carry for another tool: understood where rows have a word for them.

`/imagine prompt: a mug --ar 16:9 --v 6 --no text` is how Midjourney is asked. No other model reads
such flags, and most would draw them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

_COMMAND: Final = re.compile(r"(?is)\A\s*/imagine\b\s*(?:prompt\s*:)?\s*")
# a long dash is what word processors make of two; behind one only a number is surely a flag's
_MAY_HAVE: Final = re.compile(r"(?i)--[a-z]|[\u2014\u2013][a-z]|\A\s*/imagine")
_FLAG: Final = re.compile(
    r"(?s)(?:\A|(?<=\s))"
    r"(?:--([a-z]+)|[\u2014\u2013](ar|aspect|v|seed|stylize|chaos)(?=[ \t]+[0-9]))\b"
    r"[ \t]*(.*?)(?=\s+(?:--|[\u2014\u2013])[a-z]|\Z)"
)
_KNOWN: Final[Mapping[str, str]] = {
    **dict.fromkeys(("ar", "aspect"), "ar"),
    "no": "no",
    "seed": "seed",
    **{
        name: name
        for name in (
            *("v", "version", "style", "stylize", "s", "chaos", "c", "quality", "q", "weird", "w"),
            *("niji", "tile", "raw", "repeat", "r", "stop", "iw", "sw", "cw", "cref", "sref"),
            *("oref", "ow", "profile", "p", "hd", "sd", "fast", "turbo", "relax", "draft", "exp"),
            *("video", "motion", "loop", "end", "bs", "test", "testp", "upbeta", "creative"),
        )
    },
}


@dataclass(frozen=True, slots=True)
class Flagged:
    """A prompt without its flags; `unused` are those that nothing here stands for, as written."""

    text: str
    ratio: str = ""
    without: str = ""  # what must not be seen
    unused: tuple[str, ...] = field(default=())


def without_flags(prompt: str) -> Flagged:
    """Take flags of another tool out of a prompt; what is no known flag stays."""
    if not _MAY_HAVE.search(prompt):
        return Flagged(prompt)
    text, commands = _COMMAND.subn("", prompt)
    found: dict[str, str] = {}
    unused: list[str] = []

    def taken(match: re.Match[str]) -> str:
        written = match[1] or match[2]
        name, value = _KNOWN.get(written), match[3].strip()
        if name is None:
            return match[0]
        if name in ("ar", "no") and value and name not in found:
            found[name] = value
        else:
            unused.append(f"--{written} {value}".strip())
        return ""

    plain = _FLAG.sub(taken, text)
    if not commands and not found and not unused:
        return Flagged(prompt)
    return Flagged(
        " ".join(plain.split(" ")).strip(), found.get("ar", ""), found.get("no", ""), tuple(unused)
    )
