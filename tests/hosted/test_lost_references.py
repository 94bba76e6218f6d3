"""Rows whose model begins from references that are not there: theirs to fail, nobody else's."""

import io
from pathlib import Path
from typing import Any

from PIL import Image
from pytest_httpserver import HTTPServer
from tests.support.hosted import IMAGE, check_money, simulating
from tests.support.processes import Place, serving
from werkzeug import Response

PAIR = "replicate/multi-image-kontext-pro"


def png(colour: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(out, "PNG")
    return out.getvalue()


def test_row_without_its_references_fails_alone_and_is_made_when_they_are_back(
    tmp_path: Path, httpserver: HTTPServer
) -> None:
    """Nothing is ordered or charged for it, in a dry run it fails alike, and `retry` makes it.

    The batch's own reference is in a mode for which no row's model has a use: it goes nowhere, also
    not in place of one that is missing, and that it cannot be fetched is nobody's fault.
    """
    missing = True

    def late(_: object) -> Response:
        picture = Response(png("teal"), content_type="image/png")
        return Response(status=404) if missing else picture

    httpserver.expect_request("/late.png").respond_with_handler(late)
    for name in ("red", "copy"):
        path = f"/{name}.png"
        httpserver.expect_request(path).respond_with_data(png("red"), content_type="image/png")

    def row(model: str, *names: str) -> dict[str, Any]:
        urls = [httpserver.url_for(f"/{name}.png") for name in names]
        named = [{"url": url, "mode": "subject"} for url in urls]
        return {"prompt": f"a mug, {model}", "model": model, "references": named}

    shared = [{"url": httpserver.url_for("/gone.png"), "mode": "last_frame"}]
    items = [row(IMAGE), row(PAIR, "late", "red"), row(PAIR, "red", "copy")]
    allow = {"CALLSHEET_FETCH_ALLOW": f'["localhost:{httpserver.port}"]'}
    with simulating(tmp_path) as sim:
        place = Place(tmp_path, f"sqlite:///{tmp_path}/cs.db", sim.settings(**allow))
        with serving(place) as server:
            on = server.http.patch(f"/api/admin/models/{PAIR}", json={"enabled": True})
            assert on.status_code == 200, on.text
            for mode in ("dry_run", "live"):
                body = {"items": items, "global_refs": shared, "runMode": mode}
                answer = server.http.post("/batch/images", json=body)
                job = answer.json()["batchId"]
                state = server.wait_for(job, ["succeeded", "partial", "failed"])
                assert (state["status"], state["problem"]) == ("partial", None), repr(
                    state["problem"]
                )
                made, unfetched, alike = state["rows"]
                for each in state["rows"]:
                    [left_out] = [one for one in each["dropped"] if one["mode"] == "last_frame"]
                    assert left_out["reason"] == "not_taken"
                assert made["status"] == "succeeded"
                assert (unfetched["status"], unfetched["variants"]) == ("failed", [])
                error = unfetched["error"]
                assert error["code"] == "fetch_refused"
                assert httpserver.url_for("/late.png") in error["message"]
                assert f"callsheet jobs retry {job}" in error["message"]
                assert (alike["status"], alike["variants"]) == ("failed", [])
                error = alike["error"]
                assert (error["code"], error["next_step"]) == ("reference_missing", "stop")
                assert f"{httpserver.url_for('/copy.png')} fell out" in error["message"]
            assert len(sim.orders()) == 1
            missing = False
            assert server.http.post(f"/batch/{job}/retry").status_code == 200
            state = server.wait_for(job, ["succeeded", "partial", "failed"])
            statuses = [row["status"] for row in state["rows"]]
            assert statuses == ["succeeded", "succeeded", "failed"]
            assert state["status"] == "partial"
            assert state["cost"]["held"] == "0.000000"
        check_money(place, sim, takes=2)
