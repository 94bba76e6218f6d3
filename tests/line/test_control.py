"""What people do to jobs: interrupt, pause, resume, cancel, retry."""

import io
import signal
import time
from pathlib import Path

import pytest
from PIL import Image
from pytest_httpserver import HTTPServer
from werkzeug import Response

from tests.support.processes import ONE_AT_A_TIME, Place, serving, until
from tests.support.truth import check_books, check_results

pytestmark = pytest.mark.on_either_database


def png(colour: str = "teal") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(out, "PNG")
    return out.getvalue()


def test_interrupted_run_is_finished_by_resume(tmp_path: Path, database_url: str) -> None:
    """Ctrl-C on `run` exits 130 and says how to go on; `jobs resume` ends with all files."""
    place = Place(tmp_path, database_url, ONE_AT_A_TIME)
    rows = "\n".join(f"S{row},a house number {row},256x256" for row in range(40))
    (tmp_path / "sheet.csv").write_text(f"scene_id,prompt,size\n{rows}\n")
    process = place.start("run", "sheet.csv", "--out", "out")
    until = time.monotonic() + 30
    while not list((tmp_path / "data" / "store").glob("assets/*/*")):
        assert time.monotonic() < until
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130
    said = place.log("run")
    assert "callsheet jobs resume job_" in said
    job = said.split("callsheet jobs resume ")[1].split()[0]
    assert not list((tmp_path / "out").glob("*.png"))

    done = place.run("jobs", "resume", job)

    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "out").glob("S*.png"))) == 40
    for name in ("contact-sheet.png", "contact-sheet.html", "results.csv", "results.xlsx"):
        assert (tmp_path / "out" / name).stat().st_size > 0
    check_books(database_url, job)


def test_pause_rests_and_resume_goes_on(tmp_path: Path, database_url: str) -> None:
    """A paused job makes nothing more, though others do, and says so; resumed, it ends whole."""
    with serving(Place(tmp_path, database_url, ONE_AT_A_TIME)) as server:
        job = server.submit(60, "local/storyboard", size="256x256")
        while server.state(job, rows=0)["counts"]["succeeded"] < 4:
            time.sleep(0.02)
        paused = server.http.post(f"/batch/{job}/pause").json()
        assert (paused["status"], paused["problem"]["code"]) == ("waiting", "paused")
        server.wait_for(server.submit(4, "local/storyboard", size="256x256"), ["succeeded"])
        until(lambda: server.state(job, rows=0)["counts"]["running"] == 0)
        before = server.state(job, rows=0)["counts"]["succeeded"]
        server.wait_for(server.submit(4, "local/storyboard", size="256x256"), ["succeeded"])
        assert server.state(job, rows=0)["counts"]["succeeded"] == before < 60
        assert server.http.post(f"/batch/{job}/resume").status_code == 200
        state = server.wait_for(job, ["succeeded", "partial", "failed"])
        check_results(state, 60)
        check_books(database_url, job)


def test_cancel_keeps_what_is_made(tmp_path: Path, database_url: str) -> None:
    """A cancelled job keeps its pictures, delivers them, and makes no more."""
    with serving(Place(tmp_path, database_url, ONE_AT_A_TIME)) as server:
        job = server.submit(100, "local/storyboard", size="256x256")
        while server.state(job, rows=0)["counts"]["succeeded"] < 4:
            time.sleep(0.02)
        assert server.http.post(f"/batch/{job}/cancel").json()["status"] == "cancelled"
        state = server.wait_for(job, ["cancelled"])
        made = state["counts"]["succeeded"]
        assert 4 <= made < 100
        assert made + state["counts"]["cancelled"] == 100
        sheet = server.http.get(state["files"]["contact-sheet.png"])
        assert Image.open(io.BytesIO(sheet.content)).format == "PNG"
        check_books(database_url, job)
        assert server.http.post(f"/batch/{job}/retry").status_code == 409
        assert server.http.post(f"/batch/{job}/cancel").status_code == 200


def test_retry_makes_only_failed_rows_again(
    tmp_path: Path, database_url: str, httpserver: HTTPServer
) -> None:
    """A row whose reference was missing fails alone; retried, it alone is made again."""
    answers = [Response(status=404)]
    httpserver.expect_request("/late.png").respond_with_handler(
        lambda _request: answers.pop() if answers else Response(png(), content_type="image/png")
    )
    allow = f'["localhost:{httpserver.port}"]'
    place = Place(tmp_path, database_url, {"CALLSHEET_FETCH_ALLOW": allow})
    with serving(place) as server:
        late = {"url": httpserver.url_for("/late.png"), "mode": "product"}
        items = [
            {"prompt": "a mug on a table", "size": "256x256"},
            {"prompt": "a mug in the sun", "size": "256x256", "references": [late]},
        ]
        job = server.http.post("/batch/images", json={"items": items}).json()["batchId"]
        state = server.wait_for(job, ["partial", "succeeded", "failed"])
        assert [row["status"] for row in state["rows"]] == ["succeeded", "failed"]
        error = state["rows"][1]["error"]
        assert error["code"] == "fetch_refused"
        assert "404" in error["message"]
        first = state["rows"][0]["variants"][0]["take"]

        assert server.http.post(f"/batch/{job}/retry").status_code == 200
        state = server.wait_for(job, ["succeeded", "failed"])
        check_results(state, 2)
        assert state["rows"][0]["variants"][0]["take"] == first
        assert [row["error"] for row in state["rows"]] == [None, None]
        check_books(database_url, job)


def test_a_reference_is_fetched_once_whoever_names_it(
    tmp_path: Path, database_url: str, httpserver: HTTPServer
) -> None:
    """Ten rows and the batch name one picture in several spellings: one request goes out."""
    httpserver.expect_request("/brand.png").respond_with_data(png(), content_type="image/png")
    httpserver.expect_request("/copy.png").respond_with_data(png(), content_type="image/png")
    allow = f'["localhost:{httpserver.port}"]'
    place = Place(tmp_path, database_url, {"CALLSHEET_FETCH_ALLOW": allow})
    url = httpserver.url_for("/brand.png")
    with serving(place) as server:
        items = [
            {
                "prompt": f"row {row}",
                "size": "256x256",
                "references": [f"{url}?utm_source=mail{row}", httpserver.url_for("/copy.png")],
            }
            for row in range(10)
        ]
        body = {"items": items, "global_refs": [{"url": url, "mode": "style_only"}]}
        job = server.http.post("/batch/images", json=body).json()["batchId"]
        state = server.wait_for(job, ["succeeded", "partial", "failed"])
        check_results(state, 10)
    assert len([entry for entry, _ in httpserver.log if entry.path == "/brand.png"]) == 1
    counts = state["references"]
    assert (counts["uses"], counts["uniqueUrls"], counts["uniqueBytes"]) == (30, 2, 1)
    assert counts["dropped"] == 29
    assert all(len(row["references"]) == 1 for row in state["rows"])
