"""`callsheet package`: what a job made as a folder, a zip archive, or a prefix of the store."""

import asyncio
import getpass
from collections.abc import AsyncIterator
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Final

import typer

from callsheet.cli.handing_over import OutputFolderError, written_whole
from callsheet.cli.output import facts, out_json, out_table, say
from callsheet.cli.session import run_command
from callsheet.delivery.manifests import TAG_MANIFEST
from callsheet.delivery.naming import DEFAULT
from callsheet.delivery.package import Package, PackageFile, PackageWish
from callsheet.kernel.errors import InvalidInputError
from callsheet.kernel.ids import LOCAL_WORKSPACE
from callsheet.line.packages import Preview
from callsheet.line.together import together
from callsheet.wiring import Callsheet

_STORE: Final = "store:"
_AT_ONCE: Final = 8
_SHOWN: Final = 50


class PackageFolderError(InvalidInputError):
    """The folder for a package holds what is no part of it; a check of the package would fail."""

    code = "package_folder"

    def __init__(self, folder: Path, stray: str) -> None:
        super().__init__(
            f"--out: {folder} holds {stray}, which is no part of the package; name another folder"
        )


def package(
    job: Annotated[str, typer.Argument(help="The job's id, job_…")],
    out: Annotated[
        str, typer.Option(help="A folder, a file .zip, or store:PREFIX in the object store.")
    ] = "",
    names: Annotated[str, typer.Option(help="Template of the files' names.")] = DEFAULT,
    preview: Annotated[
        bool, typer.Option("--preview", help="Show names, collisions and refusals; write nothing.")
    ] = False,
    partial: Annotated[
        bool, typer.Option("--partial", help="Take what there is; the page says what is missing.")
    ] = False,
    override: Annotated[
        str, typer.Option(help="As the admin of this machine, release against the rules: why.")
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Put everything that a job made into one package that others can check."""
    wish = PackageWish(names, partial)
    if preview:
        _show(run_command(lambda cs: cs.packages.preview(LOCAL_WORKSPACE, job, wish)), json)
        return
    if not out:
        raise typer.BadParameter(
            "say where to: a folder, a file .zip, or store:PREFIX", param_hint="--out"
        )

    async def work(cs: Callsheet) -> tuple[Package, str]:
        if override:
            await cs.packages.release(LOCAL_WORKSPACE, job, override, by=getpass.getuser())
        made = await cs.packages.package(LOCAL_WORKSPACE, job, wish)
        if out.startswith(_STORE):
            return made, await cs.packages.publish(made, out.removeprefix(_STORE))
        if out.endswith(".zip"):
            await _write_zip(cs, made, Path(out))
        else:
            await _write_folder(cs, made, Path(out))
        return made, out

    made, place = run_command(work)
    told = {"job": made.job, "masters": made.masters, "files": made.files, "out": place}
    if json:
        out_json({**told, "name": made.name, "zip_bytes": made.size, "etag": made.etag})
        return
    facts({name: str(value) for name, value in told.items()})


def _show(found: Preview, as_json: bool) -> None:  # noqa: FBT001  # a flag passed on
    if as_json:
        refused: list[dict[str, Any]] = [
            {"reason": each.reason, "file": each.name, "take": each.take, "message": each.message}
            for each in found.refused
        ]
        out_json(
            {
                "name": found.name,
                "ready": found.ready,
                "files": [{"name": name, "of": of} for name, of in found.files],
                "collisions": found.collisions,
                "refused": refused,
                "missing": found.missing,
                "left_out": found.left_out,
            }
        )
        return
    out_table("", ["name", "of"], [[name, of] for name, of in found.files[:_SHOWN]])
    if len(found.files) > _SHOWN:
        typer.echo(f"… and {len(found.files) - _SHOWN} more; --json has all")
    for name, who in found.collisions.items():
        say(f"collision: {name} is asked for by {', '.join(who)}")
    for each in found.refused:
        say(f"refused ({each.reason}): {each.message}")
    for title in found.missing:
        say(f"missing: {title} is not made")
    for title in found.left_out:
        say(f"left out: {title}")


async def _write_zip(cs: Callsheet, made: Package, path: Path) -> None:
    def begin() -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputFolderError(f"--out: cannot write {path}: {error.strerror}") from error

    await asyncio.to_thread(begin)
    await _copy(cs.packages.zip(made, 0, made.size), path)


async def _write_folder(cs: Callsheet, made: Package, folder: Path) -> None:
    """Write every file; the list of tag files comes last: a folder that has it has the rest."""
    known = {each.path async for each in cs.packages.files(made)}
    await asyncio.to_thread(_check_folder, folder, known)
    last: list[PackageFile] = []

    async def files() -> AsyncIterator[PackageFile]:
        async for each in cs.packages.files(made):
            if each.path == TAG_MANIFEST:
                last.append(each)
            else:
                yield each

    coming, turn = files(), asyncio.Lock()

    async def write_on() -> None:
        while True:
            async with turn:
                each = await anext(coming, None)
            if each is None:
                return
            await _copy(cs.packages.content(each), folder / each.path)

    await together(write_on() for _ in range(_AT_ONCE))
    for each in last:
        await _copy(cs.packages.content(each), folder / each.path)


def _check_folder(folder: Path, known: set[str]) -> None:
    """Make the folders; what is there and is no part of the package is named."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            if not path.is_dir() and name not in known:
                raise PackageFolderError(folder, name)
        for parent in {PurePosixPath(name).parent for name in known}:
            (folder / parent).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputFolderError(f"--out: cannot write in {folder}: {error.strerror}") from error


async def _copy(content: AsyncIterator[bytes], path: Path) -> None:
    with written_whole(path) as file:
        async for block in content:
            await asyncio.to_thread(file.write, block)
