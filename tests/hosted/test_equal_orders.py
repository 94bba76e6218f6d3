"""What was ordered and paid before is not paid again, unless somebody wants it made anew."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.support.hosted import IMAGE, Simulator, check_money, simulating
from tests.support.processes import Place

pytestmark = pytest.mark.on_either_database

LIVE = ("--live", "--yes", "--json")
HEAD = "scene_id,prompt,model,size,variants"


@pytest.fixture
def sim(tmp_path: Path) -> Iterator[Simulator]:
    """Run a simulator."""
    with simulating(tmp_path, run_s=0.05) as running:
        yield running


@pytest.fixture
def place(tmp_path: Path, database_url: str, sim: Simulator) -> Place:
    """Make a place on either database."""
    return Place(tmp_path, database_url, sim.settings())


def made(place: Place, sheet: str, *options: str) -> tuple[str, list[dict[str, Any]]]:
    """Run a sheet live; what it was charged, and what was made of its rows."""
    run = place.run("run", sheet, *LIVE, *options)
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    state = json.loads((place.folder / "build" / Path(sheet).stem / "state.json").read_text())
    return told["charged"], [one for row in state["rows"] for one in row["variants"]]


def test_equal_orders_of_another_sheet_are_answered_from_the_store(
    place: Place, sim: Simulator
) -> None:
    """What was rejected and what is new are ordered, the rest is known. `--again` orders all."""
    known = [f"S-{row},frame {row},{IMAGE},256x256,2" for row in (1, 2)]
    (place.folder / "first.csv").write_text("\n".join([HEAD, *known]))
    (place.folder / "second.csv").write_text(
        "\n".join([HEAD, *known, f"S-3,frame 3,{IMAGE},256x256,2"])
    )
    _, first = made(place, "first.csv")
    check_money(place, sim, 4)
    rejected = place.run("takes", "reject", first[0]["take"], "--reason", "too blue")
    assert rejected.returncode == 0, rejected.stderr
    charged, second = made(place, "second.csv")
    check_money(place, sim, 7)
    pictures = [each["sha256"] for each in second]
    assert pictures[1:4] == [each["sha256"] for each in first[1:]]
    assert len(set(pictures)) == 6
    told = [each["note"] for each in second if "nothing was paid for it" in (each["note"] or "")]
    assert len(told) == 3
    assert [each["cost"] for each in second[1:4]] == ["0.000000"] * 3
    again, _ = made(place, "second.csv", "--again")
    check_money(place, sim, 13)
    assert Decimal(again) == 2 * Decimal(charged)
