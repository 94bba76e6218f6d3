"""Number formats of workbooks: `007` is 7 in format `000`, and a person means what is shown.

ECMA-376 part 1, 18.8.30 and 18.8.31. What is not understood here is shown as the plain number.
"""

import re
from datetime import datetime, timedelta
from typing import Final

BUILT_IN: Final = {
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    14: "yyyy-mm-dd",
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    22: "yyyy-mm-dd h:mm",
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss.0",
    49: "@",
}
_ASIDE: Final = re.compile(r"\[(?!h+\]|m+\]|s+\])[^\]]*\]|_.|\*.")
_QUOTED: Final = re.compile(r'"([^"]*)"|\\(.)')
_NUMBER: Final = re.compile(r"([^0#?.,%E]*)([0#?,]+)(?:\.([0#?]+))?(%?)([^0#?.,%E]*)")
_DAYS: Final = re.compile(r"yyyy|yy|mmmm|mmm|mm|m|dd|d|[-/. ]")
_PRIVATE: Final = 0xE000  # characters that mean nothing, in place of literal ones
_LITERALS: Final = 0x1000
_EPOCH: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - a sheet's days have no zone
_MOST_DAYS: Final = 2_958_465  # 9999-12-31


def is_date(code: str) -> bool:
    """Tell a format of dates or times from one of numbers."""
    return bool(set(_ASIDE.sub("", _QUOTED.sub("", code)).lower()) & set("ymdhs"))


def shown_number(value: float, code: str) -> str | None:
    """Show a number as its format does; None if that is just the number, or not understood."""
    if code in ("", "General", "@") or is_date(code):
        return None
    sections = _ASIDE.sub("", code).split(";")
    negative = value < 0 and len(sections) > 1 and sections[1] != ""
    section = _QUOTED.sub(_held, sections[1] if negative else sections[0])
    found = _NUMBER.fullmatch(section)
    if found is None:
        return None
    before, whole, places, percent, after = found.groups()
    amount = abs(value) * (100 if percent else 1)
    text = f"{amount:,.{len(places or '')}f}" if "," in whole else f"{amount:.{len(places or '')}f}"
    if places:
        text = _trimmed(text, places)
    point = text.find(".") if "." in text else len(text)
    text = text[:point].rjust(whole.count("0"), "0") + text[point:]
    sign = "-" if value < 0 and not negative else ""
    return _released(f"{sign}{before}{text}{percent}{after}").strip()


def shown_day(value: float, code: str) -> str | None:
    """Show a date whose format leaves the year out, as in `3-1`; None for all others."""
    plain = _QUOTED.sub(r"\1\2", _ASIDE.sub("", code.split(";", maxsplit=1)[0])).strip()
    parts = _DAYS.findall(plain.lower())
    if "".join(parts) != plain.lower() or any("y" in part for part in parts):
        return None
    if not any("d" in part for part in parts) or not 0 < value < _MOST_DAYS:
        return None
    day = _EPOCH + timedelta(days=int(value))
    spelled = {
        "mmmm": f"{day:%B}",
        "mmm": f"{day:%b}",
        "mm": f"{day.month:02d}",
        "m": str(day.month),
        "dd": f"{day.day:02d}",
        "d": str(day.day),
    }
    return "".join(spelled.get(part, part) for part in parts)


def _held(match: re.Match[str]) -> str:
    """Keep literal text out of the way of what is a sign of the format."""
    literal = match[1] or match[2] or ""
    return "".join(chr(_PRIVATE + ord(char)) for char in literal if ord(char) < _LITERALS)


def _released(text: str) -> str:
    return "".join(
        chr(ord(char) - _PRIVATE) if _PRIVATE <= ord(char) < _PRIVATE + _LITERALS else char
        for char in text
    )


def _trimmed(text: str, places: str) -> str:
    """Leave out zeros at the end that the format only allows."""
    whole, _, decimals = text.partition(".")
    needed = places.rstrip("#?")
    while len(decimals) > len(needed) and decimals.endswith("0"):
        decimals = decimals[:-1]
    return f"{whole}.{decimals}" if decimals else whole
