"""Rows with the columns product and scene, the hosted model behind them, in this process."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.compositing.working import KONTEXT, built, finished, sheet, state_of, takes_of, working
from tests.support.hosted import Simulator, check_money, simulating
from tests.support.processes import Place

from callsheet.intake.errors import BatchInputError
from callsheet.jobs.model import JobStatus
from callsheet.takes.model import TakeStatus


@pytest.fixture
def sim(tmp_path: Path) -> Iterator[Simulator]:
    with simulating(tmp_path) as running:
        yield running


async def test_rows_are_hosted_limited_and_always_made(tmp_path: Path, sim: Simulator) -> None:
    """One that is hosted, one that fails there, one for here, one beyond the hour's limit."""
    rows = [
        {"place": "left third"},
        {"prompt": "tin [[sim: error=nsfw]]"},
        {"method": "pil"},
        {},
    ]
    async with working(tmp_path, sim, max_kontext_per_hour=2, max_concurrent_kontext=1) as cs:
        name = await sheet(cs, rows)
        job = await finished(cs, name)
        state, takes = await state_of(cs, name), await takes_of(cs, name)
    assert job.status is JobStatus.SUCCEEDED
    assert str(job.cost.quoted) == "0.240000"  # of three rows that may be hosted
    assert str(job.cost.charged) == "0.080000"
    assert (job.tally.takes.succeeded, job.tally.takes.total) == (4, 4)
    told = [row["variants"][0]["note"] for row in state]
    assert "hosted answer refused" in told[0]
    assert told[1].startswith("made here, not hosted: moderated: ")
    assert not told[2].startswith("made here")
    assert told[3].startswith("made here, not hosted: composite_limit: ")
    assert state[0]["variants"][0]["earlier"][0]["cost"] == "0.080000"
    assert [take.model for take in takes if take.attempt == 1] == [
        KONTEXT,
        KONTEXT,
        "local/composite",
        KONTEXT,
    ]
    assert takes[1].inputs["places"] == ["left third"]
    assert takes[0].inputs["width"] == 640  # the scene's shape, not a model's usual one
    assert len(sim.orders()) == 2
    check_money(Place(tmp_path, f"sqlite:///{tmp_path}/callsheet.db"), sim)


async def test_dry_run_composes_here_and_quotes_the_hosted_price(
    tmp_path: Path, sim: Simulator
) -> None:
    async with working(tmp_path, sim) as cs:
        name = await sheet(cs, [{}], run_mode="dry_run")
        job = await finished(cs, name)
        [take] = await takes_of(cs, name)
    assert str(job.cost.quoted) == "0.080000"
    assert (take.model, take.status) == ("local/composite", TakeStatus.SUCCEEDED)
    assert sim.orders() == []


async def test_what_is_wrong_with_a_composite_is_told_by_column(
    tmp_path: Path, sim: Simulator
) -> None:
    rows: list[Mapping[str, Any]] = [
        {"scene": ""},
        {"method": "magic"},
        {"place": "1,2"},
        {"references": "/other.png"},
        {"model": "replicate/flux-schnell"},
        {"place": "left; right"},
        {"scene": "/a.png /b.png"},
        {"inputs": {"hosted_model": KONTEXT}},
    ]
    async with built(tmp_path, sim) as cs:
        with pytest.raises(BatchInputError) as caught:
            await sheet(cs, rows[:-1])
        told = [(each.field, each.message) for each in caught.value.errors]
        with pytest.raises(Exception, match="the column method and the settings"):
            await sheet(cs, rows[-1:])
    fields = ["scene", "method", "place", "references", "model", "place", "scene"]
    assert [field for field, _ in told] == [f"items[{at}].{name}" for at, name in enumerate(fields)]
    assert "needs both" in told[0][1]
    assert "use one of auto, kontext, pil" in told[1][1]
