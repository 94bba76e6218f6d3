"""In a short run tests of whole processes take one kind of database each, in turn."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

CONFTEST = """
import pytest
from tests.conftest import pytest_collection_modifyitems

def pytest_addoption(parser):
    parser.addoption("--all", action="store_true")

@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request):
    return request.param
"""
TEST = """
import pytest

@pytest.mark.on_either_database
@pytest.mark.parametrize("moment", [1, 2])
def test_one(database_url, moment):
    pass

@pytest.mark.on_either_database
def test_two(database_url):
    pass

@pytest.mark.on_either_database
def test_three():
    pass

def test_store(database_url):
    pass
"""


@pytest.fixture
def listed(pytester: pytest.Pytester) -> "Listed":
    """Lay a small suite out."""
    pytester.makeconftest(CONFTEST)
    pytester.makeini("[pytest]\nmarkers = on_either_database: of whole processes")
    pytester.makepyfile(test_some=TEST)
    return Listed(pytester)


class Listed:
    """What of a small suite would be run."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self._pytester = pytester

    def __call__(self, *arguments: str) -> list[str]:
        """Collect with some arguments; answers the tests' names."""
        root = Path(__file__).parents[1]
        options = ("-p", "no:asyncio", "-o", f"pythonpath={root}", "--import-mode=importlib")
        done = self._pytester.runpytest_subprocess(*options, "--collect-only", "-q", *arguments)
        return [line.partition("::")[2] for line in done.stdout.lines if "::" in line]


def test_short_run_takes_turns(listed: Listed) -> None:
    """Each combination is run once, on one kind after the other; unmarked tests on both."""
    assert listed() == [
        "test_one[sqlite-1]",
        "test_one[postgresql-2]",
        "test_two[sqlite]",
        "test_three",
        "test_store[sqlite]",
        "test_store[postgresql]",
    ]


def test_whole_run_leaves_nothing_out(listed: Listed) -> None:
    """With --all each runs on both."""
    assert len(listed("--all")) == 9


def test_what_is_named_is_run(listed: Listed) -> None:
    """Whoever names a test and its database gets it."""
    assert listed("test_some.py::test_two[postgresql]") == ["test_two[postgresql]"]
