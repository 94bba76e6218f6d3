"""`callsheet provenance …`: a chain of our own, and what files' content credentials come to."""

import asyncio
import mimetypes
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import typer

from callsheet.cli.output import facts, out_json
from callsheet.kernel.errors import FieldError, InvalidInputError
from callsheet.kernel.ids import LOCAL_WORKSPACE
from callsheet.media.credentials.client import ProcessCredentials
from callsheet.media.measuring.kinds import HEAD, kind_of
from callsheet.ports.measuring import UnreadableMediaError
from callsheet.ports.provenance import (
    SIDECAR_SUFFIX,
    ManifestRead,
    State,
    UnreadableManifestError,
)
from callsheet.provenance.chain import make_chain, renew_chain
from callsheet.provenance.documents import judgement_document
from callsheet.provenance.model import Judgement, Verdict, judge
from callsheet.provenance.verifying import Verifier, roots_in
from callsheet.settings import read_settings

app = typer.Typer(
    help="Content credentials (C2PA): make a key, show and verify files.", no_args_is_help=True
)
_MAX_SIDECAR: Final = 32 << 20
_COLOURS: Final = {True: typer.colors.GREEN, False: typer.colors.RED}
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Trust = Annotated[
    list[Path] | None,
    typer.Option(help="PEM file of roots that you trust beside our own; again for each."),
]
T = TypeVar("T")
Judge = Callable[[Path, str, bytes | None], Coroutine[Any, Any, tuple[ManifestRead, Judgement]]]


