"""`callsheet evidence`: how one asset came about, as a page or as JSON."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from callsheet.cli.output import out_json, say
from callsheet.cli.provenance import beside
from callsheet.cli.session import run_command
from callsheet.kernel.digests import is_sha256
from callsheet.kernel.errors import FieldError, InvalidInputError
from callsheet.kernel.ids import LOCAL_WORKSPACE
from callsheet.wiring import Callsheet


def evidence(
    asset: Annotated[
        str, typer.Argument(help="An asset's SHA-256, or a file.", show_default=False)
    ],
    out: Annotated[Path | None, typer.Option(help="Where to write the HTML page.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Write how an asset came about: its chain, models, dates, decisions, hashes, manifest.

    A file is known by its bytes, by its manifest, or by what it shows.
    """

    async def work(cs: Callsheet) -> tuple[str, str | dict[str, Any]]:
        sha256 = asset
        if not is_sha256(asset):
            file = Path(asset)
            media_type, _ = await asyncio.to_thread(beside, file)
            sha256 = await cs.views.evidence.name_of(LOCAL_WORKSPACE, file, media_type)
        if json:
            return sha256, await cs.views.evidence.document(LOCAL_WORKSPACE, sha256)
        return sha256, await cs.views.evidence.page(LOCAL_WORKSPACE, sha256)

    sha256, told = run_command(work)
    if not isinstance(told, str):
        out_json(told)
        return
    target = out or Path(f"evidence-{sha256[:16]}.html")
    try:
        target.write_text(told, "utf-8")
    except OSError as error:
        said = f"--out {target}: it cannot be written ({error.strerror})"
        raise InvalidInputError(said, [FieldError("out", str(error))]) from error
    say(f"written: {target}")
