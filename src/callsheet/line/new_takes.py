"""Wording takes: which model is asked for what a row wants."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from callsheet.intake.model import RunMode
from callsheet.jobs.content import content_digest
from callsheet.jobs.model import Job, Shot
from callsheet.line.context import LineContext
from callsheet.line.estimates import correction_in
from callsheet.line.take_inputs import HOSTED_MODEL, take_inputs
from callsheet.ports.models import Execution
from callsheet.takes.model import Take, quoted_take

PREVIEW_MODEL: Final = "local/storyboard"
TEXT_PREVIEW_MODEL: Final = "local/text-preview"


def new_take(
    ctx: LineContext,
    job: Job,
    shot: Shot,
    variant: int,
    attempt: int,
    upstream: Sequence[Shot] = (),
    *,
    again: int = 0,
    told: Sequence[str] = (),
    scene: tuple[int, int] | None = None,
) -> Take:
    """Word one take. A dry run asks the local studio for a preview of what would be bought.

    A composite is asked for from its hosted model once; done again, it is made here.

    `upstream` are the shots that this one depends on. `again` and `told` are of one that is made
    in the place of another: see `take_inputs`. `scene` is the size of a composite's scene.
    """
    wanted = ctx.providers.catalog.card(shot.model)
    card = wanted
    preview = wanted.listed and wanted.execution is not Execution.LOCAL
    if job.run_mode is RunMode.DRY_RUN and preview:
        makes_text = wanted.kind.makes == "text"
        card = ctx.providers.catalog.card(TEXT_PREVIEW_MODEL if makes_text else PREVIEW_MODEL)
    if job.run_mode is RunMode.LIVE and attempt == 1 and shot.inputs.get(HOSTED_MODEL):
        card = ctx.providers.catalog.card(shot.inputs[HOSTED_MODEL])  # a local one follows
    width, height = scene or (shot.width, shot.height)
    sized = replace(shot, width=width, height=height)
    inputs = take_inputs(wanted, card, sized, variant, again, told)
    correction = correction_in(job, card)
    now, content = ctx.books.clock(), content_digest(shot, upstream)
    return quoted_take(job, shot.row, variant, attempt, card, inputs, now, correction, content)
