"""`callsheet composite`: products put into scenes, one picture or a folder of them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import typer

from callsheet.cli import composite_options as options
from callsheet.cli.composing_hosted import hosted
from callsheet.cli.composite_files import (
    MEDIA_TYPES,
    Piece,
    is_many,
    pieces_of,
    read_file,
    write_composite,
    write_picture,
)
from callsheet.cli.output import facts, out_json, say
from callsheet.cli.session import settings_for_command
from callsheet.kernel.errors import CallsheetError, FieldError, InvalidInputError
from callsheet.media.composing import ProcessCompositor
from callsheet.media.studio import ProcessStudio
from callsheet.ports.compositing import (
    Composite,
    CompositeSpec,
    Holes,
    PhotographedShadow,
    Status,
)
from callsheet.ports.pictures import SheetCell
from callsheet.settings import Settings


class HostedOffError(InvalidInputError):
    """A hosted composite is asked for, and the hosted model is off."""

    code = "hosted_composites_off"

    def __init__(self) -> None:
        reason = "hosted composites are off: set USE_KONTEXT_COMPOSITE=true, or leave --method out"
        super().__init__(reason, [FieldError("method", reason)])


@dataclass(frozen=True, slots=True)
class _Made:
    piece: Piece
    composite: Composite | None
    error: CallsheetError | None


def composite(
    product: options.Products,
    scene: options.SceneFile,
    out: options.Out,
    place: options.Places = None,
    seed: options.Seed = 1,
    match: options.Match = 1.0,
    shadow: options.Strength = 1.0,
    light: options.LightFrom = None,
    reflection: options.Gloss = 0.0,
    height_cm: options.HeightCm = None,
    scene_cm: options.SceneCm = None,
    brand: options.Brand = None,
    holes: options.SeenThrough = Holes.AUTO,
    photographed_shadow: options.PhotoShadow = PhotographedShadow.AUTO,
    layers: options.Layers = False,
    method: options.ByMethod = None,
    prompt: options.Prompt = "",
    yes: options.Yes = False,
    json_out: options.Json = False,
) -> None:
    """Put products into scenes: by the local compositor, or a hosted model where that is on."""
    pieces = pieces_of(product, scene, out)
    told = options.Told(place or (), height_cm, holes, photographed_shadow)
    spec = CompositeSpec(
        told.wishes(len(pieces[0].products)),
        seed=seed,
        match=match,
        shadow=shadow,
        light=light,
        reflection=reflection,
        scene_cm=scene_cm,
        brand_colours=tuple(map(options.brand_colour, brand or ())),
        layers=layers,
    )
    settings = settings_for_command()
    wanted = method or options.Method(settings.composite_method)
    if wanted is options.Method.KONTEXT and not settings.use_kontext_composite:
        raise HostedOffError
    if wanted is not options.Method.PIL and settings.use_kontext_composite:
        asyncio.run(_through_the_line(settings, pieces, spec, wanted, prompt, yes=yes))
        return
    made = asyncio.run(_all_made(pieces, spec, folder=out if is_many(product, scene) else None))
    _tell(made, as_json=json_out)
    if any(each.error for each in made):
        raise typer.Exit(1)


async def _through_the_line(
    settings: Settings,
    pieces: Sequence[Piece],
    spec: CompositeSpec,
    method: options.Method,
    prompt: str,
    *,
    yes: bool,
) -> None:
    """Have composites made by the line; what fails is told, and the rest is made."""
    form = MEDIA_TYPES[pieces[0].out.suffix.lower()].partition("/")[2]
    asked = [(piece.scene, piece.products) for piece in pieces]
    wish = {**options.inputs_of(spec), "output_format": form}
    failed, number = 0, 0
    async for done in hosted(settings, asked, wish, method=method, prompt=prompt, yes=yes):
        piece, number = pieces[number], number + 1
        if isinstance(done, CallsheetError):
            failed += 1
            say(f"{piece.name}: {done}")
            continue
        await asyncio.to_thread(write_picture, piece.out, done.picture)
        for note in done.notes:
            say(f"{piece.name}: {note}")
    facts({"pictures": str(number - failed), "written to": str(pieces[0].out)})
    if failed:
        raise typer.Exit(1)


async def _all_made(
    pieces: Sequence[Piece], spec: CompositeSpec, folder: Path | None
) -> list[_Made]:
    workers = min(len(pieces), settings_for_command().drawing_processes)
    compositor = ProcessCompositor(workers)
    turns = asyncio.Semaphore(workers)

    async def make(piece: Piece) -> _Made:
        async with turns:
            return await _one_made(compositor, piece, spec)

    try:
        made = list(await asyncio.gather(*(make(piece) for piece in pieces)))
    finally:
        await compositor.close()
    if folder is not None:
        await _write_sheet(made, folder)
    return made


async def _one_made(compositor: ProcessCompositor, piece: Piece, spec: CompositeSpec) -> _Made:
    try:
        files = [
            await asyncio.to_thread(read_file, path) for path in (piece.scene, *piece.products)
        ]
        media_type = MEDIA_TYPES[piece.out.suffix.lower()]
        made = await compositor.composite(files[0], files[1:], _with_type(spec, media_type))
        await asyncio.to_thread(write_composite, piece.out, made)
    except CallsheetError as error:
        return _Made(piece, None, error)
    return _Made(piece, made, None)


def _with_type(spec: CompositeSpec, media_type: str) -> CompositeSpec:
    return replace(spec, media_type=media_type)


async def _write_sheet(made: Sequence[_Made], folder: Path) -> None:
    """Draw one contact sheet of all that was made."""
    studio = ProcessStudio(1)
    try:
        cells = [await _cell(studio, each) for each in made]
        drawn = await studio.contact_sheet("Composites", f"{len(made)} pictures", cells)
    finally:
        await studio.close()
    await asyncio.to_thread((folder / "contact_sheet.png").write_bytes, drawn)


async def _cell(studio: ProcessStudio, made: _Made) -> SheetCell:
    names = f"{'+'.join(path.stem for path in made.piece.products)} in {made.piece.scene.stem}"
    if made.composite is None:
        return SheetCell(names, str(made.error), "failed", None)
    facts_of = await studio.examine(made.composite.picture)
    worst = [each.check for each in made.composite.findings if each.status is Status.FAIL]
    said = f"confidence {made.composite.confidence:.2f}" + (
        f"; {', '.join(worst)}" if worst else ""
    )
    status = "look at it" if made.composite.needs_person else "succeeded"
    return SheetCell(names, said, status, facts_of.working_copy)


def _tell(made: Sequence[_Made], *, as_json: bool) -> None:
    if as_json:
        out_json([_told(each) for each in made])
        return
    for each in made:
        if each.error is not None:
            say(f"{each.piece.name}: {each.error}")
            continue
        assert each.composite is not None  # noqa: S101  # one of the two
        for note in each.composite.notes:
            say(f"{each.piece.name}: {note}" if len(made) > 1 else f"note: {note}")
        for finding in each.composite.findings:
            if finding.status in {Status.WARN, Status.FAIL}:
                say(f"{each.piece.name}: {finding.check} {finding.status}: {finding.note}")
    done = sum(each.error is None for each in made)
    facts(
        {
            "pictures": str(done),
            "written to": str(made[0].piece.out if len(made) == 1 else made[0].piece.out.parent),
        }
    )


def _told(made: _Made) -> dict[str, Any]:
    if made.composite is None:
        return {"out": str(made.piece.out), "error": str(made.error)}
    return {
        "out": str(made.piece.out),
        "confidence": made.composite.confidence,
        "needs_person": made.composite.needs_person,
        "findings": [
            {
                "check": each.check,
                "status": each.status,
                "value": each.value,
                "limit": each.limit,
                "note": each.note,
            }
            for each in made.composite.findings
        ],
        "notes": made.composite.notes,
        "recipe": made.composite.recipe,
    }
