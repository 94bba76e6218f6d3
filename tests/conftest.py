"""What every test may ask for: fresh databases of both kinds, clusters of its own, a free port."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import Cluster
from tests.databases import unused_port as find_unused_port


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our one option."""
    parser.addoption(
        "--postgres-fsync",
        action="store_true",
        help="let the test clusters write through to the disk, as a real one does",
    )


def pytest_configure() -> None:
    """Forget the settings of whoever runs the tests: each test brings its own."""
    for name in [name for name in os.environ if name.startswith("CALLSHEET_")]:
        del os.environ[name]


@pytest.fixture(scope="session")
def postgres(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cluster]:
    """Run one PostgreSQL for all tests, shared with the other worker processes of this run."""
    own = tmp_path_factory.getbasetemp()
    meeting = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    cluster = Cluster.join(meeting, fsync=request.config.getoption("--postgres-fsync"))
    yield cluster
    cluster.release()


@pytest.fixture
def private_postgres(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """Run a PostgreSQL that this test alone uses and may stop, crash and restart."""
    cluster = Cluster.create(fsync=request.config.getoption("--postgres-fsync"))
    yield cluster
    cluster.release()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Name a SQLite file that is not there yet."""
    return f"sqlite:///{tmp_path}/callsheet.db"


@pytest.fixture
def postgres_url(postgres: Cluster) -> Iterator[str]:
    """Make an empty PostgreSQL database, and drop it afterwards."""
    url = postgres.create_database()
    yield url
    postgres.drop_database(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Give the URL of a fresh, empty database; the test runs once for each kind."""
    url: str = request.getfixturevalue(
        {"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param]
    )
    return url


@pytest.fixture
def unused_port() -> int:
    """Give a TCP port of 127.0.0.1 that nobody listens on."""
    return find_unused_port()
