"""Productions: a brief becomes one film, shot by shot."""

from typing import Final

from callsheet.jobs.model import JobKind
from callsheet.line.pipeline import Gate, Pipeline
from callsheet.line.stages import (
    deliver,
    finalize,
    intake,
    qa_semantic,
    qa_tech,
    quote,
    render,
    table_read,
)
from callsheet.quality.verdicts import VerdictStore

PRODUCTION: Final = Pipeline(
    JobKind.PRODUCTION,
    (
        intake.STEP,
        table_read.STEP,
        Gate("script", "the film is planned and its lines are read; is this what is to be made?"),
        quote.STEP,
        Gate("budget", "its price is known and nothing is ordered yet; may the money be spent?"),
        render.STEP,
        qa_tech.STEP,
        qa_semantic.STEP,
        Gate("review", "every shot is made; may the film be cut?", VerdictStore().count_waiting),
        finalize.STEP,
        deliver.STEP,
    ),
)
