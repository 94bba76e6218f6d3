"""The commands that work on files alone, as an application of their own."""

import typer

from callsheet.cli import checking, frame, provenance
from callsheet.cli.running import run_app

app = typer.Typer(name="callsheet", add_completion=False, pretty_exceptions_enable=False)
app.command("check")(checking.check)
app.command("probe")(checking.probe)
app.add_typer(provenance.app, name="provenance")
app.command("frame")(frame.frame)


def main() -> None:
    """Run one of them."""
    run_app(app)
