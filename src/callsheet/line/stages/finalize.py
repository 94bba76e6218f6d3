"""FINALIZE: shots, sound and words become one film, and the files that go with it."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from callsheet.assets.model import asset_key
from callsheet.delivery.links import FILM_FILES, file_key
from callsheet.jobs.model import Entry, Job, Shot
from callsheet.jobs.productions import Production
from callsheet.kernel.digests import Sha256
from callsheet.kernel.ids import JobId
from callsheet.line.films import lines_of, voice_key
from callsheet.line.pipeline import Step
from callsheet.line.tools import StageTools
from callsheet.line.transitions import in_stage, leave
from callsheet.planning.edits import ShotEdit, edited
from callsheet.ports.engine import Payload
from callsheet.ports.film import FilmPlan
from callsheet.takes.model import Take
from callsheet.takes.standing import newest

LOUDNESS: Final = -16.0  # LUFS, as the web plays it
_ROOM: Final = 1.1  # a still is larger than the frame, for its camera to move in
_BLOCK: Final = 1 << 20
_STEMS: Final = ("voice", "music", "effects")
_DRAWN: Final = "local/"  # models that draw: their shots are drawn as they move


async def finalize(tools: StageTools, payload: Payload) -> None:
    """Make the film and put it into the store; made again, it has the same bytes."""
    ctx, films, job_id = tools.ctx, tools.films, JobId(payload["job"])
    async with ctx.books.database.read() as connection:
        job = await ctx.jobs.store.of_any_workspace(connection, job_id)
        if not in_stage(job, payload, STEP):
            return
        production = await films.store.of(connection, job_id)
        shots = await ctx.jobs.store.shots(connection, job_id, after=0, limit=job.tally.rows)
    folder = await films.workplace(job_id)
    plan = as_edited(production.plan, shots) if job.work.manifest_revision else production.plan
    production = replace(production, plan=plan)
    stills, missing = await _stills(tools, job, plan, folder)
    speeches = await _speeches(tools, job_id, production, folder)
    outs = {name: folder / f"{name}.wav" for name in ("master", *_STEMS)}
    sound = await films.studio.mix(plan, speeches, outs, LOUDNESS)
    quality = "preview" if production.brief.get("quality") == "draft" else "export"
    size = (plan.width, plan.height)
    segments = await films.studio.segments(plan, stills, size, quality, folder)
    film, poster = folder / "film.mp4", folder / "poster.jpg"
    frames = await films.studio.film(plan, segments, outs["master"], film, poster)
    await films.studio.words(plan, folder)
    for name, media_type in FILM_FILES.items():
        await ctx.media.blobs.put(file_key(job_id, name), _blocks(folder / name), media_type)
    made = {
        "sha256": await asyncio.to_thread(_digest, film),
        "bytes": film.stat().st_size,
        "frames": frames,
        "rate": plan.rate,
        "seconds": round(float(frames / plan.fps), 3),
        "width": plan.width,
        "height": plan.height,
        "shots": len(plan.shots),
        "drawn": [shot.id for shot in plan.shots if shot.id not in stills],
        "missing": missing,
        "sound": sound,
        "files": list(FILM_FILES),
    }
    if await _written_down(tools, payload, production, made):
        await films.clear(job_id)


def as_edited(plan: FilmPlan, shots: Sequence[Shot]) -> FilmPlan:
    """Bring a plan up to what people made of its rows since it was planned."""
    edits = {
        shot.scene_id: ShotEdit(shot.prompt, shot.plan.duration_s, shot.plan.removed)
        for shot in shots
    }
    return edited(plan, edits)


async def _written_down(
    tools: StageTools, payload: Payload, production: Production, made: Mapping[str, Any]
) -> bool:
    ctx = tools.ctx
    async with ctx.books.database.begin() as connection:
        job = await ctx.jobs.store.lock(connection, production.job)
        if not in_stage(job, payload, STEP):
            return False
        await tools.films.store.set(connection, replace(production, film=made))
        told = {name: made[name] for name in ("sha256", "seconds", "frames", "missing")}
        job = await ctx.jobs.record(connection, job, [Entry("film", told)])
        await leave(ctx.jobs, connection, job)
    return True


async def _stills(
    tools: StageTools, job: Job, plan: FilmPlan, folder: Path
) -> tuple[dict[str, tuple[Path, Sha256]], list[str]]:
    """Bring home the pictures that models made of shots, and name the shots that have none.

    A locked-down process reads each and gives it out anew: what opens it here is of our own making.
    What a local model drew is drawn again, moving.
    """
    takes = await _takes(tools, job)
    side = round(max(plan.width, plan.height) * _ROOM)
    stills: dict[str, tuple[Path, Sha256]] = {}
    missing: list[str] = []
    for shot in plan.shots:
        take = takes.get(shot.id)
        if take is None or take.asset is None:
            missing.append(shot.id)
            continue
        if take.model.startswith(_DRAWN):
            continue
        content = await tools.ctx.media.blobs.get(asset_key(take.asset))
        shown = await tools.ctx.media.studio.shown(content, side, take.id)
        if shown.thumbnail is None:
            missing.append(shot.id)
            continue
        path = folder / f"{take.asset}.still"
        path.write_bytes(shown.thumbnail)
        stills[shot.id] = (path, take.asset)
    return stills, missing


async def _takes(tools: StageTools, job: Job) -> dict[str, Take]:
    """Find the newest good take of each shot, by the shot's id."""
    ctx = tools.ctx
    async with ctx.books.database.read() as connection:
        shots = await ctx.jobs.store.shots(connection, job.id, after=0, limit=job.tally.rows)
        if not shots:
            return {}
        rows = (shots[0].row, shots[-1].row)
        takes = newest(await ctx.books.takes.of_rows(connection, job.id, *rows))
        rejected = await ctx.verdicts.rejected(connection, job.id, rows)
    return {
        shot.scene_id: take
        for shot in shots
        for take in takes.get(shot.row, ())
        if take.asset is not None and take.id not in rejected
    }


async def _speeches(
    tools: StageTools, job: JobId, production: Production, folder: Path
) -> dict[tuple[str, int], Path]:
    """Bring home the lines that were read, where they are not here."""
    found: dict[tuple[str, int], Path] = {}
    for shot, place, _ in lines_of(production):
        path = folder / f"{shot}-{place}.wav"
        if not path.exists():
            path.write_bytes(await tools.ctx.media.blobs.get(voice_key(job, shot, place)))
        found[shot, place] = path
    return found


async def _blocks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while block := await asyncio.to_thread(file.read, _BLOCK):
            yield block


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


STEP: Final = Step("finalize", finalize, "cutting the film")
