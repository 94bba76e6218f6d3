"""The reference is what the code says."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import callsheet.main  # loads all that can be refused
from callsheet.catalog.registry import FolderCatalog
from callsheet.intake.errors import BatchInputError, FieldRefusedError
from callsheet.kernel.errors import CallsheetError
from callsheet.line.errors import ModelInputError
from callsheet.settings import Settings
from tests.support.processes import Place, serving

DOCS = Path(__file__).parents[2] / "docs"
REFERENCE = DOCS / "reference"
# each instance has the code of what it found; the page lists those in tables of their own
_CODE_IN_INSTANCES = (BatchInputError, ModelInputError, FieldRefusedError)


def test_no_generated_page_is_stale() -> None:
    """`python docs/generate.py` would change nothing; if this fails, run it."""
    done = subprocess.run(
        [sys.executable, str(DOCS / "generate.py"), "--check"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_setting_has_its_entry() -> None:
    """A setting that nobody can look up might as well not exist."""
    page = (REFERENCE / "settings.md").read_text()
    assert [name for name in Settings.model_fields if f"| `{name}` |" not in page] == []


def test_every_error_has_its_entry() -> None:
    """Each class of error that is loaded here stands in the table with its code."""
    page = (REFERENCE / "errors.md").read_text()
    missing = [
        kind.__name__
        for kind in _below(CallsheetError)
        if kind not in _CODE_IN_INSTANCES and f"| `{kind.code}` | `{kind.__name__}` |" not in page
    ]
    assert missing == []


def _below(kind: type[CallsheetError]) -> Iterator[type[CallsheetError]]:
    for each in kind.__subclasses__():
        if each.__module__.startswith(f"{callsheet.__name__}."):
            yield each
            yield from _below(each)


def test_every_model_has_its_entry() -> None:
    """Each card that is shown to people has a heading of its own."""
    page = (REFERENCE / "models.md").read_text()
    assert [card.id for card in FolderCatalog().cards() if f"\n## {card.id}\n" not in page] == []


def _listed(page: str, what: str) -> set[str]:
    """Read the names that a cell of the page lists behind these words."""
    [names] = re.findall(rf"{what}: \{{(.*?)\}}", page)
    return set(re.findall(r"`(\w+)`", names))


def test_the_state_page_names_the_fields_of_a_real_state(tmp_path: Path) -> None:
    """Documents of a job that made pictures, merged references and failed have these fields."""
    page = (REFERENCE / "state.md").read_text()
    described = set(re.findall(r"`([a-zA-Z0-9_.\[\]-]+)`", _first_cells(page)))
    place = Place(tmp_path)
    (tmp_path / "sheet.csv").write_text(
        "prompt,references\ndrawn,frame.png frame.png\nrefused,http://127.0.0.1:1/never.png\n"
    )
    (tmp_path / "plain.csv").write_text("prompt\na lighthouse\n")
    assert place.run("run", "plain.csv", "--out", ".").returncode == 0
    (tmp_path / "row-2_v1.png").rename(tmp_path / "frame.png")
    assert place.run("run", "sheet.csv", "--out", "out").returncode == 1

    state = json.loads((tmp_path / "out" / "state.json").read_text())
    with serving(place) as server:
        answered = server.state(state["batchId"])

    assert set(_paths(state)) == described
    assert set(_paths(answered)) == described - {"sha256"}
    kept, failed = state["rows"]
    assert _listed(page, "what it kept") == set(kept["references"][0])
    assert _listed(page, "what fell out") == set(kept["dropped"][0])
    assert _listed(page, "why it failed") == set(failed["error"])


def _first_cells(page: str) -> str:
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    return "\n".join(row.split(" | ")[0] for row in rows)


def _names(found: dict[str, Any]) -> str:
    return ", ".join(f"`{name}`" for name in found)


def _paths(found: dict[str, Any], before: str = "") -> Iterator[str]:
    """Name each field of a document; lists of objects count by their first one with content."""
    for name, value in found.items():
        path = f"{before}{name}"
        deeper = path in ("counts", "cost", "references", "files")
        if path in ("rows", "rows[].variants"):
            full = next(row for row in value if row.get("variants", True))
            yield from _paths(full, f"{path}[].")
        elif deeper:
            yield from _paths(value, f"{path}.")
        else:
            yield path
