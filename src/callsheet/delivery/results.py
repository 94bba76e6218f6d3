"""Result tables: the sheet as it came, with status, links and cost added."""

import csv
import io
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from callsheet.assets.model import extension_of
from callsheet.intake.names import safe_name
from callsheet.kernel.cells import inert
from callsheet.ports.sheets import RESULT_COLUMNS, RESULT_PREFIX

_KNOWN: Final = ("scene_id", "prompt", "references", "variants", "model", "size")
_UNPRINTABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")

Row = Mapping[str, Any]  # one row of a state document


def picture_name(row: Row, variant: Row, repeated: frozenset[str]) -> str:
    """Name the file of what was made by scene and variant, and by row where scenes repeat."""
    scene = safe_name(str(row["scene_id"]))
    place = f"_row{row['row']}" if row["scene_id"] in repeated else ""
    return f"{scene}{place}_v{variant['variant']}.{extension_of(variant['mediaType'])}"


def repeated_scenes(rows: Iterable[Row]) -> frozenset[str]:
    """Find scene ids that several rows share once they are made safe for file names."""
    seen: dict[str, list[str]] = {}
    for row in rows:
        seen.setdefault(safe_name(str(row["scene_id"])).casefold(), []).append(row["scene_id"])
    return frozenset(scene for scenes in seen.values() if len(scenes) > 1 for scene in scenes)


@dataclass(frozen=True, slots=True)
class ResultTable:
    """A header and rows of text, ready to be written in any format."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def result_table(
    columns: Sequence[str],
    rows: Sequence[Row],
    cells: Mapping[int, Mapping[str, str]],
    links: Mapping[str, str] | None = None,
) -> ResultTable:
    """Put results beside the sheet's own columns.

    `cells` are each row's own cells by column, `links` replaces a file's URL (keyed by take) by
    another address, e.g. a file name. Where a text was made, columns tell how each begins; where
    something is odd about what came, what it is.
    """
    own = tuple(columns) or _KNOWN
    most = max((len(row["variants"]) for row in rows), default=1)
    added = [*RESULT_COLUMNS, *(f"link_{place}" for place in range(1, most + 1))]
    texts = any(variant.get("text") for row in rows for variant in row["variants"])
    added += [f"text_{place}" for place in range(1, most + 1)] if texts else []
    notes = any(variant.get("note") for row in rows for variant in row["variants"])
    added += [f"note_{place}" for place in range(1, most + 1)] if notes else []
    taken = {name.casefold() for name in own}
    header = (*own, *(_free(name, taken) for name in added))
    written = []
    for row in rows:
        urls = [
            (links or {}).get(variant["take"], variant["url"]) or "" for variant in row["variants"]
        ]
        results = [
            str(row["status"]),
            (row["error"] or {}).get("message", ""),
            _sum(variant["cost"] for variant in row["variants"]),
            row["quoted"],
            *urls,
            *[""] * (most - len(urls)),
        ]
        if texts:
            words = [variant.get("text") or "" for variant in row["variants"]]
            results += [*words, *[""] * (most - len(words))]
        if notes:
            odd = [variant.get("note") or "" for variant in row["variants"]]
            results += [*odd, *[""] * (most - len(odd))]
        written.append((*(cells[row["row"]].get(name, "") for name in own), *results))
    return ResultTable(header, tuple(written))


def _free(name: str, taken: Collection[str]) -> str:
    """Find a name for a column beside the sheet's own, which may be results themselves."""
    while name in taken:
        name = f"{RESULT_PREFIX}{name}"
    return name


def _sum(amounts: Iterable[str]) -> str:
    micros = sum(int(amount.replace(".", "")) for amount in amounts)
    return f"{micros // 1_000_000}.{micros % 1_000_000:06d}"


def to_csv(table: ResultTable) -> bytes:
    """Write UTF-8 with a BOM, which Excel needs; a cell that would run as a formula is quoted."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([inert(cell) for cell in table.header])
    writer.writerows([inert(cell) for cell in row] for row in table.rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def to_xlsx(table: ResultTable) -> bytes:
    """Write a workbook; every cell is text, so nothing in it can run."""
    from openpyxl import Workbook  # noqa: PLC0415  # 0.2 s and 28 MB that only this needs
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415  # see above

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Results")
    for row in (table.header, *table.rows):
        cells = []
        for text in row:
            cell = WriteOnlyCell(sheet, value=_printable(text))
            cell.data_type = "s"
            cells.append(cell)
        sheet.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _printable(text: str) -> str:
    """Drop what XML 1.0 cannot hold, and what a cell cannot (32,767 characters)."""
    return _UNPRINTABLE.sub("", text[:32_767])
