"""Sheets: what it takes to read and check so many rows, and to find an encoding out."""

import io
import os
import resource
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Final

from _measuring import Row, options, peak_mb, show, timed

from callsheet.delivery.workbook import write_workbook
from callsheet.intake.limits import Limits
from callsheet.intake.model import Defaults
from callsheet.intake.recipe import Recipe
from callsheet.intake.rows import draft_from_table
from callsheet.sources import read_sheet
from callsheet.sources.encoding import certain_encoding

_HEADER: Final = ("Shot", "Shot Description", "variants", "AR", "Owner", "Cost", "Notes")
_PROMPT: Final = "a red mug on an oak table by the window, close-up, soft morning light, take"
_RUSSIAN: Final = "Старый рыбак чинит сеть на причале, туман, рассвет, тёплый вечерний свет"


def _rows(count: int) -> Iterator[tuple[str | int | float, ...]]:
    yield _HEADER
    for at in range(count):
        yield (f"S-{at}", f"{_PROMPT} {at}", at % 3 + 1, "16:9", "Maya", at / 4, "keep it quiet")


def _as_csv(count: int) -> bytes:
    lines = (",".join(f'"{cell}"' for cell in row) for row in _rows(count))
    return "\n".join(lines).encode()


def _as_xlsx(count: int) -> bytes:
    out = io.BytesIO()
    write_workbook(enumerate(_rows(count), start=1), out)
    return out.getvalue()


def measured(name: str, make: Callable[[int], bytes], count: int) -> Row:
    """Read and check a sheet in a process of its own; the workbook's reader is a child of that."""
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        return process.submit(_measure, name, make(count), count).result()


def _measure(name: str, content: bytes, count: int) -> Row:
    recipe = Recipe()

    def work() -> None:
        table = read_sheet(name, content, choice=recipe.choice)
        draft_from_table(table, defaults=Defaults(), limits=Limits(max_rows=count), recipe=recipe)

    wall, _ = timed(work)
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    row: Row = {"sheet": name, "rows": count, "s": wall, "peak MB": peak_mb(os.getpid())}
    return {**row, "of the child": child} if child else row


def detected(size: int) -> Row:
    """Find out in which encoding a text is."""
    line = f'S-1,"{_RUSSIAN}"\n'.encode("cp1251")
    content = line * (size // len(line))
    wall, _ = timed(lambda: certain_encoding(content))
    return {"sheet": "encoding", "MB": len(content) / 1e6, "ms": wall * 1_000}


def main() -> None:
    """Measure sheets of several lengths, then the detection of an encoding."""
    chosen = options(__doc__ or "")
    counts = (1_000,) if chosen.quick else (25_000, 50_000, 100_000)
    kinds = (("sheet.csv", _as_csv), ("sheet.xlsx", _as_xlsx))
    rows = [measured(name, make, count) for name, make in kinds for count in counts]
    show("sheets read and checked", rows, as_json=chosen.json)
    size = 1_000_000 if chosen.quick else 10_000_000
    show("encoding found out", [detected(size)], as_json=chosen.json)


if __name__ == "__main__":
    main()
