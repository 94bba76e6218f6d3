"""Batches: rows of a sheet, each a shot with its variants."""

from typing import Final

from callsheet.jobs.model import JobKind
from callsheet.line.pipeline import Gate, Pipeline
from callsheet.line.stages import deliver, intake, qa_semantic, qa_tech, quote, render
from callsheet.quality.verdicts import VerdictStore

BATCH: Final = Pipeline(
    JobKind.BATCH,
    (
        intake.STEP,
        quote.STEP,
        Gate("budget", "its price is known and nothing is ordered yet; may the money be spent?"),
        render.STEP,
        qa_tech.STEP,
        qa_semantic.STEP,
        Gate("review", "everything is made; may it be delivered?", VerdictStore().count_waiting),
        deliver.STEP,
    ),
)
