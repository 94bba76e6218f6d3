"""What whoever watches a server may ask it."""

import shutil
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.databases import Cluster
from tests.support.processes import Place, Server, serving


def test_process_lives(server: Server) -> None:
    """`/healthz` says that the process lives, and nothing else."""
    assert server.http.get("/healthz").json() == {"status": "ok"}


def test_server_is_ready(server: Server) -> None:
    """`/ready` has asked the database, the store and the schema."""
    answer = server.http.get("/ready")
    assert answer.status_code == 200
    assert {"database", "store", "migrations"} <= answer.json()["checks"].keys()


def test_health_tells_version_and_checks(server: Server) -> None:
    """`/health` adds the version and how long it has been up."""
    health = server.http.get("/health").json()
    assert health["status"] == "ok"
    assert health["version"]
    assert health["uptime_s"] >= 0


def test_missing_database_is_told(tmp_path: Path, private_postgres: Cluster) -> None:
    """While the database is away the process lives, is not ready, and says why; then it is."""
    with serving(Place(tmp_path, private_postgres.create_database()), "web") as server:
        assert server.http.get("/ready").status_code == 200
        private_postgres.stop()
        answer = server.http.get("/ready")
        assert answer.status_code == 503
        assert answer.json()["checks"]["database"] != "ok"
        assert server.http.get("/healthz").status_code == 200
        assert server.http.get("/health").json()["status"] == "down"
        listed = server.http.get("/api/jobs")
        assert listed.status_code == 503
        assert listed.json()["code"] == "database_unavailable"
        assert int(listed.headers["retry-after"]) > 0
        private_postgres.start()
        assert server.http.get("/ready").status_code == 200


def test_missing_store_is_told(tmp_path: Path) -> None:
    """A store that went away makes the server not ready, by name."""
    with serving(Place(tmp_path)) as server:
        assert server.http.get("/ready").status_code == 200
        store = tmp_path / "data" / "store"
        shutil.rmtree(store)
        store.write_text("in the way")
        answer = server.http.get("/ready")
        assert answer.status_code == 503
        assert answer.json()["checks"]["store"] != "ok"


def test_metrics_are_prometheus_text(server: Server) -> None:
    """Jobs, takes, HTTP, streams and the store are counted; made-up paths make no new series."""
    job = server.submit(2)
    server.wait_for(job, ["succeeded"])
    for number in range(20):
        server.http.get(f"/made/up/{number}")
    answer = server.http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    for name in ("jobs", "takes", "http_requests", "sse_streams", "store_operations"):
        assert f"callsheet_{name}" in families, name
    takes = {
        sample.labels["status"]: sample.value for sample in families["callsheet_takes"].samples
    }
    assert takes["succeeded"] >= 2
    routes = {sample.labels["route"] for sample in families["callsheet_http_requests"].samples}
    assert not any("made" in route for route in routes)
    assert job not in answer.text
