"""Rows of a sheet that name a product and a scene, through a server, on both databases."""

import io
from pathlib import Path

import numpy as np
from PIL import Image
from pytest_httpserver import HTTPServer
from tests.compositing.making import as_file, table, tin
from tests.support.processes import Place, serving
from tests.support.truth import check_books


def test_rows_with_a_product_and_a_scene(
    tmp_path: Path, database_url: str, httpserver: HTTPServer
) -> None:
    """A row is composed at the scene's own size; one whose place is out of it fails alone."""
    for name, picture in (("table", table()), ("tin", tin())):
        content = as_file(picture)
        httpserver.expect_request(f"/{name}.png").respond_with_data(
            content, content_type="image/png"
        )
    allow = f'["localhost:{httpserver.port}"]'
    references = [
        {"url": httpserver.url_for("/tin.png"), "mode": "product"},
        {"url": httpserver.url_for("/table.png"), "mode": "subject"},
    ]
    row = {"prompt": "the tin on the table", "model": "local/composite", "references": references}
    with serving(Place(tmp_path, database_url, {"CALLSHEET_FETCH_ALLOW": allow})) as server:
        items = [
            {**row, "inputs": {"places": ["left third"]}},
            {**row, "inputs": {"places": ["5000,10,80"]}},
        ]
        answer = server.http.post("/batch/images", json={"items": items})
        assert answer.status_code == 202, answer.text
        job = answer.json()["batchId"]
        state = server.wait_for(job, ["partial", "succeeded", "failed"])

        assert [each["status"] for each in state["rows"]] == ["succeeded", "failed"]
        assert "outside the scene" in state["rows"][1]["error"]["message"]
        made = server.http.get(state["rows"][0]["variants"][0]["url"]).content
        picture = Image.open(io.BytesIO(made))
        assert picture.size == (640, 420)
        changed = (np.asarray(picture.convert("RGB")) != np.asarray(table())).any(-1)
        assert changed[:, :320].any()
        assert not changed[:, 500:].any()
        check_books(database_url, job)
