"""Rows that set their models' own inputs: priced, ordered, charged and shown as they ask."""

import asyncio
import csv
import json
from pathlib import Path

import pytest
from tests.support.hosted import check_money, simulating
from tests.support.in_process import working
from tests.support.processes import Place

from callsheet.cli.handing_over import hand_over
from callsheet.cli.sheet_files import read_draft
from callsheet.intake.model import Defaults, RunMode
from callsheet.intake.recipe import Recipe
from callsheet.jobs.model import DONE, Job
from callsheet.kernel.ids import LOCAL_WORKSPACE, JobId
from callsheet.wiring import Callsheet

KLING, RECRAFT = "replicate/kling-v2-6", "replicate/recraft-v3"
SHEET = f"""scene_id,prompt,model,inputs.duration_s,inputs,audio,variants
S-1,waves at dusk,{KLING},10,,,2
S-2,waves at dawn,{KLING},,audio=yes; Duration S=10.0,,1
S-3,waves at noon,{KLING},,,loud,1
S-4,a still sea,{RECRAFT},,"{{""style"": ""digital_illustration""}}",,1
"""
DRAWN_S = 150  # the simulator really draws 35 s of film, which takes a slow machine as long
SECOND = 70_000  # micro-dollars for one of Kling's, without sound
PRICES = [2 * 10 * SECOND, 10 * 2 * SECOND, 5 * SECOND, 40_000]


async def done(cs: Callsheet, job: JobId) -> Job:
    """Wait until a job is delivered."""
    async with asyncio.timeout(DRAWN_S):
        while True:
            async with cs.database.read() as connection:
                found = await cs.line.jobs.store.find(connection, LOCAL_WORKSPACE, job)
            if found.work.stage == DONE:
                return found
            await asyncio.sleep(0.05)


@pytest.mark.timeout(240)
async def test_sheet_sets_the_inputs_of_its_models(tmp_path: Path) -> None:
    """Ten seconds asked for are ten seconds priced, ordered, charged and kept for a retry."""
    (tmp_path / "clips.csv").write_text(SHEET)
    with simulating(tmp_path) as sim:
        place = Place(tmp_path, f"sqlite:///{tmp_path}/callsheet.db", sim.settings())
        quoting = await asyncio.to_thread(place.run, "quote", "clips.csv", "--json")
        quoted = json.loads(quoting.stdout)
        assert [round(float(row["price"]) * 1e6) for row in quoted["perRow"]] == PRICES
        note = quoted["notes"][-1]
        assert "sets nothing" in note
        assert "inputs.audio" in note

        async with working(tmp_path, sim) as cs:
            wish = Defaults(run_mode=RunMode.LIVE)
            draft = await asyncio.to_thread(read_draft, cs, tmp_path / "clips.csv", wish, Recipe())
            accepted = await cs.submission.submit(LOCAL_WORKSPACE, draft)
            assert accepted.quote.notes[-1] == note
            await hand_over(cs, await done(cs, accepted.job), tmp_path / "out")
        assert sum(order["charged_micros"] for order in sim.orders()) == sum(PRICES)
        check_money(place, sim, 5)

    book = map(json.loads, (tmp_path / "orders.jsonl").read_text().splitlines())
    asked = {line["input"]["prompt"]: line["input"] for line in book if "input" in line}
    assert asked["waves at dusk"]["duration"] == asked["waves at dawn"]["duration"] == 10
    assert asked["waves at dawn"]["generate_audio"] is True
    assert asked["waves at noon"]["duration"] == 5
    assert asked["a still sea"]["style"] == "digital_illustration"

    state = json.loads((tmp_path / "out" / "state.json").read_text())
    assert round(float(state["cost"]["charged"]) * 1e6) == sum(PRICES)
    assert [row["inputs"] for row in state["rows"]] == [
        {"duration_s": 10},
        {"audio": True, "duration_s": 10},
        {},
        {"style": "digital_illustration"},
    ]
    with (tmp_path / "out" / "results.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert [row["inputs.duration_s"] for row in rows] == ["10", "", "", ""]
    assert rows[1]["inputs"] == "audio=yes; Duration S=10.0"
    again = Place(tmp_path, f"sqlite:///{tmp_path}/other.db", place.settings)
    back = await asyncio.to_thread(again.run, "restore")
    assert back.returncode == 0, back.stderr
    told = (await asyncio.to_thread(again.run, "jobs", "show", state["batchId"])).stdout
    assert "row 3  inputs: audio=True; duration_s=10" in told
