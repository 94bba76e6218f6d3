"""TABLE_READ: every line is read by a local voice, so that time is known before money is spent."""

from dataclasses import asdict, replace
from typing import Final

from callsheet.jobs.model import Entry
from callsheet.kernel.ids import JobId
from callsheet.line.films import lines_of, spoken_document, voice_key
from callsheet.line.pipeline import Step
from callsheet.line.tools import StageTools
from callsheet.line.transitions import in_stage, leave
from callsheet.planning.timing import Overrun, fitted
from callsheet.ports.engine import Payload
from callsheet.ports.film import FilmPlan

_RATE: Final = 48_000


async def table_read(tools: StageTools, payload: Payload) -> None:
    """Read the lines, keep them, and place them in the film; read again, they are the same."""
    ctx, films, job_id = tools.ctx, tools.films, JobId(payload["job"])
    async with ctx.books.database.read() as connection:
        job = await ctx.jobs.store.of_any_workspace(connection, job_id)
        if not in_stage(job, payload, STEP):
            return
        production = await films.store.of(connection, job_id)
    lines = list(lines_of(production))
    folder = await films.workplace(job_id)
    files = [folder / f"{shot}-{place}.wav" for shot, place, _ in lines]
    read = await films.studio.read([(line.text, line.language) for *_, line in lines], files)
    for (shot, place, _), file in zip(lines, files, strict=True):
        content = file.read_bytes()
        await ctx.media.blobs.put(voice_key(job_id, shot, place), content, "audio/wav")
    plan = production.plan
    spoken = {
        (shot, place): frames_of_samples(plan, each.samples)
        for (shot, place, _), each in zip(lines, read, strict=True)
    }
    found = fitted(plan, spoken)
    remarks = [*production.remarks, *(_remark(found.plan, each) for each in found.overruns)]
    remarks += [
        {"code": "stand_in_voice", "severity": "warning", "message": label, "shot": ""}
        for label in sorted({each.label for each in read if each.voice == "tone"})
    ]
    told = [
        spoken_document(shot, place, asdict(each))
        for (shot, place, _), each in zip(lines, read, strict=True)
    ]
    async with ctx.books.database.begin() as connection:
        job = await ctx.jobs.store.lock(connection, job_id)
        if not in_stage(job, payload, STEP):
            return
        changed = replace(production, plan=found.plan, remarks=remarks, spoken=told)
        await films.store.set(connection, changed)
        seconds = round(sum(each.samples for each in read) / _RATE, 2)
        said = {"lines": len(read), "seconds": seconds, "overruns": len(found.overruns)}
        job = await ctx.jobs.record(connection, job, [Entry("table_read", said)])
        await leave(ctx.jobs, connection, job)


def frames_of_samples(plan: FilmPlan, samples: int) -> int:
    """Count the frames that so many samples at 48 kHz begin."""
    return -(-samples * plan.fps.numerator // (_RATE * plan.fps.denominator))


def _remark(plan: FilmPlan, overrun: Overrun) -> dict[str, str]:
    seconds = float(overrun.over_frames / plan.fps)
    said = f"a line of {overrun.shot} is {seconds:.1f} s too long; cut {overrun.cut!r}"
    return {"code": "speech_too_long", "severity": "warning", "message": said, "shot": overrun.shot}


STEP: Final = Step("table_read", table_read, "reading the lines")
