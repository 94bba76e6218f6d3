"""`callsheet validate`: a good deployment passes six checks, and each fault is named."""

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import unused_port
from tests.support.processes import Place, serving
from tests.web.test_members import made_key

NAMES = ["health", "environment", "services", "load", "monitoring", "security"]


def test_a_good_deployment_passes(tmp_path: Path) -> None:
    """Six of six, with figures; a picture was made and read back; with keys, by a key."""
    place = Place(tmp_path)
    with serving(place) as server:
        url = f"http://127.0.0.1:{server.port}"
        out = tmp_path / "report.json"
        done = place.run("validate", "--url", url, "--output", str(out))
        assert done.returncode == 0, done.stdout + done.stderr
        assert "6 of 6 checks passed" in done.stdout
        report = json.loads(out.read_text())
        assert [each["name"] for each in report["checks"]] == NAMES
        figures = {each["name"]: each["figures"] for each in report["checks"]}
        assert figures["services"]["read_bytes"] > 50
        assert figures["load"]["success"] == 1
        assert figures["load"]["p99_s"] >= figures["load"]["p50_s"] > 0
        assert "no key was made yet" in done.stderr

        _, headers = made_key(place, "ops", "editor")
        without = place.run("validate", "--url", url)
        assert without.returncode == 1
        assert "--key or CALLSHEET_KEY" in without.stderr
        secret = headers["Authorization"].removeprefix("Bearer ")
        done = place.run(
            "validate", "--url", url, "--key", secret, "--verbose", "--output", str(out)
        )
        assert done.returncode == 0, done.stdout + done.stderr
        security = json.loads(out.read_text())["checks"][-1]
        assert security["figures"]["admin_without_key"] == 401


def test_without_a_worker_it_is_said(tmp_path: Path, postgres_url: str) -> None:
    """A web server alone takes rows, and nobody makes them."""
    place = Place(tmp_path, postgres_url)
    with serving(place, "web") as server:
        url = f"http://127.0.0.1:{server.port}"
        state = server.submit(1)
        assert server.http.post(f"/batch/{state}/cancel").status_code < 300
        done = place.run("validate", "--url", url, "--patience", "1")
    assert done.returncode == 1
    assert "does a worker run?" in done.stderr
    assert "5 of 6 checks passed" in done.stdout


class Stranger(http.server.BaseHTTPRequestHandler):
    """Answers everything, and is no callsheet."""

    def do_GET(self) -> None:
        """Answer a page to everybody."""
        self.send_response(200)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.end_headers()
        self.wfile.write(b"<html>hello</html>")

    def do_POST(self) -> None:
        """Answer the same."""
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def stranger() -> Iterator[int]:
    """Serve something else."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Stranger)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


def test_what_is_no_callsheet_fails(tmp_path: Path, stranger: int) -> None:
    """Something else, nobody, and an address that is none."""
    place = Place(tmp_path)
    other = place.run("validate", "--url", f"http://127.0.0.1:{stranger}")
    assert other.returncode == 1
    assert "pages of strangers may read it" in other.stderr
    assert "/metrics lacks callsheet_jobs" in other.stderr
    nobody = place.run("validate", "--url", f"http://127.0.0.1:{unused_port()}")
    assert nobody.returncode == 1
    assert "0 of 6 checks passed" in nobody.stdout
    assert "is it up" in nobody.stderr
    wrong = place.run("validate", "--url", "callsheet.example")
    assert wrong.returncode == 2
    assert "--url: write it as https://" in wrong.stderr
