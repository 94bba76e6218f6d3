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
from callsheet.kernel.money import Money
from callsheet.money.bookkeeping import Summed
from callsheet.money.model import Scope
from callsheet.money.views import Spending
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
        return await cs.money.balance(LOCAL_WORKSPACE)

    found = run_command(work)
    if json:
        out_json(found)
        return
    facts({name: f"${found[name]}" for name in ("spent", "held", "funds")})
    if found["budgets"]:
        _budgets(found["budgets"])


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
        pieces = cs.money.entries_csv(LOCAL_WORKSPACE, postings=limit, job=job, take=take)
        async for piece in pieces:
            sys.stdout.write(piece)

    async def read(cs: Callsheet) -> list[dict[str, Any]]:
        page = await cs.money.entries(LOCAL_WORKSPACE, postings=limit or 100, job=job, take=take)
        return [*page.items]

    if csv_format:
        run_command(write)
        return
    found = run_command(read)
    if json:
        out_json(found)
        return
    columns = ["posting", "account", "amount", "at", "reason"]
    rows = [[str(each[name] or "") for name in columns] for each in found]
    out_table("", ["posting", "account", "$ amount", "at", "reason"], rows)


@app.command()
def holds(json: AsJson = False) -> None:
    """List what is set aside for orders that have not ended."""

    async def work(cs: Callsheet) -> list[dict[str, Any]]:
        return [each.as_json() for each in await cs.money.holds(LOCAL_WORKSPACE)]

    found = run_command(work)
    if json:
        out_json(found)
        return
    rows = [[str(value) for value in each.values()] for each in found]
    out_table("", ["take", "model", "$ held", "since"], rows)


def _by(column: Summed, limit: int, *, as_json: bool) -> None:
    async def work(cs: Callsheet) -> list[Spending]:
        return await cs.money.spent_by(LOCAL_WORKSPACE, column, limit)

    found = run_command(work)
    if as_json:
        out_json([each.as_json() for each in found])
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
    """Add to the funds, or correct them with a negative amount."""
    money = read_amount(amount)
    if not reason.strip() or money == Money():
        raise InvalidInputError("an adjustment needs an amount that is not zero, and a reason")

    async def work(cs: Callsheet) -> str:
        return await cs.money.adjust(LOCAL_WORKSPACE, money, reason=reason, by=getpass.getuser())

    typer.echo(run_command(work))


@budget_app.command("show")
def show_budgets(json: AsJson = False) -> None:
    """Show the budgets in force and what each has left."""

    async def work(cs: Callsheet) -> list[dict[str, str]]:
        budgets: list[dict[str, str]] = (await cs.money.balance(LOCAL_WORKSPACE))["budgets"]
        return budgets

    found = run_command(work)
    if json:
        out_json(found)
        return
    _budgets(found)


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
        await cs.budgets.set(LOCAL_WORKSPACE, scope, job, limit, by=getpass.getuser())

    return work


def read_amount(text: str) -> Money:
    """Read dollars that a person typed. Raises InvalidInputError."""
    try:
        return Money.usd(Decimal(text.removeprefix("$")))
    except (ValueError, ArithmeticError) as error:
        message = f"{text!r} is not an amount of US dollars; write it as in 1.50"
        raise InvalidInputError(message, [FieldError("amount", message, text)]) from error


def read_budget(text: str) -> Money:
    """Read a budget that a person typed. Raises InvalidInputError."""
    limit = read_amount(text)
    if limit < Money():
        message = f"{text} is below zero; a budget is zero or more"
        raise InvalidInputError(message, [FieldError("amount", message, text)])
    return limit
