"""The tutorial and pages with commands are followed to the letter, as a stranger would."""

import os
import sys
from pathlib import Path

import pytest

from tests.databases import unused_port
from tests.docs.console import Shell, Step, steps
from tests.support.typed import callsheet_on_path

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "name",
    [
        "tutorial/first-sheet.md",
        "how-to/order-from-a-hosted-model.md",
        "how-to/bring-your-own-sheet.md",
    ],
)
def test_every_command_of_a_page_answers_what_it_shows(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    """Typed line by line in an empty folder, each command prints what stands below it."""
    ports = {written: str(unused_port()) for written in ("9090", "8000", "18001")}
    page = (DOCS / name).read_text()
    for written, free in ports.items():
        page = page.replace(f"127.0.0.1:{written}", f"127.0.0.1:{free}")
        page = page.replace(f"http.server {written}", f"http.server {free}")
        page = page.replace(f"--port {written}", f"--port {free}")
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "CALLSHEET_PORT": ports["9090"],
        "COLUMNS": "160",
    }
    made = tmp_path / ".callsheet" / "store" / "thumbnails"

    with (
        callsheet_on_path(tmp_path_factory.mktemp("path")) as first,
        Shell(tmp_path, {**environment, "PATH": f"{first}:{environment['PATH']}"}) as shell,
    ):
        for step in steps(page):
            before = len(list(made.rglob("*.blob")))
            ready = (
                (lambda before=before: len(list(made.rglob("*.blob"))) > before)
                if step.interrupted
                else None
            )
            printed = shell.type(step.command, ready)
            assert step.fits(printed), f"$ {step.command}\n{printed}\n--- shown:\n{step.shown}"


@pytest.mark.parametrize(
    ("shown", "printed"),
    [(("a", "...", "z"), "a\nb\nc\nz\n"), (("^C", "stopped at ..."), "\nstopped at 3  \n")],
)
def test_three_dots_stand_for_anything(shown: tuple[str, ...], printed: str) -> None:
    """Output with more than the page shows fits where the page has dots."""
    assert Step("command", shown).fits(printed)


@pytest.mark.parametrize(
    ("shown", "printed"), [(("a", "z"), "a\nb\nz\n"), ((), "something unforeseen\n")]
)
def test_without_dots_nothing_more_may_be_printed(shown: tuple[str, ...], printed: str) -> None:
    """A line that the page does not show is a difference, and so is output where it shows none."""
    assert not Step("command", shown).fits(printed)
