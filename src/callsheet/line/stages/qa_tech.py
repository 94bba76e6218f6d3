"""QA_TECH: what was made is examined as files; what fails is made again, or waits for a person."""

from typing import Final

from callsheet.line.pipeline import Step
from callsheet.line.tools import StageTools
from callsheet.line.verdicts import examine
from callsheet.ports.engine import Payload


async def examine_takes(tools: StageTools, payload: Payload) -> None:
    """Examine every take that made something and was not examined under this job's profile."""
    await examine(tools.ctx, payload, STEP, tools.technical)


STEP: Final = Step("qa_tech", examine_takes, "examining files")
