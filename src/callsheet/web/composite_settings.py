"""The settings of composites over HTTP: what is changed holds at once, in every process."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Body
from pydantic import BaseModel

from callsheet.web.entry import Admin, Services, server_only
from callsheet.web.problems import documented
from callsheet.web.routes import GuardedRouter
from callsheet.wiring import Callsheet

router = GuardedRouter(tags=["composites"])
Changes = Annotated[
    dict[str, Any],
    Body(
        description="Settings by name; null gives one back to the environment",
        examples=[{"USE_KONTEXT_COMPOSITE": True, "MAX_KONTEXT_PER_HOUR": 50}],
    ),
]


class CompositeSettingState(BaseModel):
    """A setting in force; who changed it and when, if that was over the API."""

    name: str
    value: Any
    changed_at: datetime | None
    changed_by: str | None


class CompositeSettingStates(BaseModel):
    """The settings of composites."""

    items: list[CompositeSettingState]


@router.get(
    "/api/admin/composite/settings",
    summary="Settings of composites",
    responses=documented(401, 403, 503),
)
async def settings(cs: Services, caller: Admin) -> CompositeSettingStates:
    """List each setting with its value in force."""
    server_only(caller, "the settings of composites")
    return await _listed(cs)


@router.put(
    "/api/admin/composite/settings",
    summary="Change settings of composites",
    responses=documented(400, 401, 403, 413, 422, 503),
)
async def change(cs: Services, caller: Admin, body: Changes) -> CompositeSettingStates:
    """Change some, all or none; noted in the audit. What is under way goes on as it began."""
    server_only(caller, "the settings of composites")
    await cs.composite_settings.change(body, by=caller.name or "the local admin")
    return await _listed(cs)


async def _listed(cs: Callsheet) -> CompositeSettingStates:
    return CompositeSettingStates(
        items=[
            CompositeSettingState(
                name=each.name,
                value=each.value,
                changed_at=each.changed_at,
                changed_by=each.changed_by,
            )
            for each in await cs.composite_settings.listed()
        ]
    )