@app.command()
def init(
    folder: Annotated[
        Path | None, typer.Option(help="Where to write it; the data folder's if not said.")
    ] = None,
    organisation: Annotated[str, typer.Option(help="Who signs, as others will read it.")] = "",
    renew: Annotated[
        bool, typer.Option("--renew", help="Make a new signing key under the root that is there.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Make a root, an intermediate authority and a key that signs, readable by you alone."""
    settings = read_settings()
    place = (folder or settings.provenance_folder).absolute()
    make = renew_chain if renew else make_chain
    chain = make(place, organisation or "callsheet", datetime.now(UTC))
    told = {
        "root": str(chain.root),
        "key": str(chain.key),
        "certificates": str(chain.certificates),
        "valid until": f"{chain.expires_at:%Y-%m-%d}",
    }
    if json:
        out_json(told)
        return
    facts(told)
    typer.echo(
        "Who is given root.pem can verify what you sign (--trust root.pem). Others see a signature"
        " by\nsomebody unknown: public trust needs a certificate of an authority on the C2PA list."
    )


@app.command()
def show(
    file: Annotated[Path, typer.Argument(help="A picture, a clip or a text.", show_default=False)],
    trust: Trust = None,
    json: AsJson = False,
) -> None:
    """Say what a file's content credentials say: who signed it, how it was made, of what."""

    async def work(verifier: Verifier) -> tuple[ManifestRead, Judgement]:
        return await _judged_alone(verifier)(file, *beside(file))

    read, judgement = asyncio.run(_with_verifier(work, trust))
    if json:
        out_json(judgement_document(str(file), read, judgement))
        return
    facts(_shown(read, judgement))
    for each in read.ingredients:
        state = "no manifest" if each.state is State.NONE else f"manifest {each.state.value}"
        typer.echo(f"  {each.relationship:<12} {each.title}  {each.media_type}, {state}")
    for fault in read.faults:
        typer.echo(f"  ! {fault.code}: {fault.explanation}")


@app.command()
def verify(
    files: Annotated[
        list[Path], typer.Argument(help="Pictures, clips and texts.", show_default=False)
    ],
    trust: Trust = None,
    recorded: Annotated[
        bool, typer.Option("--recorded", help="Compare with what was recorded here, too.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Verify files' content credentials; exit 1 unless each is ours or somebody's whom you trust.

    Needs no server and no database. A file beside, named FILE.c2pa, is read where there is one.
    """
    bad = 0

    async def work(judged: Judge) -> None:
        nonlocal bad
        for file in files:
            read, judgement = await _judged(judged, file)
            bad += not judgement.verdict.holds
            _tell(file, read, judgement, json=json)

    if recorded:
        _run_recorded(work, trust)
    else:
        asyncio.run(_with_verifier(lambda each: work(_judged_alone(each)), trust))
    if bad:
        raise typer.Exit(1)


async def _judged(judged: Judge, file: Path) -> tuple[ManifestRead, Judgement]:
    """Judge a file; one that cannot be read is invalid, and the next has its turn."""
    try:
        return await judged(file, *beside(file))
    except (UnreadableManifestError, UnreadableMediaError) as error:
        return ManifestRead(State.INVALID), Judgement(Verdict.INVALID, str(error))


def _judged_alone(verifier: Verifier) -> Judge:
    async def judged(
        file: Path, media_type: str, sidecar: bytes | None
    ) -> tuple[ManifestRead, Judgement]:
        read, anchored = await verifier.read(file, media_type, sidecar)
        return read, judge(read, anchored=anchored)

    return judged


async def _with_verifier(
    work: Callable[[Verifier], Coroutine[Any, Any, T]], trust: Sequence[Path] | None
) -> T:
    credentials = ProcessCredentials(1)
    try:
        settings = read_settings()
        roots = roots_in(settings.provenance_folder, settings.provenance_roots)
        return await work(Verifier(credentials, roots, _pem(trust)))
    finally:
        await credentials.close()


def _tell(file: Path, read: ManifestRead, judgement: Judgement, *, json: bool) -> None:
    if json:
        out_json(judgement_document(str(file), read, judgement))
        return
    verdict = judgement.verdict
    word = typer.style(f"{verdict.value:<10}", fg=_COLOURS[verdict.holds])
    typer.echo(f"{file}  {word} {judgement.reason}")


def _shown(read: ManifestRead, judgement: Judgement) -> dict[str, str]:
    told = {"verdict": f"{judgement.verdict.value}: {judgement.reason}"}
    if read.state is State.NONE:
        return told
    told |= {
        "manifest": read.label,
        "signed by": ", ".join(filter(None, (read.signer, read.issuer, read.algorithm))),
        "made with": read.generator,
        "title": read.title,
        "actions": ", ".join(read.actions),
        "source type": ", ".join(each.rpartition("/")[2] for each in read.source_types),
    }
    for name, value in (read.facts or {}).items():
        if isinstance(value, str):
            told[name] = value
    return {name: value for name, value in told.items() if value}


def beside(file: Path) -> tuple[str, bytes | None]:
    """Find a file's media type by how it begins, and the manifest beside it."""
    try:
        with file.open("rb") as opened:
            head = opened.read(HEAD)
        sidecar = file.with_name(file.name + SIDECAR_SUFFIX)
        manifest = sidecar.read_bytes()[:_MAX_SIDECAR] if sidecar.is_file() else None
    except OSError as error:
        raise UnreadableMediaError(f"{file} cannot be opened ({error.strerror})") from error
    try:
        return kind_of(head).media_type, manifest
    except UnreadableMediaError:
        return mimetypes.guess_type(file.name)[0] or "application/octet-stream", manifest


def _pem(files: Sequence[Path] | None) -> bytes:
    try:
        return b"".join(file.read_bytes() for file in files or ())
    except OSError as error:
        said = f"--trust: cannot read {error.filename}: {error.strerror}"
        raise InvalidInputError(said, [FieldError("trust", str(error))]) from error


def _run_recorded(
    work: Callable[[Judge], Coroutine[Any, Any, None]], trust: Sequence[Path] | None
) -> None:
    # only here is a database, and all that stands on it, needed
    from callsheet.cli.session import run_command  # noqa: PLC0415
    from callsheet.wiring import Callsheet  # noqa: PLC0415

    async def go(cs: Callsheet) -> None:
        recorded = cs.recorded.trusting(_pem(trust))

        async def judged(
            file: Path, media_type: str, sidecar: bytes | None
        ) -> tuple[ManifestRead, Judgement]:
            read, judgement, _ = await recorded.judged(LOCAL_WORKSPACE, file, media_type, sidecar)
            return read, judgement

        await work(judged)

    run_command(go)
