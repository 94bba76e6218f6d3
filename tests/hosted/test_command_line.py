"""Live runs at the command line: asked once, told in full, references sent once, switches."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from tests.support.hosted import Simulator, check_money, simulating
from tests.support.processes import Place, serving

SHEET = """scene_id,prompt,variants,model,size
S-1,a red mug on oak,2,replicate/flux-schnell,256x256
S-2,the same mug at dusk,1,replicate/flux-schnell,256x256
"""


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """Run one simulator for all tests here."""
    with simulating(tmp_path_factory.mktemp("sim")) as running:
        yield running


@pytest.fixture
def sim(simulator: Simulator) -> Simulator:
    """Give the simulator as if it were new."""
    return simulator.fresh()


@pytest.fixture
def place(tmp_path: Path, sim: Simulator) -> Place:
    """Make a place on a SQLite file, with a sheet in it."""
    (tmp_path / "mugs.csv").write_text(SHEET)
    return Place(tmp_path, f"sqlite:///{tmp_path}/callsheet.db", sim.settings())


def typed(place: Place, answer: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command and type an answer."""
    return place.run(*arguments, typed=answer)


def jobs(place: Place) -> list[dict[str, str]]:
    """List the jobs."""
    listed: list[dict[str, str]] = json.loads(place.run("jobs", "list", "--json").stdout)
    return listed


def test_live_run_asks_once_with_the_money(place: Place, sim: Simulator) -> None:
    """Models, takes, sum, credits and budgets are shown; `n` creates nothing, `y` makes it."""
    assert place.run("money", "budget", "set", "day", "1").returncode == 0
    asked = typed(place, "n\n", "run", "mugs.csv", "--live", "--budget", "0.5")
    assert asked.returncode == 1
    for shown in (
        "replicate/flux-schnell: 3 takes, $0.009000",
        "2 rows, 3 takes, quoted $0.009000 (0.90 credits)",
        "budget of today: $1.000000 left of $1.000000",
        "this job may spend $0.500000 at most",
        "Spend this?",
    ):
        assert shown in asked.stderr, asked.stderr
    assert jobs(place) == []
    done = typed(place, "y\n", "run", "mugs.csv", "--live")
    assert done.returncode == 0, done.stderr
    assert len(sim.orders()) == 3
    told = place.run("jobs", "show", jobs(place)[0]["batchId"]).stdout
    plain = " ".join(told.replace("│", " ").split())
    assert "$0.009000 charged, $0.000000 set aside, $0.009000 quoted" in plain
    for order in sim.orders():
        assert order["id"] in "".join(told.split()).replace("│", "") or order["id"][:8] in told
    check_money(place, sim, 3)


def test_run_says_that_a_budget_runs_out(place: Place, sim: Simulator) -> None:
    """At 90 and at 100 percent, where the person looks who spends it."""
    assert place.run("money", "budget", "set", "day", "0.0095").returncode == 0
    done = place.run("run", "mugs.csv", "--live", "--yes")
    assert done.returncode == 0, done.stderr
    assert "the budget of today is 90 % used: $0.009000 of $0.009500" in done.stderr
    assert "100 %" not in done.stderr
    check_money(place, sim, 3)


def test_budget_of_the_job_is_refused_before_anything(place: Place, sim: Simulator) -> None:
    """A sheet that costs more than the job may spend creates nothing."""
    refused = place.run("run", "mugs.csv", "--live", "--yes", "--budget", "0.008")
    assert refused.returncode == 1
    assert "[budget_exceeded]" in refused.stderr
    assert "$0.008000 left, $0.009000 was asked" in refused.stderr
    for nonsense in ("lots", "-1"):
        assert place.run("run", "mugs.csv", "--live", f"--budget={nonsense}").returncode == 1
    assert jobs(place) == []
    assert sim.orders() == []


def test_reference_goes_to_the_provider_once(place: Place, sim: Simulator) -> None:
    """Six rows use one picture under two names: one upload, six orders that name it."""
    for name in ("mug.png", "copy.png"):
        Image.new("RGB", (300, 300), (180, 40, 40)).save(place.folder / name)
    lines = ["scene_id,prompt,model,references"]
    lines += [
        f"S-{row},a mug {row},replicate/flux-kontext-pro,{('mug.png', 'copy.png')[row % 2]}|subject"
        for row in range(6)
    ]
    (place.folder / "refs.csv").write_text("\n".join(lines))
    done = place.run("run", "refs.csv", "--live", "--yes", "--json")
    assert done.returncode == 0, done.stderr
    requests = sim.http.get("/_admin/state").json()["requests"]
    uploads = {name: count for name, count in requests.items() if "file" in name}
    assert sum(uploads.values()) == 1, requests
    check_money(place, sim, 6)


def test_provider_is_switched_off_and_on(place: Place, sim: Simulator) -> None:
    """Off, a job waits and says why, with any key; on again, it goes on by itself."""
    off = place.run("providers", "off", "replicate", "--reason", "half of it fails")
    assert off.returncode == 0, off.stderr
    assert json.loads(place.run("providers", "list", "--json").stdout)["replicate"]["status"] == (
        "off"
    )
    assert place.run("providers", "off", "nobody").returncode == 1
    with serving(place) as server:
        items = [{"prompt": "a mug", "model": "replicate/flux-schnell"}]
        body = {"items": items, "runMode": "live"}
        job = server.http.post("/batch/images", json=body).json()["batchId"]
        state = server.wait_for(job, ["waiting"])
        assert state["problem"]["code"] == "provider_off"
        assert "half of it fails" in state["problem"]["message"]
        assert "callsheet providers on replicate" in state["problem"]["message"]
        assert server.http.get("/health").json()["providers"]["replicate"]["status"] == "off"
        server.http.post(f"/batch/{job}/resume")
        server.wait_for(job, ["waiting"])  # it has looked, and rests again
        assert sim.orders() == []
        on = server.http.patch("/api/admin/providers/replicate", json={"enabled": True})
        assert on.json()["resumed"] == [job]
        server.wait_for(job, ["succeeded"])
        take = server.http.get("/api/generations").json()["items"][0]
        assert take["ticket"] == sim.orders()[0]["id"]
        assert take["next"] is None
        again = server.http.post(f"/api/generations/{take['id']}/reconcile")
        assert (again.status_code, again.json()["code"]) == (409, "not_in_doubt")
        assert server.http.post(f"/batch/{job}/reconcile").json() == {"takes": []}
    check_money(place, sim, 1)
