"""`callsheet money …`: what was spent on what, what is set aside, and what bounds it."""

import getpass
import sys
from collections.abc import Callable, Coroutine, Sequence
from decimal import Decimal
from typing import Annotated, Any

import typer

from callsheet.cli.output import facts, out_json, out_table
from callsheet.cli.session import run_command
from callsheet.kernel.errors import FieldError, InvalidInputError
from callsheet.kernel.ids import LOCAL_WORKSPACE
from callsheet.kernel.moments import time_text
from callsheet.kernel.money import Money
from callsheet.money.model import Scope
from callsheet.money.views import Spending, balance_of, entries_csv, told_entry
from callsheet.wiring import Callsheet

app = typer.Typer(help="Money: balance, entries, holds, costs, budgets.", no_args_is_help=True)
budget_app = typer.Typer(help="Budgets: show, set, clear.", no_args_is_help=True)
app.add_typer(budget_app, name="budget")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="How many.")]
Amount = Annotated[str, typer.Argument(help="US dollars, e.g. 25 or 0.50.")]
ScopeName = Annotated[Scope, typer.Argument(help="all, day or job.")]
JobOption = Annotated[str, typer.Option("--job", help="The job that the budget is for.")]


@app.command()
def balance(json: AsJson = False) -> None:
    """Show what is spent and set aside, and what each budget has left."""

    async def work(cs: Callsheet) -> dict[str, Any]:
        async with cs.database.read() as connection:
            return await balance_of(cs.money, connection, LOCAL_WORKSPACE, cs.clock())

    told = run_command(work)
    if json:
        out_json(told)
        return
    facts({name: f"${told[name]}" for name in ("spent", "held", "funds")})
    if told["budgets"]:
        _budgets(told["budgets"])


def _budgets(budgets: Sequence[dict[str, str]]) -> None:
    rows = [[each["scope"], each["key"], *_amounts(each)] for each in budgets]
    out_table("", ["budget", "of", "$ limit", "$ committed", "$ left"], rows)


def _amounts(budget: dict[str, str]) -> tuple[str, str, str]:
    return budget["limit"], budget["committed"], budget["left"]


@app.command()
def entries(
    limit: Annotated[
        int | None,
        typer.Option(min=1, max=10_000, help="How many postings; else 100, and as CSV all."),
    ] = None,
    job: Annotated[str, typer.Option(help="Those of one job.")] = "",
    take: Annotated[str, typer.Option(help="Those of one take.")] = "",
    csv_format: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    json: AsJson = False,
) -> None:
    """List the ledger's entries, the newest first; each posting has two, which sum to zero."""

    async def write(cs: Callsheet) -> None:
        store = cs.money.store
        async for piece in entries_csv(
            cs.database, store, LOCAL_WORKSPACE, postings=limit, job=job, take=take
        ):
            sys.stdout.write(piece)

    async def read(cs: Callsheet) -> list[dict[str, Any]]:
        async with cs.database.read() as connection:
            found = await cs.money.store.entries(
                connection, LOCAL_WORKSPACE, postings=limit or 100, job=job, take=take
            )
        return [told_entry(entry) for entry in found]

    if csv_format:
        run_command(write)
        return
    told = run_command(read)
    if json:
        out_json(told)
        return
    columns = ["posting", "account", "amount", "at", "reason"]
    shown = [[str(each[name] or "") for name in columns] for each in told]
    out_table("", ["posting", "account", "$ amount", "at", "reason"], shown)


@app.command()
def holds(json: AsJson = False) -> None:
    """List what is set aside for orders that have not ended."""

    async def work(cs: Callsheet) -> list[dict[str, Any]]:
        async with cs.database.read() as connection:
            found = await cs.money.store.held(connection, LOCAL_WORKSPACE)
        return [
            {"take": take, "model": model, "amount": str(amount), "since": time_text(since)}
            for take, model, amount, since in found
        ]

    told = run_command(work)
    if json:
        out_json(told)
        return
    rows = [[str(value) for value in each.values()] for each in told]
    out_table("", ["take", "model", "$ held", "since"], rows)


