"""Result tables: the sheet as it came, with status, links and cost added."""

import asyncio
import csv
import io
import json
from collections.abc import (
    AsyncIterator,
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import dataclass
from itertools import chain, starmap
from pathlib import PurePosixPath
from tempfile import TemporaryFile
from typing import IO, Any, Final, Self

from callsheet.assets.model import extension_of
from callsheet.delivery.workbook import write_workbook
from callsheet.intake.names import safe_name
from callsheet.kernel.cells import inert
from callsheet.ports.sheets import (
    RESULT_COLUMNS,
    RESULT_PREFIX,
    Cell,
    cell_text,
    written_title,
)

_KNOWN: Final = ("scene_id", "prompt", "references", "variants", "model", "size")

_BLOCK: Final = 1 << 20

Row = Mapping[str, Any]  # one row of a state document
Cells = Mapping[str, Cell]  # by column


def picture_name(row: Row, variant: Row, repeated: Collection[str]) -> str:
    """Name the file of what was made by scene and variant, and by row where scenes repeat.

    A row that names its file itself has that name, but for an ending that would be wrong.
    """
    scene = _stem(row)
    place = f"_row{row['row']}" if scene.casefold() in repeated else ""
    alone = row.get("filename") and len(row["variants"]) == 1
    number = "" if alone else f"_v{variant['variant']}"
    return f"{scene}{place}{number}.{extension_of(variant['mediaType'])}"


def _stem(row: Row) -> str:
    if asked := str(row.get("filename") or "").strip():
        return safe_name(PurePosixPath(asked.replace("\\", "/")).stem)
    return safe_name(str(row["scene_id"]))


def is_rejected(variant: Row) -> bool:
    """Tell whether what a variant made is not handed over: checks or a person turned it down."""
    return variant.get("qa") == "fail"


def is_assessed(variant: Row) -> bool:
    """Tell whether a gate or a person has said anything about what a variant made."""
    return bool(variant.get("verdicts") or variant.get("decision"))


class Results:
    """What became of a job's rows, kept in a file: only so many are in memory, however many come.

    What the columns of a table are is known once all rows are here. Every method blocks.
    """

    def __init__(self) -> None:
        self._file: IO[bytes] = TemporaryFile()  # noqa: SIM115  # it is closed with this
        self._scenes: set[str] = set()
        self.repeated: set[str] = set()  # scenes of several rows, once safe for file names
        self.takes = 0  # or rows, where they have none
        self.of_text = 0
        self.most = 1  # variants of one row
        self.notes = False
        self.assessed = False

    def __enter__(self) -> Self:
        """Answer itself, for a block at whose end the file goes."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let the file go."""
        self._file.close()

    def add(self, rows: Iterable[tuple[Row, Cells]]) -> None:
        """Keep rows of a state document, each with its own cells by column."""
        for row, cells in rows:
            variants = row["variants"]
            texts = sum(bool(variant.get("text")) for variant in variants)
            self.takes += len(variants) or 1
            self.of_text += texts
            self.most = max(self.most, len(variants))
            self.notes = self.notes or any(variant.get("note") for variant in variants)
            self.assessed = self.assessed or any(map(is_assessed, variants))
            scene = safe_name(str(row["scene_id"])).casefold()
            scene = _stem(row).casefold()
            (self.repeated if scene in self._scenes else self._scenes).add(scene)
            self._file.write(json.dumps((row, cells), ensure_ascii=True).encode() + b"\n")

    def __iter__(self) -> Iterator[tuple[Row, Cells]]:
        """Read the rows that were kept, in order; one reader at a time."""
        self._file.seek(0)
        return map(json.loads, self._file)


@dataclass(frozen=True, slots=True)
class ResultLine:
    """One row; `number` is the one that its sheet knows it by."""

    number: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class ResultTable:
    """A header and rows, ready to be written in any format, once.

    `links` are the places of columns that say where what was made is. `in_place` tells that rows
    must keep their numbers: formulas name them.
    """

    header: tuple[str, ...]
    rows: Iterator[ResultLine]
    links: range = range(0)
    in_place: bool = False


def result_table(
    columns: Sequence[str],
    results: Results,
    link: Callable[[Row, Row], str] | None = None,
    *,
    in_place: bool = False,
) -> ResultTable:
    """Put results beside the sheet's own columns.

    `link` says where what a row's variant made is, if not at its URL. Where a text was made,
    columns tell how each begins; where something is odd about what came, what it is; where it was
    examined, how it stands and why. What was rejected has no link. A row costs what all of its
    takes cost, those that were made again too.
    """
    own = tuple(columns) or _KNOWN
    places = range(1, results.most + 1)
    added = [*RESULT_COLUMNS, *(f"link_{place}" for place in places)]
    told = [("text", results.of_text > 0), ("note", results.notes)]
    told += [("qa", results.assessed), ("qa_note", results.assessed)]
    shown = [name for name, there in told if there]
    added += [f"{name}_{place}" for name in shown for place in places]
    taken = {name.casefold() for name in own}
    header = (*map(written_title, own), *(_free(name, taken) for name in added))
    first = len(own) + len(RESULT_COLUMNS)

    def line(row: Row, cells: Cells) -> ResultLine:
        variants = row["variants"]
        blank = [""] * (results.most - len(variants))
        at = [_place(row, each, link) for each in variants]
        more = [[*(each.get(name) or "" for each in variants), *blank] for name in shown]
        filled = (
            *(cells.get(name, "") for name in own),
            str(row["status"]),
            (row["error"] or {}).get("message", ""),
            _sum(cost for variant in variants for cost in costs_of(variant)),
            row["quoted"],
            *at,
            *blank,
            *chain.from_iterable(more),
        )
        return ResultLine(row["row"], filled)

    links = range(first, first + results.most)
    return ResultTable(header, starmap(line, results), links, in_place)


def _place(row: Row, variant: Row, link: Callable[[Row, Row], str] | None) -> str:
    if is_rejected(variant):
        return ""
    return link(row, variant) if link else variant["url"] or ""


def costs_of(variant: Row) -> list[str]:
    """List what the takes of a variant cost, with those that were made again."""
    return [variant["cost"], *(each["cost"] for each in variant.get("earlier", ()))]


def _free(name: str, taken: Collection[str]) -> str:
    """Find a name for a column beside the sheet's own, which may be results themselves."""
    while name in taken:
        name = f"{RESULT_PREFIX}{name}"
    return name


def _sum(amounts: Iterable[str]) -> str:
    micros = sum(int(amount.replace(".", "")) for amount in amounts)
    return f"{micros // 1_000_000}.{micros % 1_000_000:06d}"


def to_csv(table: ResultTable, out: IO[bytes]) -> None:
    """Write UTF-8 with a BOM, which Excel needs; a cell that would run as a formula is quoted."""
    text = io.TextIOWrapper(out, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(map(inert, table.header))
    for row in table.rows:
        writer.writerow([inert(cell_text(cell)) for cell in row.cells])
    text.detach()


def to_xlsx(table: ResultTable, out: IO[bytes]) -> None:
    """Write a workbook: numbers and dates as such, all other cells as text that cannot run."""
    lines = enumerate(table.rows, start=2)
    rows = ((line.number if table.in_place else at, line.cells) for at, line in lines)
    write_workbook(chain([(1, table.header)], rows), out, table.links)


async def blocks_of(file: IO[bytes]) -> AsyncIterator[bytes]:
    """Read a file from its beginning, block by block."""
    await asyncio.to_thread(file.seek, 0)
    while block := await asyncio.to_thread(file.read, _BLOCK):
        yield block
