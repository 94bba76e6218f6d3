"""Films end to end: from a brief to a file, through crashes, gates and a provider."""

import hashlib
import json
from functools import partial
from pathlib import Path
from typing import Any

import av
import opentimelineio as otio
import pytest

from tests.databases import unused_port
from tests.support.hosted import simulating
from tests.support.processes import ONE_AT_A_TIME, Place, Server, serving, until

STORY = "6 seconds: a keeper walks by the sea. Later she smiles in a kitchen; calm"
SMALL = {"height": 256, "quality": "draft"}


def asked(server: Server, **more: Any) -> dict[str, Any]:
    """Ask for a film."""
    answer = server.http.post("/api/generate", json={"prompt": STORY, **SMALL, **more})
    assert answer.status_code == 202, answer.text
    told: dict[str, Any] = answer.json()
    return told


def production(server: Server, job: str) -> dict[str, Any]:
    """Read a production."""
    told: dict[str, Any] = server.http.get(f"/api/jobs/{job}/production").json()
    return told


def film_of(server: Server, job: str) -> bytes:
    """Fetch the film over its signed link."""
    files = server.http.get(f"/api/jobs/{job}").json()["files"]
    answer = server.http.get(files["film.mp4"])
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "video/mp4"
    return answer.content


def test_a_brief_becomes_a_film_in_a_folder(tmp_path: Path) -> None:
    """With no key at all: whole, as long as asked, with sound and an editor's timeline."""
    place = Place(tmp_path)
    done = place.run("produce", STORY, "--draft", "--height", "256", "--out", "film", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    folder = tmp_path / "film"
    content = (folder / "film.mp4").read_bytes()
    assert hashlib.sha256(content).hexdigest() == told["film"]["sha256"]
    assert told["charged"] == "0.000000"
    with av.open(folder / "film.mp4") as film:
        pictures, sound = film.streams.video[0], film.streams.audio[0]
        assert (pictures.width, pictures.height) == (456, 256)
        frames = [frame.time for frame in film.decode(video=0)]
        assert len(frames) == 144
        assert frames[-1] == pytest.approx(143 / 24, abs=1e-4)
        assert float((sound.duration or 0) * (sound.time_base or 0)) == pytest.approx(6, abs=0.06)
    assert -17 < told["film"]["sound"]["loudness"] < -15
    timeline = otio.adapters.read_from_file(str(folder / "film.otio"))
    assert sum(int(each.duration().value) for each in timeline.video_tracks()[0]) == 144
    assert "-->" in (folder / "captions.vtt").read_text()
    assert (folder / "film.edl").read_text().count("FROM CLIP NAME") == told["film"]["shots"]
    assert (folder / "poster.jpg").read_bytes().startswith(b"\xff\xd8")


def _is_in(server: Server, job: str, stage: str) -> bool:
    return server.state(job)["stage"] in (stage, "done")


def test_a_film_survives_kills(tmp_path: Path, database_url: str) -> None:
    """Killed while lines are read and while the film is cut: the same bytes, and nothing left."""
    (tmp_path / "whole").mkdir()
    with serving(Place(tmp_path / "whole", settings=ONE_AT_A_TIME)) as server:
        job = asked(server)["job_id"]
        server.wait_for(job, ["succeeded"])
        whole = film_of(server, job)
    (tmp_path / "killed").mkdir()
    place = Place(tmp_path / "killed", database_url, ONE_AT_A_TIME)
    films = tmp_path / "killed" / "data" / "films"
    job = ""
    for stage in ("table_read", "finalize"):
        with serving(place) as server:
            job = job or asked(server)["job_id"]
            until(partial(_is_in, server, job, stage))
            if stage == "finalize":
                until(lambda: list(films.glob("*/*.mp4")))
            server.process.kill()
            server.process.wait(30)
    with serving(place) as server:
        state = server.wait_for(job, ["succeeded"])
        assert film_of(server, job) == whole
        assert production(server, job)["film"]["missing"] == []
        assert state["counts"]["takes"] == production(server, job)["film"]["shots"]
    assert not (films / job).exists()


def test_the_script_gate_shows_what_is_said(tmp_path: Path) -> None:
    """It waits with every line read and what is too long named; approved, the film is made."""
    with serving(Place(tmp_path)) as server:
        long = " ".join(["The sea is wide and the night is long."] * 4)
        job = asked(server, voice_over=long, gates={"script": "person"})["job_id"]
        until(lambda: server.state(job)["status"] == "waiting")
        told = production(server, job)
        assert told["film"] is None
        assert {each["voice"] for each in told["spoken"]} == {"hibari/heart"}
        [late, *_] = [each for each in told["remarks"] if each["code"] == "speech_too_long"]
        assert "cut '" in late["message"]
        assert server.state(job)["counts"]["takes"] == 0, "nothing is priced before"
        url = f"/api/jobs/{job}/gates/script"
        assert server.http.post(url, json={"decision": "approve"}).status_code < 300
        server.wait_for(job, ["succeeded"])
        assert production(server, job)["film"]["frames"] == 144


def test_a_live_film_is_made_of_ordered_stills(tmp_path: Path) -> None:
    """Each shot is one order; a shot that was moderated is drawn, and named."""
    port = unused_port()
    with simulating(tmp_path, provider="runware") as running:
        settings = {
            "CALLSHEET_PROVIDER_RUNWARE_BASE_URL": str(running.http.base_url).rstrip("/"),
            "CALLSHEET_PROVIDER_RUNWARE_KEY": "key-of-the-tests",
            "CALLSHEET_PUBLIC_URL": f"http://127.0.0.1:{port}",
        }
        with serving(Place(tmp_path, settings=settings), "up", port) as server:
            story = f"{STORY} [[sim: moderate]]"
            asked_for = {"models": {"image": "runware/flux-dev"}, "runMode": "live"}
            job = asked(server, prompt=story, budget_usd="1.00", **asked_for)["job_id"]
            state = server.wait_for(job, ["succeeded", "partial"])
            film = production(server, job)["film"]
            ordered = running.http.get("/_admin/ledger").json()["orders"]
    assert len(ordered) == state["counts"]["succeeded"] == state["counts"]["takes"] - 1
    assert state["cost"]["held"] == "0.000000"
    assert film["frames"] == 144
    drawn = {*film["drawn"]}
    assert drawn == {*film["missing"]}
    assert 0 < len(drawn) < film["shots"]


def test_shots_are_edited_before_the_cut(tmp_path: Path) -> None:
    """Other words, another length, one left out: only those segments are others."""
    with serving(Place(tmp_path)) as server:
        job = asked(server, gates={"review": "person"})["job_id"]
        until(lambda: server.state(job)["status"] == "waiting")
        plan = production(server, job)["plan"]
        shots = [shot for scene in plan["scenes"] for shot in scene["shots"]]
        edits = [("shot:1", "prompt", "wide shot of a fox in the snow"),
                 ("shot:1", "duration_s", 1.0), ("shot:2", "removed", True)]  # fmt: skip
        operations = [
            {"op_id": f"e{n}", "entity": entity, "field": field, "base_revision": 0, "value": value}
            for n, (entity, field, value) in enumerate(edits)
        ]
        url = f"/api/jobs/{job}/manifest/operations"
        assert server.http.post(url, json={"operations": operations}).status_code == 200
        agreed = server.http.post(f"/api/jobs/{job}/gates/review", json={"decision": "approve"})
        assert agreed.status_code < 300
        server.wait_for(job, ["succeeded"])
        told = production(server, job)
    left = [shot for scene in told["plan"]["scenes"] for shot in scene["shots"]]
    assert [shot["id"] for shot in left] == [shots[0]["id"], *(s["id"] for s in shots[2:])]
    assert (left[0]["prompt"], left[0]["frames"]) == ("wide shot of a fox in the snow", 24)
    assert left[1:] == shots[2:] or left[1]["transition"] == "cut"
    assert told["film"]["frames"] < 144


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"prompt": ""}, "prompt"),
        ({"prompt": "word " * 3_000}, "prompt"),
        ({"prompt": "3 hours: a cat"}, "duration_s"),
        ({"prompt": "a cat", "aspect_ratio": "7:1"}, "aspect_ratio"),
        ({"prompt": "a cat", "duration_sec": 1}, "duration_sec"),
        ({"prompt": "a cat", "models": {"image": "no/such"}, "runMode": "live"}, "model"),
    ],
)
def test_what_no_film_can_be_made_of_is_named(
    shared: Server, body: dict[str, Any], field: str
) -> None:
    """Nothing is begun."""
    answer = shared.http.post("/api/generate", json=body)
    assert answer.status_code == 422
    assert field in answer.json()["detail"]
    assert shared.http.get("/api/jobs").json()["items"] == []


def test_a_plan_costs_nothing_and_makes_nothing(shared: Server) -> None:
    """Scenes, shots, lines and the price; a job of another kind has no production."""
    body = {"prompt": STORY, **SMALL}
    told = shared.http.post("/api/generate/plan", json=body).json()
    assert told["quote"] == {"total": "0.000000"}
    assert len(told["plan"]["scenes"]) == 2
    assert shared.http.get("/api/jobs").json()["items"] == []


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Serve for tests that begin nothing."""
    with serving(Place(tmp_path_factory.mktemp("films")), "web") as server:
        yield server
