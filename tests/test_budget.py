"""A run says at its end where its time went."""

from pathlib import Path

import pytest

from tests.support.budget import SLOWEST, WORTH_TELLING, lines

pytest_plugins = ["pytester"]

CONFTEST = """
from tests.support.budget import Budget

def pytest_configure(config):
    config.pluginmanager.register(Budget())
"""
TEST = """
import time, pytest

@pytest.fixture
def slow():
    yield
    time.sleep(0.2)

@pytest.mark.parametrize("number", range({tests}))
def test_quick(number):
    pass

def test_slow_to_end(slow):
    pass
"""


def run(pytester: pytest.Pytester, tests: int) -> str:
    """Run so many quick tests and one slow one, in a process of its own; answers what it prints."""
    pytester.makeconftest(CONFTEST)
    folder = pytester.path / "tests" / "room"
    folder.mkdir(parents=True)
    (folder / "test_some.py").write_text(TEST.format(tests=tests))
    root = Path(__file__).parents[1]
    done = pytester.runpytest_subprocess(
        "-p", "no:asyncio", "-o", f"pythonpath={root}", "--import-mode=importlib"
    )
    done.assert_outcomes(passed=tests + 1)
    return done.stdout.str()


def test_long_run_tells_its_budget(pytester: pytest.Pytester) -> None:
    """The slowest test comes first, with what its fixtures took; folders are summed."""
    said = (
        run(pytester, WORTH_TELLING)
        .partition("= budget =")[2]
        .split("\n", 1)[1]
        .lstrip()
        .splitlines()
    )
    assert said[0].endswith("tests/room/test_some.py::test_slow_to_end")
    assert float(said[0].split()[0]) >= 0.2
    assert any(line.endswith(f"tests/room, {WORTH_TELLING + 1} tests") for line in said)


def test_short_run_tells_none(pytester: pytest.Pytester) -> None:
    """Whoever runs a few tests is not told."""
    assert "budget" not in run(pytester, 3)


def test_slowest_are_told_and_all_are_summed() -> None:
    """However many there are, only the slowest are listed, and no second is lost."""
    seconds = {f"tests/a/test_x.py::test_{number}": 0.5 for number in range(SLOWEST)}
    seconds["tests/b/test_y.py::test_long"] = 7.0
    seconds["tests/test_z.py::test_top"] = 1.0
    told = [" ".join(line.split()) for line in lines(seconds)]
    assert told[0] == "7.0 s tests/b/test_y.py::test_long"
    assert told[SLOWEST:] == [
        "",
        "10.0 s tests/a, 20 tests",
        "7.0 s tests/b, 1 tests",
        "1.0 s tests/test_z.py, 1 tests",
        "18.0 s in all, 22 tests",
    ]
