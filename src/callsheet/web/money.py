"""Money: balance, the ledger's entries, holds, costs, budgets."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import Query, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, Field

from callsheet.kernel.money import Money
from callsheet.money.bookkeeping import Summed
from callsheet.money.model import Scope
from callsheet.web.entry import Admin, Services, Viewer
from callsheet.web.problems import documented
from callsheet.web.routes import GuardedRouter

router = GuardedRouter(prefix="/api/money", tags=["money"])
_ERRORS = documented(401, 403, 422, 503)
PageSize = Annotated[int, Query(ge=1, le=1_000)]
_PAGE = 100


class BudgetRequest(BaseModel, extra="forbid"):
    """A limit in US dollars on what a workspace commits in all, in each day, or for a job."""

    scope: Scope
    job: Annotated[str, Field(max_length=100)] = ""
    limit_usd: Annotated[Decimal, Field(ge=0, le=1_000_000_000, max_digits=16, decimal_places=6)]


@router.get("/balance", summary="What is spent, held and left", responses=_ERRORS)
async def balance(cs: Services, caller: Viewer) -> dict[str, Any]:
    """Answer what is spent and set aside, and what each budget has left, in US dollars."""
    return await cs.money.balance(caller.workspace)


@router.get(
    "/entries",
    summary="The ledger",
    response_class=Response,
    responses={**_ERRORS, 200: {"content": {"application/json": {}, "text/csv": {}}}},
)
async def entries(
    cs: Services,
    caller: Viewer,
    job: Annotated[str | None, Query(max_length=100)] = None,
    take: Annotated[str | None, Query(max_length=100)] = None,
    format: Literal["json", "csv"] = "json",  # noqa: A002  # the name people expect
    limit: PageSize | None = None,
    cursor: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """List entries, the newest postings first; each posting has two, which sum to zero.

    `limit` counts postings: 100 if it is left out, and as CSV all.
    """
    if format == "csv":
        text = cs.money.entries_csv(
            caller.workspace, postings=limit, before=cursor, job=job, take=take
        )
        first = await anext(text)  # what is wrong with it is said before anything is sent
        return StreamingResponse(_after(first, text), media_type="text/csv; charset=utf-8")
    page = await cs.money.entries(
        caller.workspace, postings=limit or _PAGE, before=cursor, job=job, take=take
    )
    return JSONResponse({"items": [*page.items], "next_cursor": page.next_cursor})


async def _after(first: str, rest: AsyncIterator[str]) -> AsyncIterator[str]:
    yield first
    async for each in rest:
        yield each


@router.get("/holds", summary="What is set aside", responses=_ERRORS)
async def holds(cs: Services, caller: Viewer) -> dict[str, Any]:
    """List what is set aside for orders that have not ended."""
    found = await cs.money.holds(caller.workspace)
    return {"items": [each.as_json() for each in found], "next_cursor": None}


@router.get("/by-{what}", summary="Costs by job, model or day", responses=_ERRORS)
async def spent(
    what: Summed, cs: Services, caller: Viewer, limit: PageSize = 100
) -> dict[str, Any]:
    """Sum up what was spent and is set aside, the most expensive first."""
    found = await cs.money.spent_by(caller.workspace, what, limit)
    return {"items": [each.as_json() for each in found], "next_cursor": None}


@router.put(
    "/budgets",
    summary="Set a budget",
    responses=documented(400, 401, 403, 404, 413, 422, 503),
)
async def set_budget(body: BudgetRequest, cs: Services, caller: Admin) -> dict[str, Any]:
    """Set a budget's limit; orders that would pass it are refused before they are sent."""
    limit = Money.usd(body.limit_usd)
    await cs.budgets.set(caller.workspace, body.scope, body.job, limit, by=caller.name)
    return await balance(cs, caller)


@router.delete(
    "/budgets",
    summary="Remove a budget",
    responses=documented(401, 403, 404, 422, 503),
)
async def clear_budget(
    scope: Scope,
    cs: Services,
    caller: Admin,
    job: Annotated[str, Query(max_length=100)] = "",
) -> dict[str, Any]:
    """Remove a budget's limit."""
    await cs.budgets.set(caller.workspace, scope, job, None, by=caller.name)
    return await balance(cs, caller)
