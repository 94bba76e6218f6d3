"""Reading a sheet and the files it names, as the options of a command say."""

import asyncio
import errno
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import unquote

import typer

from callsheet.cli.output import readable
from callsheet.intake.canonical_url import is_address
from callsheet.intake.limits import Limits
from callsheet.intake.model import BatchDraft, Defaults
from callsheet.intake.recipe import MAX_RECIPE_CHARS, Recipe, read_recipe
from callsheet.intake.rows import draft_from_table
from callsheet.kernel.errors import FieldError, InvalidInputError, shown
from callsheet.ports.sheets import SheetLimits
from callsheet.sources import read_sheet
from callsheet.wiring import Callsheet

MAX_LOCAL_ROWS: Final = 100_000  # a person's own machine: the limit of the product, not of a tenant
_MAX_REFERENCE: Final = 25_000_000

SheetFile = Annotated[Path, typer.Argument(help="A .csv, .xlsx or .ods file.")]
Maps = Annotated[
    list[str] | None,
    typer.Option(
        "--map", help="What a column is, as 'Shot Description=prompt', or =extra; may be repeated."
    ),
]
PromptText = Annotated[
    str, typer.Option("--prompt", help="A prompt of columns: '{Product}, {Style?}, on {Place}'.")
]
SheetName = Annotated[str, typer.Option("--sheet", help="Which sheet of a workbook.")]
HeaderRow = Annotated[
    int, typer.Option("--header-row", min=0, help="The row of the column names, from 1.")
]
SkipBlank = Annotated[
    bool, typer.Option("--skip-blank", help="Leave rows out that have no prompt.")
]
Delimiter = Annotated[str, typer.Option(help="What is between cells: comma, semicolon, tab, |.")]
Encoding = Annotated[str, typer.Option(help="Of a text file, such as windows-1251.")]
KeepGoing = Annotated[
    bool, typer.Option("--keep-going", help="Make the good rows; the others come back as failed.")
]
RecipeFile = Annotated[
    Path | None, typer.Option("--recipe", help="A TOML file that says all of this.")
]


class ReferenceFileError(InvalidInputError):
    """A reference names a file that cannot be used."""

    code = "reference_file"


def recipe_of(  # one for each option
    file: Path | None,
    maps: list[str] | None,
    *,
    prompt: str,
    sheet: str,
    header_row: int,
    skip_blank: bool,
    delimiter: str,
    encoding: str,
    keep_going: bool,
) -> Recipe:
    """Read a recipe, and change it as the options say. Raises InvalidInputError."""
    recipe = read_recipe(_text_of(file)) if file else Recipe()
    return recipe.but(
        map=dict(map(_pair, maps or ())),
        prompt=prompt,
        sheet=sheet,
        header_row=header_row,
        skip_blank=skip_blank,
        delimiter=delimiter,
        encoding=encoding,
        keep_going=keep_going,
    )


def _text_of(file: Path) -> str:
    try:
        with file.open(encoding="utf-8") as opened:
            return opened.read(MAX_RECIPE_CHARS + 1)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise InvalidInputError(f"--recipe: cannot read {file}: {reason}") from error


def _pair(written: str) -> tuple[str, str]:
    title, equals, meant = written.rpartition("=")
    if not equals or not title.strip():
        message = f"--map {shown(written)!r} needs the form column=field"
        raise InvalidInputError(message, [FieldError("--map", message, written)])
    return title.strip(), meant.strip()


def read_draft(cs: Callsheet, sheet: Path, defaults: Defaults, recipe: Recipe) -> BatchDraft:
    """Read a sheet file into a draft. Raises SheetError, BatchInputError."""
    try:
        content = sheet.read_bytes()
    except OSError as error:
        raise InvalidInputError(f"cannot read {sheet}: {error.strerror}") from error
    configured = "max_rows" in cs.settings.model_fields_set
    limits = cs.limits if configured else Limits(MAX_LOCAL_ROWS, cs.limits.max_variants)
    bounds = SheetLimits(max_rows=limits.max_rows)
    table = read_sheet(readable(sheet.name), content, bounds, recipe.choice)
    named = replace(defaults, name=readable(defaults.name or sheet.stem))
    return draft_from_table(
        table, defaults=named, limits=limits, recipe=recipe, files=_faults_in(sheet.parent)
    )


def _faults_in(folder: Path) -> Callable[[str], str]:
    """Make what says why a file that a sheet names cannot be read."""

    def fault(source: str) -> str:
        try:
            size = path_in(folder, source).stat().st_size
        except (OSError, ValueError) as error:
            return getattr(error, "strerror", None) or str(error)
        return f"it is over {_MAX_REFERENCE} bytes" if size > _MAX_REFERENCE else ""

    return fault


def path_in(folder: Path, source: str) -> Path:
    """Find a file as a sheet names it, which may have `%20` for a space."""
    path = folder / source
    if "%" in source and not path.exists():
        return folder / unquote(source)
    return path


async def store_references(cs: Callsheet, folder: Path, draft: BatchDraft) -> dict[str, str]:
    """Bring the references that are files into the store; their hashes by source."""
    sources = {
        reference.source: row.row
        for row in reversed(draft.rows)
        for reference in row.references
        if not is_address(reference.source)
    }
    stored: dict[str, str] = {}
    faults: list[FieldError] = []
    for source, row in sources.items():
        try:
            content = await asyncio.to_thread(_read_bounded, path_in(folder, source))
        except OSError as error:
            reason = error.strerror or str(error)
            faults.append(FieldError(f"row {row}, column references", reason, source))
            continue
        stored[source] = await cs.adopter.adopt(content, "application/octet-stream")
    if faults:
        first = faults[0]
        message = f"{first.field}: cannot read {first.value}: {first.message}"
        raise ReferenceFileError(message, faults)
    return stored


def _read_bounded(path: Path) -> bytes:
    if path.stat().st_size > _MAX_REFERENCE:
        raise OSError(errno.EFBIG, f"it is over {_MAX_REFERENCE} bytes")
    return path.read_bytes()
