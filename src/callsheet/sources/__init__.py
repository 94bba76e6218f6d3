"""Where sheets come from: each module of this folder that has a SOURCE reads one kind of file."""

import importlib
import pkgutil
from pathlib import PurePosixPath

from callsheet.kernel.errors import shown
from callsheet.ports.sheets import (
    SheetChoice,
    SheetLimits,
    SheetSource,
    SheetTable,
    SheetTooLargeError,
    UnknownSheetTypeError,
)
from callsheet.sources.table import table_of


def sources() -> tuple[SheetSource, ...]:
    """Find every source in this folder; adding a file is all it takes to add one."""
    modules = (
        importlib.import_module(f"{__name__}.{found.name}")
        for found in pkgutil.iter_modules(__path__)
    )
    return tuple(module.SOURCE for module in modules if hasattr(module, "SOURCE"))


def read_sheet(
    name: str,
    content: bytes,
    limits: SheetLimits | None = None,
    choice: SheetChoice = SheetChoice(),  # noqa: B008 - frozen
) -> SheetTable:
    """Read a sheet file: its first bytes say what it is, or else the ending of its name.

    Of a workbook without a choice, the first visible sheet with a prompt column is taken. Raises
    a SheetError whatever the bytes are. It may take seconds and starts a process for a
    workbook: call it off the event loop.
    """
    bounds = limits or SheetLimits()
    if len(content) > bounds.max_bytes:
        raise SheetTooLargeError(f"{len(content)} bytes, {bounds.max_bytes} are allowed")
    grid = _source_for(name, content).read(content, bounds, choice)
    return table_of(PurePosixPath(name).stem, grid, bounds, choice)


def _source_for(name: str, content: bytes) -> SheetSource:
    known = sources()
    for source in known:
        if source.recognises(content):
            return source
    suffix = PurePosixPath(name).suffix.lower()
    for source in known:
        if suffix in source.suffixes:
            return source
    raise UnknownSheetTypeError(
        shown(name) or "a file without a name", [each for one in known for each in one.suffixes]
    )
