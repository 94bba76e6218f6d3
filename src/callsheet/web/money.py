"""Money: balance, the ledger's entries, holds, costs, budgets."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, Field

from callsheet.kernel.errors import InvalidInputError
from callsheet.kernel.moments import time_text
from callsheet.kernel.money import Money
from callsheet.money.model import Scope
from callsheet.money.store import ENTRIES_OF_A_POSTING
from callsheet.money.views import Spending, balance_of, entries_csv, told_entry
from callsheet.web.entry import Admin, Services, Viewer
from callsheet.web.problems import documented
from callsheet.web.routes import GuardedRoute

router = APIRouter(route_class=GuardedRoute, prefix="/api/money", tags=["money"])
_ERRORS = documented(401, 403, 422, 503)
PageSize = Annotated[int, Query(ge=1, le=1_000)]
_PAGE = 100


class BudgetRequest(BaseModel, extra="forbid"):
    """A limit in US dollars on what a workspace commits in all, in each day, or for a job."""

    scope: Scope
    job: Annotated[str, Field(max_length=100)] = ""
    limit_usd: Annotated[Decimal, Field(ge=0, le=1_000_000_000, max_digits=16, decimal_places=6)]


@router.get("/balance", summary="What is spent, held and left", responses=_ERRORS)
async def balance(cs: Services, member: Viewer) -> dict[str, Any]:
    """Tell what is spent and set aside, and what each budget has left."""
    async with cs.database.read() as connection:
        return await balance_of(cs.money, connection, member.workspace, cs.clock())


@router.get(
    "/entries",
    summary="The ledger",
    response_class=Response,
    responses={**_ERRORS, 200: {"content": {"application/json": {}, "text/csv": {}}}},
)
async def entries(
    cs: Services,
    member: Viewer,
    job: Annotated[str | None, Query(max_length=100)] = None,
    take: Annotated[str | None, Query(max_length=100)] = None,
    format: Literal["json", "csv"] = "json",  # noqa: A002  # the name people expect
    limit: PageSize | None = None,
    cursor: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """List entries, the newest postings first; each posting has two, which sum to zero.

    `limit` counts postings: 100 if it is left out, and as CSV all.
    """
    store = cs.money.store
    if format == "csv":
        text = entries_csv(
            cs.database,
            store,
            member.workspace,
            postings=limit,
            before=cursor,
            job=job,
            take=take,
        )
        first = await anext(text)  # what is wrong with it is said before anything is sent
        return StreamingResponse(_after(first, text), media_type="text/csv; charset=utf-8")
    limit = limit or _PAGE
    async with cs.database.read() as connection:
        found = await store.entries(
            connection, member.workspace, postings=limit, before=cursor, job=job, take=take
        )
    more = found[-1].posting if len(found) == limit * ENTRIES_OF_A_POSTING else None
    return JSONResponse({"items": [told_entry(entry) for entry in found], "next_cursor": more})


async def _after(first: str, rest: AsyncIterator[str]) -> AsyncIterator[str]:
    yield first
    async for each in rest:
        yield each


@router.get("/holds", summary="What is set aside", responses=_ERRORS)
async def holds(cs: Services, member: Viewer) -> dict[str, Any]:
    """List what is set aside for orders that have not ended."""
    async with cs.database.read() as connection:
        found = await cs.money.store.held(connection, member.workspace)
    items = [
        {"take": take, "model": model, "amount": str(amount), "since": time_text(since)}
        for take, model, amount, since in found
    ]
    return {"items": items, "next_cursor": None}


@router.get("/by-{what}", summary="Costs by job, model or day", responses=_ERRORS)
async def spent(
    what: Literal["job", "model", "day"], cs: Services, member: Viewer, limit: PageSize = 100
) -> dict[str, Any]:
    """Sum up what was spent and is held, the dearest first."""
    async with cs.database.read() as connection:
        rows = await cs.money.store.spent_by(connection, member.workspace, what, limit)
    return {"items": [Spending(*row).told() for row in rows], "next_cursor": None}


@router.put(
    "/budgets",
    summary="Set a budget",
    responses=documented(400, 401, 403, 404, 413, 422, 503),
)
async def set_budget(body: BudgetRequest, cs: Services, member: Admin) -> dict[str, Any]:
    """Set a limit; what would pass it is refused before anything is sent."""
    await _change(cs, member, body.scope, body.job, Money.usd(body.limit_usd))
    return await balance(cs, member)


@router.delete(
    "/budgets",
    summary="Remove a budget",
    responses=documented(401, 403, 404, 422, 503),
)
async def clear_budget(
    scope: Scope,
    cs: Services,
    member: Admin,
    job: Annotated[str, Query(max_length=100)] = "",
) -> dict[str, Any]:
    """Remove a limit."""
    await _change(cs, member, scope, job, None)
    return await balance(cs, member)


async def _change(cs: Services, member: Admin, scope: Scope, job: str, limit: Money | None) -> None:
    if (scope is Scope.JOB) != bool(job):
        raise InvalidInputError("job: name the job with the budget `job`, and with no other")
    async with cs.database.begin() as connection:
        if job:
            await cs.line.jobs.store.find(connection, member.workspace, job)
        await cs.money.set_budget(
            connection, member.workspace, scope, job, limit, by=member.key or "", now=cs.clock()
        )
