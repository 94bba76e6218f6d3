"""The databases that tests are given: fresh each time, and never left behind."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from tests.databases import Cluster, PostgresFailedError, PostgresMissingError, find_programs

ROOT = Path(__file__).parent.parent

HOLD = """
import sys
from pathlib import Path
from tests.databases import Cluster
cluster = Cluster.join(Path(sys.argv[1]))
print(cluster.home, cluster.port, flush=True)
sys.stdin.read()
"""


def join_elsewhere(meeting: Path) -> tuple["subprocess.Popen[str]", Path, int]:
    """Start another process that holds the shared cluster until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(meeting)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    home, port = process.stdout.readline().split()
    return process, Path(home), int(port)


def end(process: "subprocess.Popen[str]", number: signal.Signals) -> None:
    """End a process by a signal and let its pipes go."""
    process.send_signal(number)
    process.communicate()


def wait_until_gone(home: Path) -> None:
    """Wait for a cluster's folder to disappear; the test's own timeout is the limit."""
    while home.exists():
        time.sleep(0.02)


def answers(port: int) -> bool:
    """Tell whether something listens on the port."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def test_a_database_is_empty_and_owned_by_an_ordinary_role(empty_postgres_url: str) -> None:
    """A test's database holds no table, and its user may create some but is no superuser."""
    with psycopg.connect(empty_postgres_url) as connection:
        found = connection.execute(
            "SELECT rolsuper, (SELECT count(*) FROM pg_tables WHERE schemaname = 'public')"
            " FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        connection.execute("CREATE TABLE shot (id text PRIMARY KEY)")

    assert found == (False, 0)


def test_each_database_is_another(postgres: Cluster) -> None:
    """What one database holds is not seen in the next, and a dropped one is gone."""
    first, second = postgres.create_database(), postgres.create_database()
    with psycopg.connect(first) as connection:
        connection.execute("CREATE TABLE shot (id text PRIMARY KEY)")
    with psycopg.connect(second) as connection:
        assert connection.execute("SELECT to_regclass('shot')").fetchone() == (None,)

    postgres.drop_database(first)
    postgres.drop_database(second)

    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(first)


def test_both_kinds_of_url_are_given(empty_database_url: str, tmp_path: Path) -> None:
    """The parametrised URL names a file in the test's folder or a database on 127.0.0.1."""
    assert empty_database_url.startswith(
        (f"sqlite:///{tmp_path}/", "postgresql://callsheet@127.0.0.1:")
    )


def test_a_crash_loses_nothing_that_was_committed(private_postgres: Cluster) -> None:
    """A private cluster can be crashed and started again on the same port, with its rows."""
    url = private_postgres.create_database()
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE shot AS SELECT 7 AS id")

    private_postgres.stop("immediate")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)
    private_postgres.start()

    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT id FROM shot").fetchone() == (7,)


def test_starting_twice_shows_what_the_server_said(private_postgres: Cluster) -> None:
    """A failing control command carries its own output."""
    with pytest.raises(PostgresFailedError, match="another server might be running"):
        private_postgres.start()


def test_killed_users_leave_nothing_behind(tmp_path: Path) -> None:
    """Two processes share one cluster, and when both are killed it stops and removes itself."""
    first, home, port = join_elsewhere(tmp_path)
    second, same_home, same_port = join_elsewhere(tmp_path)
    assert (same_home, same_port) == (home, port)

    end(first, signal.SIGKILL)
    assert answers(port)
    end(second, signal.SIGKILL)
    wait_until_gone(home)

    assert not answers(port)


def test_a_cluster_whose_users_left_is_replaced(tmp_path: Path) -> None:
    """Whoever joins after the last one left gets a new cluster that works."""
    process, home, _ = join_elsewhere(tmp_path)
    end(process, signal.SIGTERM)
    wait_until_gone(home)

    cluster = Cluster.join(tmp_path)

    try:
        assert cluster.home != home
        assert answers(cluster.port)
    finally:
        cluster.release()


def test_missing_programs_say_what_to_type(tmp_path: Path) -> None:
    """Without PostgreSQL the fixture fails and names the command that installs it."""
    with pytest.raises(PostgresMissingError, match=r"type: sudo apt-get install .*postgresql"):
        find_programs(tmp_path, search_path=str(tmp_path))


def test_the_newest_programs_are_taken(tmp_path: Path) -> None:
    """Among several versions the highest number wins, not the last in the alphabet."""
    for version in ("9.6", "15", "16"):
        folder = tmp_path / version / "bin"
        folder.mkdir(parents=True)
        (folder / "initdb").touch()

    assert find_programs(tmp_path) == tmp_path / "16" / "bin"
