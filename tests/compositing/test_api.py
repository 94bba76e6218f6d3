"""`POST /api/composites` and the figures about composites, on both databases."""

from pathlib import Path
from typing import Any

from pytest_httpserver import HTTPServer
from tests.compositing.making import as_file, table, tin
from tests.support.processes import Place, serving


def test_composites_over_the_api(tmp_path: Path, database_url: str, httpserver: HTTPServer) -> None:
    """Addresses, then hashes, then files come to a picture; what falls back degrades health."""
    for name, picture in (("table", table()), ("tin", tin())):
        content = as_file(picture)
        httpserver.expect_request(f"/{name}.png").respond_with_data(
            content, content_type="image/png"
        )
    settings = {
        "CALLSHEET_FETCH_ALLOW": f'["localhost:{httpserver.port}"]',
        "USE_KONTEXT_COMPOSITE": "true",
        "KONTEXT_MODEL_ID": "replicate/no-such-model",
    }
    with serving(Place(tmp_path, database_url, settings)) as server:
        assert server.http.get("/api/admin/metrics/health").json()["status"] == "healthy"
        body = {
            "scene": httpserver.url_for("/table.png"),
            "products": [httpserver.url_for("/tin.png")],
            "places": ["left third"],
            "wait_s": 60,
        }
        first = server.http.post("/api/composites", json=body, headers={"Idempotency-Key": "one"})
        assert first.status_code == 200, first.text
        made = first.json()
        assert (made["status"], made["method"]) == ("succeeded", "pil")
        assert "no-such-model" in made["fell_back"]
        again = server.http.post("/api/composites", json=body, headers={"Idempotency-Key": "one"})
        assert again.json()["id"] == made["id"]

        hashes = [each["sha256"] for each in made["takes"][-1]["inputs"]["references"]]
        body = {"scene": hashes[0], "products": [hashes[1]], "method": "pil", "wait_s": 60}
        of_hashes = server.http.post("/api/composites", json=body).json()
        assert of_hashes["fell_back"] is None

        files = {"scene": ("a.png", as_file(table())), "product": ("b.png", as_file(tin()))}
        send: dict[str, Any] = {
            "url": "/api/composites/upload",
            "files": files,
            "data": {"wait_s": "60"},
        }
        sent = server.http.post(**send, headers={"Idempotency-Key": "two"})
        assert sent.status_code == 200, sent.text
        again = server.http.post(**send, headers={"Idempotency-Key": "two"})
        assert again.json()["id"] == sent.json()["id"]
        kept = server.http.get(f"/api/composites/{sent.json()['id']}").json()
        assert kept["takes"][0]["status"] == "succeeded"

        bad = server.http.post(
            "/api/composites/upload", files={**files, "product": ("b.png", b"<html>")}
        )
        assert bad.status_code == 422
        assert "HTML page" in bad.text

        figures = server.http.get("/api/admin/metrics/composite").json()
        assert figures["stats"]["pil"]["succeeded"] == 3
        assert figures["stats"]["kontext"]["total"] == 0
        assert figures["fallback_rate"] == 1
        health = server.http.get("/api/admin/metrics/health").json()
        assert health["status"] == "degraded"
        assert "fell back" in health["reasons"][0]
        daily = server.http.get("/api/admin/metrics/daily-generations", params={"days": 3}).json()
        assert [day["pil"]["succeeded"] for day in daily["items"]] == [3, 0, 0]
        assert daily["items"][0]["fallbacks"] == 2
        assert server.http.post("/api/admin/metrics/reset").json()["since"] > figures["since"]
        anew = server.http.get("/api/admin/metrics/composite").json()
        assert anew["stats"]["pil"]["total"] == 0
        assert server.http.get("/api/admin/metrics/health").json()["status"] == "healthy"
