"""Every operation against its own description, with data that fits it and data that does not."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes import Place, Server, serving
from tests.support.scale import scaled

SCHEMATHESIS = str(Path(sys.executable).with_name("schemathesis"))
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
)
PHASES = "examples,coverage,fuzzing"
TIMEOUT_S = 500  # on a machine that has much else to do
pytestmark = pytest.mark.timeout(TIMEOUT_S)


def attack(server: Server, folder: Path, *more: str, phases: str = PHASES) -> None:
    """Let schemathesis try everything that the description allows, and much that it forbids."""
    done = subprocess.run(
        [
            *(SCHEMATHESIS, "run", f"{server.http.base_url}/openapi.json"),
            *(
                "--checks",
                ",".join(CHECKS),
                "--max-examples",
                scaled("4", "20"),
                "--generation-deterministic",
            ),
            *("--phases", phases, "--suppress-health-check", "all"),
            *("--exclude-path-regex", "events|progress", "--warnings", "off", "--no-color"),
            *("--request-timeout", "20", *more),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-2_000:]
    assert "Traceback" not in server.place.log("up")


def test_api_keeps_to_its_description(server: Server, tmp_path: Path) -> None:
    """No 5xx, no undocumented status or type, no bad data taken in, for whoever asks."""
    attack(server, tmp_path)


@pytest.mark.parametrize(
    ("role", "phases"), [("viewer", "coverage"), ("admin", scaled("coverage", PHASES))]
)
def test_api_keeps_to_its_description_with_keys(
    role: str, phases: str, tmp_path: Path, postgres_url: str
) -> None:
    """So it does on PostgreSQL, which takes no NUL in a text, for members of either end."""
    place = Place(tmp_path, postgres_url)
    secret = place.run("keys", "create", "tester", "--role", role).stdout.strip()
    with serving(place) as running:
        attack(running, tmp_path, "-H", f"Authorization: Bearer {secret}", phases=phases)
