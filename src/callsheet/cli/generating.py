"""`callsheet generate`: one picture, clip, sound or text from one model, into a file."""

from pathlib import Path
from typing import Annotated, Any

import typer

from callsheet.assets.model import extension_of
from callsheet.catalog.asking import typed
from callsheet.cli.output import out_json, say
from callsheet.cli.session import run_command
from callsheet.cli.setting import read_sets
from callsheet.intake.model import RunMode
from callsheet.kernel.ids import LOCAL_WORKSPACE
from callsheet.takes.model import ENDED
from callsheet.views.takes import ShownTake
from callsheet.wiring import Callsheet


def generate(
    model: Annotated[str, typer.Argument(help="The model's id, e.g. kie/suno-v5-5.")],
    prompt: Annotated[str, typer.Argument(help="What is made, or spoken.")],
    out: Annotated[
        Path | None, typer.Option(help="The file to write; an ending is added if it has none.")
    ] = None,
    sets: Annotated[
        list[str] | None, typer.Option("--set", help="An input as name=value; may be repeated.")
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Order it, for money; else a dry run.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before spending.")] = False,
    wait_s: Annotated[
        float, typer.Option(min=1, help="How many seconds to wait for it.")
    ] = 1_800.0,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Make one thing with one model; without --live it is only shown what it would be."""
    asked = {"prompt": prompt, **read_sets(sets)}

    async def work(cs: Callsheet) -> tuple[ShownTake, Path | None]:
        card = cs.offers.card(model)
        inputs = {name: typed(card, name, value) for name, value in asked.items()}
        quoted = await cs.generations.quote(model, inputs)
        mode = RunMode.LIVE if live else RunMode.DRY_RUN
        about = " (an estimate)" if card.estimated else ""
        if live and not yes:
            typer.confirm(f"{model}: ${quoted.price}{about}. Order it?", abort=True, err=True)
        async with cs.at_work(say):
            started = await cs.generations.start(LOCAL_WORKSPACE, model, inputs, mode)
            take = await cs.generations.wait(LOCAL_WORKSPACE, started.take, wait_s)
            shown = await cs.views.takes.one(LOCAL_WORKSPACE, take.id)
        return shown, await _written(cs, shown, out)

    shown, file = run_command(work)
    take = shown.take
    if json:
        out_json({**_told(shown), "file": None if file is None else str(file)})
    elif take.status in ENDED:
        typer.echo(f"{take.id} {take.status}, ${take.charged}{f': {file}' if file else ''}")
    else:
        typer.echo(f"{take.id} goes on: callsheet takes show {take.id}")
    if take.error:
        say(str(take.error.get("message", "")))
    if not shown.made:
        raise typer.Exit(1)


def _told(shown: ShownTake) -> dict[str, Any]:
    take = shown.take
    return {
        "take": take.id,
        "job": take.job,
        "status": take.status,
        "price": str(take.price),
        "charged": str(take.charged),
        "error": dict(take.error) if take.error else None,
        "made": [dict(each) for each in shown.made],
    }


async def _written(cs: Callsheet, shown: ShownTake, out: Path | None) -> Path | None:
    """Write what was made where it is wanted, under the ending that it has."""
    if not shown.made or out is None:
        return None
    made = shown.made[0]
    file = out if out.suffix else out.with_suffix(f".{extension_of(str(made['mediaType']))}")
    content = [block async for block in cs.views.files.content(str(made["sha256"]))]
    file.write_bytes(b"".join(content))
    return file
