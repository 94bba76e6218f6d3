"""Every pipeline, by the kind of its jobs."""

from collections.abc import Mapping
from typing import Final

from callsheet.jobs.model import JobKind
from callsheet.line.batch import BATCH
from callsheet.line.pipeline import Pipeline
from callsheet.line.production import PRODUCTION
from callsheet.line.single import SINGLE

PIPELINES: Final[Mapping[JobKind, Pipeline]] = {
    each.kind: each for each in (BATCH, SINGLE, PRODUCTION)
}
