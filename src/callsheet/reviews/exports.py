"""Comments as editors and spreadsheets take them."""

import csv
import io
from collections.abc import Iterable
from fractions import Fraction
from typing import Final

from callsheet.ports.sheets import cell_text
from callsheet.reviews.model import Comment

_COLUMNS: Final = ("at", "author", "row", "take", "asset", "timecode", "frame", "text",
                   "answers", "resolved by")  # fmt: skip
_HOUR_S: Final = 3_600  # where timecodes of an edit begin
_COLOURS: Final = ("ResolveColorBlue", "ResolveColorGreen")  # open, resolved
_MOST_CHARS: Final = 300  # of a marker's text


def to_csv(comments: Iterable[Comment], fps: Fraction) -> str:
    """Write comments as CSV, UTF-8 with a byte order mark; no cell begins a formula."""
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(_COLUMNS)
    for each in comments:
        first = each.said.spot.first
        cells = (
            each.at.isoformat(),
            each.author.name,
            each.row or "",
            each.said.take or "",
            each.said.asset or "",
            timecode(Fraction(first.pts), fps, 0) if first else "",
            first.frame if first and first.frame is not None else "",
            each.said.text,
            each.said.parent or "",
            each.resolved_by or "",
        )
        rows.writerow([_harmless(cell_text(cell)) for cell in cells])
    return "\ufeff" + out.getvalue()


def _harmless(text: str) -> str:
    """Keep a spreadsheet from taking a text for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def to_markers(title: str, comments: Iterable[Comment], fps: Fraction) -> str:
    """Write comments that name a time as timeline markers in an EDL, from 01:00:00:00 on.

    The form is that which DaVinci Resolve writes and reads (`|C:colour |M:name |D:frames`).
    """
    lines = [f"TITLE: {_one_line(title)}", "FCM: NON-DROP FRAME", ""]
    timed = ((each, each.said.spot) for each in comments if each.said.spot.first is not None)
    for number, (each, spot) in enumerate(timed, start=1):
        first, last = spot.first, spot.last or spot.first
        if first is None or last is None:
            continue
        start = Fraction(first.pts)
        frames = max(1, round((Fraction(last.pts) - start) * fps) + 1)
        begin = timecode(start, fps, _HOUR_S)
        end = timecode(start + frames / fps, fps, _HOUR_S)
        colour = _COLOURS[each.resolved_at is not None]
        lines.append(f"{number:03d}  001      V     C        {begin} {end} {begin} {end}")
        text = _one_line(f"{each.author.name}: {each.said.text}")
        lines += [f" |C:{colour} |M:{text} |D:{frames}", ""]
    return "\n".join(lines) + "\n"


def _one_line(text: str) -> str:
    return " ".join(text.replace("|", "/").split())[:_MOST_CHARS]


def timecode(seconds: Fraction, fps: Fraction, base_s: int) -> str:
    """Write a time as HH:MM:SS:FF, frames counted without drop."""
    base = round(fps)
    frames = round(seconds * fps) + base_s * base
    whole, rest = divmod(frames, base)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}:{rest:02d}"
