"""QA_SEMANTIC: what was made is put to a model that sees, and its answers become verdicts.

The work is done twice in a round: once it orders the askings, and when the last of them has ended
it reads them. Then it sends the job on, or back to RENDER for what failed.
"""

from typing import Final

from callsheet.jobs.model import Job
from callsheet.kernel.ids import JobId
from callsheet.line.pipeline import Step
from callsheet.line.semantic_gate import SemanticGate, is_judged, wish_for
from callsheet.line.together import together
from callsheet.line.tools import StageTools
from callsheet.line.transitions import in_stage
from callsheet.line.verdicts import go_on, to_judge, write
from callsheet.ports.engine import Payload

_AT_ONCE: Final = 4  # files that are pictured side by side


async def judge(tools: StageTools, payload: Payload) -> None:
    """Ask about every take that was made, and when all is answered, decide about them."""
    judges, ctx = tools.judges, tools.ctx
    async with ctx.books.database.read() as connection:
        job = await ctx.jobs.store.of_any_workspace(connection, JobId(payload["job"]))
    if not is_judged(job) or not in_stage(job, payload, STEP):
        return
    await _put(tools, job)
    if await _out(tools, job, payload):
        return
    async with ctx.books.database.read() as connection:
        open_ones = await judges.store.undecided(connection, job.id, wish_for(job).model)
    if await judges.ask_again(job, open_ones) and await _out(tools, job, payload):
        return
    if await _decide(tools, job, payload):
        await go_on(ctx, payload, STEP)


async def _decide(tools: StageTools, job: Job, payload: Payload) -> bool:
    """Write verdicts down; False if another has begun to ask meanwhile, who will decide then.

    The same work may run twice at a time: what was read before somebody asked again is not used.
    """
    ctx, gate, after = tools.ctx, SemanticGate(tools.judges), 0
    while True:
        async with ctx.books.database.read() as connection:
            after, page = await to_judge(ctx, connection, job, gate, after)
        for first in range(0, len(page), _AT_ONCE):
            found = await together(gate.assess(job, row) for row in page[first : first + _AT_ONCE])
            assessed = [each for of_row in found for each in of_row]
            async with ctx.books.database.begin() as connection:
                now = await ctx.jobs.store.lock(connection, job.id)
                asked = await ctx.books.takes.any_asked(connection, job.id)
                if asked or not in_stage(now, payload, STEP):
                    return False
                await gate.keep(connection, [each.take.id for each in assessed])
                await write(ctx, connection, now, gate.name, assessed, wish_for(job).retakes)
        if not after:
            return True


async def _put(tools: StageTools, job: Job) -> None:
    """Put what was made, and is not judged yet, to the judge."""
    ctx, gate, after = tools.ctx, SemanticGate(tools.judges), 0
    while True:
        async with ctx.books.database.read() as connection:
            after, page = await to_judge(ctx, connection, job, gate, after)
        wanted = [(row.shot, take) for row in page for take in row.takes]
        for first in range(0, len(wanted), _AT_ONCE):
            some = wanted[first : first + _AT_ONCE]
            await together(gate.judges.put(job, wish_for(job), shot, take) for shot, take in some)
        if not after:
            return


async def _out(tools: StageTools, job: Job, payload: Payload) -> bool:
    """Let askings be ordered, all known to the store before; tells whether any has not ended."""
    ctx = tools.ctx
    await tools.write_through(job.id)
    async with ctx.books.database.begin() as connection:
        now = await ctx.jobs.store.lock(connection, job.id)
        if not in_stage(now, payload, STEP):
            return True
        return await tools.judges.release(connection, now)


STEP: Final = Step(
    "qa_semantic", judge, "being judged", orders=True, repeats=True, wanted=is_judged
)