def _by(column: str, limit: int, *, as_json: bool) -> None:
    async def work(cs: Callsheet) -> list[Spending]:
        async with cs.database.read() as connection:
            rows = await cs.money.store.spent_by(connection, LOCAL_WORKSPACE, column, limit)
        return [Spending(*row) for row in rows]

    found = run_command(work)
    if as_json:
        out_json([each.told() for each in found])
        return
    rows = [[each.key, str(each.spent), str(each.held), str(each.takes)] for each in found]
    out_table("", [column, "$ spent", "$ held", "#takes"], rows)


@app.command("by-job")
def by_job(limit: Limit = 100, json: AsJson = False) -> None:
    """Sum up by job."""
    _by("job", limit, as_json=json)


@app.command("by-model")
def by_model(limit: Limit = 100, json: AsJson = False) -> None:
    """Sum up by model."""
    _by("model", limit, as_json=json)


@app.command("by-day")
def by_day(limit: Limit = 100, json: AsJson = False) -> None:
    """Sum up by day (UTC)."""
    _by("day", limit, as_json=json)


@app.command()
def adjust(
    amount: Amount, reason: Annotated[str, typer.Option(help="Why; kept in the ledger.")]
) -> None:
    """Add money, or correct it with a negative amount."""
    money = read_amount(amount)
    if not reason.strip() or money == Money():
        raise InvalidInputError("an adjustment needs an amount that is not zero, and a reason")

    async def work(cs: Callsheet) -> str:
        async with cs.database.begin() as connection:
            return await cs.money.adjust(
                connection,
                LOCAL_WORKSPACE,
                money,
                reason=reason,
                by=getpass.getuser(),
                now=cs.clock(),
            )

    typer.echo(run_command(work))


@budget_app.command("show")
def show_budgets(json: AsJson = False) -> None:
    """Show the budgets in force and what each has left."""

    async def work(cs: Callsheet) -> list[dict[str, str]]:
        async with cs.database.read() as connection:
            told = await balance_of(cs.money, connection, LOCAL_WORKSPACE, cs.clock())
        budgets: list[dict[str, str]] = told["budgets"]
        return budgets

    told = run_command(work)
    if json:
        out_json(told)
        return
    _budgets(told)


@budget_app.command("set")
def set_budget(scope: ScopeName, amount: Amount, job: JobOption = "") -> None:
    """Bound what the workspace commits in all, in each day, or for one job."""
    limit = read_budget(amount)
    run_command(_changing(scope, job, limit))
    typer.echo(f"budget {scope} {job}".rstrip() + f": ${limit}")


@budget_app.command("clear")
def clear_budget(scope: ScopeName, job: JobOption = "") -> None:
    """Remove a budget."""
    run_command(_changing(scope, job, None))
    typer.echo(f"budget {scope} {job}".rstrip() + ": none")


def _changing(
    scope: Scope, job: str, limit: Money | None
) -> Callable[[Callsheet], Coroutine[Any, Any, None]]:
    if (scope is Scope.JOB) != bool(job):
        raise InvalidInputError("--job: name the job with the budget `job`, and with no other")

    async def work(cs: Callsheet) -> None:
        async with cs.database.begin() as connection:
            if job:
                await cs.line.jobs.store.find(connection, LOCAL_WORKSPACE, job)
            await cs.money.set_budget(
                connection,
                LOCAL_WORKSPACE,
                scope,
                job,
                limit,
                by=getpass.getuser(),
                now=cs.clock(),
            )

    return work


def read_amount(text: str) -> Money:
    """Read dollars that a person typed. Raises InvalidInputError."""
    try:
        return Money.usd(Decimal(text.removeprefix("$")))
    except (ValueError, ArithmeticError) as error:
        said = f"{text!r} is not an amount of US dollars; write it as in 1.50"
        raise InvalidInputError(said, [FieldError("amount", said, text)]) from error


def read_budget(text: str) -> Money:
    """Read a budget that a person typed. Raises InvalidInputError."""
    limit = read_amount(text)
    if limit < Money():
        said = f"{text} is below zero; a budget is zero or more"
        raise InvalidInputError(said, [FieldError("amount", said, text)])
    return limit
