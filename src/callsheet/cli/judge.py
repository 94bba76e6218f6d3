"""`callsheet judge …`: how far models that judge takes can be trusted, and what they said."""

from typing import Annotated, Any

import typer

from callsheet.cli.output import out_json, out_table, say
from callsheet.cli.session import run_command
from callsheet.kernel.ids import LOCAL_WORKSPACE
from callsheet.views.judging import calibration_document
from callsheet.wiring import Callsheet

app = typer.Typer(help="Judges: calibration, what they said of a take.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def calibration(
    model: Annotated[str, typer.Option(help="One model only.")] = "", json: AsJson = False
) -> None:
    """Compare what judges said with what people decided, for each kind of failure."""

    async def work(cs: Callsheet) -> dict[str, Any]:
        return calibration_document(
            await cs.views.judges.calibration(LOCAL_WORKSPACE, model or None)
        )

    found = run_command(work)
    if json:
        out_json(found)
        return
    if not found["judges"]:
        say("nothing is known yet: people must decide about takes that a judge has judged")
    columns = ["failure", "#decisions", "#passed: good, bad", "#failed: bad, good"]
    columns += ["#false passes", "#at 95 %"]
    for judge in found["judges"]:
        rows = [_row(each) for each in judge["failures"]]
        out_table(_title(judge), columns, rows)


def _title(judge: dict[str, Any]) -> str:
    may = [point for point, may in judge["may_pass_alone"].items() if may]
    trusted = f"may pass takes alone ({', '.join(may)})" if may else "may not pass takes alone"
    return f"{judge['model']}: {trusted}"


def _row(table: dict[str, Any]) -> list[str]:
    low, high = table["false_pass_rate_interval"]
    rate = table["false_pass_rate"]
    return [
        table["failure"],
        str(table["decisions"]),
        f"{table['true_pass']}, {table['false_pass']}",
        f"{table['true_fail']}, {table['false_fail']}",
        "-" if rate is None else f"{rate:.1%}",
        f"{low:.1%} to {high:.1%}",
    ]


@app.command()
def show(take: Annotated[str, typer.Argument(help="The take's id, tk_…")]) -> None:
    """Print as JSON what each judge was asked about a take, and what it said."""

    async def work(cs: Callsheet) -> list[dict[str, Any]]:
        return await cs.views.judges.of_take(LOCAL_WORKSPACE, take)

    out_json(run_command(work))
