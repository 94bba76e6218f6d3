"""What every test may ask for: fresh databases of both kinds, clusters of its own, a free port."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import Cluster
from tests.databases import unused_port as find_unused_port
from tests.support.budget import Budget
from tests.support.either import superfluous
from tests.support.scale import VARIABLE as SCALE
from tests.support.scale import set_examples
from tests.support.templates import create_postgres, lay_sqlite


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our two options."""
    parser.addoption(
        "--all",
        action="store_true",
        help="run every point, fault and example of what takes long; see tests/support/scale.py",
    )
    parser.addoption(
        "--postgres-fsync",
        action="store_true",
        help="let the test clusters write through to the disk, as a real one does",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Forget the settings of whoever runs the tests: each test brings its own."""
    if config.getoption("--all"):
        os.environ[SCALE] = "all"
    if "PYTEST_XDIST_WORKER" not in os.environ:
        config.pluginmanager.register(Budget())
    for name in [name for name in os.environ if name.startswith("CALLSHEET_")]:
        del os.environ[name]
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"):  # settings of ours, too
        os.environ.pop(name, None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run tests of whole processes on one kind of database each, unless all is asked for."""
    if "hypothesis" in sys.modules:  # else nobody needs it, and it takes long to import
        set_examples()
    if config.getoption("--all"):
        return
    left_out = superfluous(items)
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


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
def empty_sqlite_url(tmp_path: Path) -> str:
    """Name a SQLite file that is not there yet."""
    return f"sqlite:///{tmp_path}/callsheet.db"


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Make a SQLite file that has every table and no row."""
    file = tmp_path / "callsheet.db"
    lay_sqlite(file)
    return f"sqlite:///{file}"


@pytest.fixture
def empty_postgres_url(postgres: Cluster) -> Iterator[str]:
    """Make an empty PostgreSQL database, and drop it afterwards."""
    url = postgres.create_database()
    yield url
    postgres.drop_database(url)


@pytest.fixture
def postgres_url(postgres: Cluster) -> Iterator[str]:
    """Make a PostgreSQL database that has every table and no row, and drop it afterwards."""
    url = create_postgres(postgres)
    yield url
    postgres.drop_database(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest) -> str:
    """Give the URL of a fresh, empty database; the test runs once for each kind."""
    url: str = request.getfixturevalue(
        {"sqlite": "empty_sqlite_url", "postgresql": "empty_postgres_url"}[request.param]
    )
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Give the URL of a fresh database with every table; the test runs once for each kind."""
    url: str = request.getfixturevalue(
        {"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param]
    )
    return url


@pytest.fixture
def unused_port() -> int:
    """Give a TCP port of 127.0.0.1 that nobody listens on."""
    return find_unused_port()
