"""Judges: how far models that judge takes can be trusted, and what they said."""

from typing import Annotated, Any

from fastapi import Query
from pydantic import Field

from callsheet.views.judging import calibration_document
from callsheet.web.entry import Services, Viewer
from callsheet.web.problems import documented
from callsheet.web.routes import GuardedRouter

router = GuardedRouter(prefix="/api/judge", tags=["judge"])


@router.get(
    "/calibration",
    summary="Judges against people",
    responses=documented(401, 403, 422, 503),
)
async def calibration(
    cs: Services, caller: Viewer, model: Annotated[str | None, Query(max_length=200)] = None
) -> dict[str, Any]:
    """Compare what judges said with what people decided, by model and kind of failure.

    A rate is of what the judge passed, or failed; its interval is Wilson's at 95 %.
    """
    return calibration_document(await cs.views.judges.calibration(caller.workspace, model))


@router.get(
    "/takes/{take}",
    summary="What judges said of a take",
    responses=documented(401, 403, 404, 422, 503),
)
async def judgings(
    take: Annotated[str, Field(max_length=100)], cs: Services, caller: Viewer
) -> list[dict[str, Any]]:
    """Answer questions, pictures, scores and reasons of each model that judged a take."""
    return await cs.views.judges.of_take(caller.workspace, take)
