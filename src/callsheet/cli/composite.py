"""`callsheet composite`: products put into scenes, one picture or a folder of them."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer

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
    Box,
    Composite,
    CompositeSpec,
    Holes,
    PhotographedShadow,
    Status,
    Wish,
    read_place,
)
from callsheet.ports.pictures import SheetCell
from callsheet.settings import Settings

_COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}")


class HostedOffError(InvalidInputError):
    """A hosted composite is asked for, and the hosted model is off."""

    code = "hosted_composites_off"

    def __init__(self) -> None:
        reason = "hosted composites are off: set USE_KONTEXT_COMPOSITE=true, or leave --method out"
        super().__init__(reason, [FieldError("method", reason)])


class Method(StrEnum):
    """How composites are made."""

    AUTO = "auto"
    KONTEXT = "kontext"
    PIL = "pil"


@dataclass(frozen=True, slots=True)
class _Made:
    piece: Piece
    composite: Composite | None
    error: CallsheetError | None


def composite(
    product: Annotated[
        list[Path], typer.Option(help="A product's picture, or a folder; again for each product.")
    ],
    scene: Annotated[Path, typer.Option(help="A scene's picture, or a folder of scenes.")],
    out: Annotated[
        Path, typer.Option(help="The picture to write (.png, .jpg, .webp), or a folder.")
    ],
    place: Annotated[
        list[str] | None,
        typer.Option(
            help='"x,y,width", or an anchor such as "left third" or "table"; in the order'
            " of the products."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="For grain; the same seed gives the same bytes.")] = 1,
    match: Annotated[
        float, typer.Option(min=0, max=1, help="How far colours follow the scene; 0: not at all.")
    ] = 1.0,
    shadow: Annotated[float, typer.Option(min=0, max=1, help="Strength of shadows.")] = 1.0,
    light: Annotated[
        float | None,
        typer.Option(help="Where light comes from, degrees clockwise from above; else as seen."),
    ] = None,
    reflection: Annotated[
        float, typer.Option(min=0, max=1, help="Share of light that a glossy ground mirrors.")
    ] = 0.0,
    height_cm: Annotated[
        float | None, typer.Option(min=0.1, help="Real height of the products.")
    ] = None,
    scene_cm: Annotated[
        float | None, typer.Option(min=0.1, help="Real width of the scene where they stand.")
    ] = None,
    brand: Annotated[
        list[str] | None, typer.Option(help="A colour, #rrggbb, that matching must leave alone.")
    ] = None,
    holes: Annotated[Holes, typer.Option(help="See through enclosed ground.")] = Holes.AUTO,
    photographed_shadow: Annotated[
        PhotographedShadow, typer.Option(help="The shadow in the product's photo.")
    ] = PhotographedShadow.AUTO,
    layers: Annotated[
        bool, typer.Option("--layers", help="Write layers and recipe beside the picture.")
    ] = False,
    method: Annotated[
        Method | None,
        typer.Option(help="auto, kontext (hosted, for money) or pil (here); left out: as set."),
    ] = None,
    prompt: Annotated[str, typer.Option(help="What a hosted model is told.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before spending.")] = False,
    json_out: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Put products into scenes: by the local compositor, or a hosted model where that is on."""
    pieces = pieces_of(product, scene, out)
    count = len(pieces[0].products)
    places = [read_place(each) for each in place or []]
    if len(places) > count:
        reason = f"{len(places)} places for {count} products"
        raise InvalidInputError(reason, [FieldError("place", reason)])
    places += [""] * (count - len(places))
    spec = CompositeSpec(
        tuple(Wish(each, height_cm, holes, photographed_shadow) for each in places),
        seed=seed,
        match=match,
        shadow=shadow,
        light=light,
        reflection=reflection,
        scene_cm=scene_cm,
        brand_colours=tuple(map(_colour, brand or ())),
        layers=layers,
    )
    settings = settings_for_command()
    wanted = method or Method(settings.composite_method)
    if wanted is Method.KONTEXT and not settings.use_kontext_composite:
        raise HostedOffError
    if wanted is not Method.PIL and settings.use_kontext_composite:
        inputs = _inputs(spec, places, height_cm, holes, photographed_shadow)
        asyncio.run(_through_the_line(settings, pieces, inputs, wanted, prompt, yes=yes))
        return
    made = asyncio.run(_all_made(pieces, spec, folder=out if is_many(product, scene) else None))
    _tell(made, as_json=json_out)
    if any(each.error for each in made):
        raise typer.Exit(1)


def _colour(given: str) -> str:
    if not _COLOUR.fullmatch(given):
        reason = "is not a colour such as #d4002a"
        raise InvalidInputError(f"brand {given!r} {reason}", [FieldError("brand", reason, given)])
    return given.lower()


def _inputs(
    spec: CompositeSpec,
    places: Sequence[Box | str],
    height_cm: float | None,
    holes: Holes,
    photographed_shadow: PhotographedShadow,
) -> dict[str, Any]:
    """Word what the local compositor is asked for as the inputs of its model."""
    written = [
        f"{place.x:g},{place.y:g},{place.width:g}" if isinstance(place, Box) else place
        for place in places
    ]
    return {
        "places": written,
        "seed": spec.seed,
        "match": spec.match,
        "shadow": spec.shadow,
        "light": spec.light,
        "reflection": spec.reflection,
        "height_cm": height_cm,
        "scene_cm": spec.scene_cm,
        "brand_colours": list(spec.brand_colours),
        "holes": holes,
        "photographed_shadow": photographed_shadow,
    }


async def _through_the_line(
    settings: Settings,
    pieces: Sequence[Piece],
    inputs: Mapping[str, Any],
    method: Method,
    prompt: str,
    *,
    yes: bool,
) -> None:
    """Have composites made by the line; what fails is told, and the rest is made."""
    form = MEDIA_TYPES[pieces[0].out.suffix.lower()].partition("/")[2]
    asked = [(piece.scene, piece.products) for piece in pieces]
    wish = {**inputs, "output_format": form}
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
