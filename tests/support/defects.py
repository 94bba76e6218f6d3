"""`callsheet` with a command that nobody would release."""

from callsheet.cli.app import app
from callsheet.cli.session import settings_for_command
from callsheet.main import main as callsheet


def broken() -> None:
    """Meet a defect."""
    settings_for_command()
    raise ZeroDivisionError("a line\nand another")


def main() -> None:
    """Run the command line, and that command."""
    app.command("broken")(broken)
    callsheet()
