"""Going back is possible: an older release goes on while a newer one has migrated its database."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

import callsheet
from callsheet.database.schema import newest_revision
from tests.databases import unused_port
from tests.support.hosted import IMAGE, check_money, simulating
from tests.support.processes import Place, serving, until

MIGRATION = '''"""What the next release brings."""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{before}"
kind = "{kind}"


def upgrade() -> None:
    """Go forward."""
    op.add_column("jobs", sa.Column("of_{revision}", sa.Text()))
'''


@dataclass
class NextRelease:
    """This release with one more migration, as its own copy of the package."""

    place: Place
    folder: Path

    def command(self, *arguments: str) -> list[str]:
        """Word a command of this release."""
        return [sys.executable, "-c", "from callsheet.entry import main; main()", *arguments]

    def environment(self) -> dict[str, str]:
        """Give what its processes need."""
        return {**self.place.environment(), "PYTHONPATH": str(self.folder)}

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end."""
        return subprocess.run(
            self.command(*arguments),
            env=self.environment(),
            cwd=self.place.folder,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    @contextmanager
    def up(self) -> Iterator[httpx2.Client]:
        """Run it beside the other, for a block."""
        port = unused_port()
        environment = {**self.environment(), "CALLSHEET_PORT": str(port)}
        log = self.place.folder / "next.log"
        with (
            log.open("w") as out,
            subprocess.Popen(
                self.command("up"), env=environment, cwd=self.place.folder, stdout=out, stderr=out
            ) as process,
        ):
            try:
                base = f"http://127.0.0.1:{port}"
                with httpx2.Client(base_url=base, timeout=30, trust_env=False) as http:
                    until(lambda: _ready(http) == 200 or process.poll() is not None)
                    assert process.poll() is None, log.read_text()
                    yield http
            finally:
                process.terminate()


def _ready(http: httpx2.Client) -> int:
    try:
        return http.get("/ready").status_code
    except httpx2.TransportError:
        return 0


def ordered(http: httpx2.Client, rows: int) -> str:
    """Order some pictures; answers the job."""
    items = [{"prompt": f"frame {row} of {rows}", "model": IMAGE} for row in range(rows)]
    asked = http.post("/batch/images", json={"items": items, "runMode": "live"})
    assert asked.status_code == 202, asked.text
    return str(asked.json()["batchId"])


def released(place: Place, before: str, kind: str) -> NextRelease:
    """Make the next release, whose migration is of this kind."""
    revision = f"{int(before) + 1:04}"
    folder = place.folder / f"release-{revision}"
    package = Path(callsheet.__file__).parent
    shutil.copytree(package, folder / "callsheet", ignore=shutil.ignore_patterns("__pycache__"))
    versions = folder / "callsheet/database/migrations/versions"
    text = MIGRATION.format(revision=revision, before=before, kind=kind)
    (versions / f"{revision}_next.py").write_text(text)
    return NextRelease(place, folder)


@pytest.mark.timeout(400)
def test_older_release_goes_on_beside_a_newer_one_and_alone_again(
    tmp_path: Path, postgres_url: str
) -> None:
    """With jobs in flight: expand, both at work, back; then contract, which the old one refuses."""
    now = newest_revision()
    with simulating(tmp_path, run_s=1.0) as sim:
        place = Place(tmp_path, postgres_url, sim.settings(CALLSHEET_MIGRATE="never"))
        expand = released(place, now, "expand")
        with serving(place, "up") as old:
            first = ordered(old.http, 6)
            assert expand.run("migrate").returncode == 0
            assert old.http.get("/ready").status_code == 200, old.http.get("/ready").text
            with expand.up() as new:
                second = ordered(new, 4)
            old.wait_for(first, ["succeeded"])
            old.wait_for(second, ["succeeded"])  # begun by the next release, ended by this one
        back = json.loads(place.run("migrate", "--check", "--json").stdout)
        assert back["usable"]
        assert back["schema"] > back["release"]
        check_money(place, sim, 10)
        with serving(place, "up") as old:
            assert old.http.get("/ready").status_code == 200
            contract = NextRelease(place, expand.folder)
            text = MIGRATION.format(
                revision=f"{int(now) + 2:04}", before=back["schema"], kind="contract"
            )
            versions = expand.folder / "callsheet/database/migrations/versions"
            (versions / f"{int(now) + 2:04}_next.py").write_text(text)
            assert contract.run("migrate").returncode == 0
            refused = old.http.get("/ready")
            assert refused.status_code == 503
            assert "start a newer release" in refused.text
        checked = place.run("migrate", "--check")
        assert checked.returncode == 1
        assert "start a newer release" in checked.stderr
        started = place.run("up")
        assert started.returncode != 0
        assert "schema_unusable" in started.stderr + started.stdout


def test_servers_that_may_not_migrate_say_what_to_do(tmp_path: Path, empty_sqlite_url: str) -> None:
    """`CALLSHEET_MIGRATE=never` leaves an empty database to `callsheet migrate`."""
    settings = {"CALLSHEET_MIGRATE": "never"}
    place = Place(tmp_path, empty_sqlite_url, settings, empty=True)
    refused = place.run("jobs", "list")
    assert refused.returncode != 0
    assert "run: callsheet migrate" in refused.stderr
    assert place.run("migrate", "--check").returncode == 1
    assert place.run("migrate").returncode == 0
    assert place.run("migrate", "--check").returncode == 0
    assert place.run("jobs", "list").returncode == 0
