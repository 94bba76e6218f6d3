"""The operator's drill of the how-to: off, on, a model that does not exist, and back."""

from pathlib import Path
from typing import Any

from tests.compositing.making import as_file, table, tin
from tests.compositing.working import KONTEXT
from tests.support.hosted import simulating
from tests.support.processes import Place, Server, serving

SETTINGS = "/api/admin/composite/settings"


def put(server: Server, **changes: Any) -> dict[str, Any]:
    answer = server.http.put(SETTINGS, json=changes)
    assert answer.status_code == 200, answer.text
    return {each["name"]: each["value"] for each in answer.json()["items"]}


def made(server: Server) -> dict[str, Any]:
    files = {"scene": ("a.png", as_file(table())), "product": ("b.png", as_file(tin()))}
    sent = server.http.post("/api/composites/upload", files=files, data={"wait_s": "60"})
    assert sent.status_code == 200, sent.text
    composite: dict[str, Any] = sent.json()
    assert composite["status"] == "succeeded"
    return composite


def test_drill_of_an_operator(tmp_path: Path, postgres_url: str) -> None:
    """Two servers: what is changed at one holds at the other at once, and nobody restarts."""
    with simulating(tmp_path) as sim:
        settings = sim.settings()
        with (
            serving(Place(tmp_path, postgres_url, settings)) as server,
            serving(Place(tmp_path, postgres_url, settings)) as other,
        ):
            switch = {"enabled": True, "reason": "its price is checked"}
            server.http.patch(f"/api/admin/models/{KONTEXT}", json=switch).raise_for_status()
            assert made(other)["fell_back"].startswith("composites_off: ")

            assert put(server, USE_KONTEXT_COMPOSITE=True)["USE_KONTEXT_COMPOSITE"] is True
            takes = made(other)["takes"]
            assert [take["model"] for take in takes] == [KONTEXT, "local/composite"]
            assert len(sim.orders()) == 1

            put(server, KONTEXT_MODEL_ID="replicate/no-such-model")
            assert "no-such-model" in made(other)["fell_back"]
            health = other.http.get("/api/admin/metrics/health").json()
            assert health["status"] == "degraded"

            restored = put(server, KONTEXT_MODEL_ID=None, USE_KONTEXT_COMPOSITE=None)
            assert (restored["KONTEXT_MODEL_ID"], restored["USE_KONTEXT_COMPOSITE"]) == (
                KONTEXT,
                False,
            )
            assert made(other)["fell_back"].startswith("composites_off: ")
            assert len(sim.orders()) == 1

            wrong = server.http.put(
                SETTINGS, json={"MAX_KONTEXT_PER_HOUR": -1, "KONTEXT_TIMEOUT": 5}
            )
            assert wrong.status_code == 422
            assert "MAX_KONTEXT_PER_HOUR: Input should be greater than or equal to 0" in wrong.text
            assert "did you mean KONTEXT_TIMEOUT_SECONDS?" in wrong.text
            deeds = server.http.get("/api/admin/audit").json()["items"]
            done = [deed["subject"] for deed in deeds if deed["action"] == "composites.set"]
            assert sorted(done) == ["KONTEXT_MODEL_ID"] * 2 + ["USE_KONTEXT_COMPOSITE"] * 2
            text = other.http.get("/metrics").text + server.http.get("/metrics").text
            assert 'callsheet_composite_fallbacks_total{reason="unknown_model"} 1.0' in text
            assert 'callsheet_composites_total{method="kontext",status="succeeded"} 1.0' in text
            assert 'callsheet_composite_seconds_count{method="pil"}' in text
