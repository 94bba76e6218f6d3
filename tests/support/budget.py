"""Says at the end of a run where its time went: the slowest tests, and seconds by folder.

Seconds are those of the worker that ran a test, with what it waited for; two workers' add up.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

import pytest

SLOWEST: Final = 20
WORTH_TELLING: Final = 100  # tests; of fewer, --durations tells more


class Budget:
    """Adds up what pytest reports of each phase of each test."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add a phase: set up, called or torn down."""
        self.seconds[report.nodeid] += report.duration

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the budget of a long run."""
        if len(self.seconds) < WORTH_TELLING:
            return
        terminalreporter.section("budget")
        for line in lines(self.seconds):
            terminalreporter.write_line(line)


def lines(seconds: Mapping[str, float]) -> Iterator[str]:
    """Word what tests took: the slowest first, then each folder of tests."""
    slowest = sorted(seconds.items(), key=lambda item: (-item[1], item[0]))[:SLOWEST]
    for test, took in slowest:
        yield f"{took:8.1f} s  {test}"
    folders: dict[str, float] = defaultdict(float)
    tests = Counter[str]()
    for test, took in seconds.items():
        folders[_folder(test)] += took
        tests[_folder(test)] += 1
    yield ""
    for folder, took in sorted(folders.items(), key=lambda item: -item[1]):
        yield f"{took:8.1f} s  {folder}, {tests[folder]} tests"
    yield f"{sum(seconds.values()):8.1f} s  in all, {len(seconds)} tests"


def _folder(test: str) -> str:
    """Name the folder below tests/, or the file that stands there alone."""
    return "/".join(test.partition("::")[0].split("/")[:2])
