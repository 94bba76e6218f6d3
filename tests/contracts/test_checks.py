"""What every check promises, found by its folder."""

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from callsheet.checks import registry, technical
from callsheet.checks.registry import all_checks
from callsheet.ports.checks import Check, Facts
from callsheet.ports.findings import Severity, Status
from callsheet.ports.measuring import Measured, Medium, Probe

CHECKS = {check.name: check for check in all_checks()}
FOLDER = Path(technical.__file__).parent
NOTHING = Probe(
    Medium.VIDEO, "video/mp4", "mp4", "", 0, None, fragmented=False, fast_start=None, streams=(),
    tags=(), damage=(), video=None, audio=None,
)  # fmt: skip


def test_every_file_is_a_check() -> None:
    """The folder is the list: a file's name is its check's, and no other list names it."""
    assert {path.stem for path in FOLDER.glob("[!_]*.py")} == set(CHECKS)


def test_the_ten_come_first() -> None:
    """In the order in which buyers ask for them."""
    assert [check.name for check in all_checks()][:10] == [
        *("resolution", "codec", "bitrate", "frame_rate", "duration"),
        *("audio_sync", "colour", "container", "size", "metadata"),
    ]


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS.keys())
def test_check_explains_itself(check: Check[Any]) -> None:
    """A title, a sentence on each tolerance, and defaults that hold."""
    assert check.title
    assert check.version >= 1
    tolerances = check.tolerances()
    for each in fields(tolerances):
        assert each.metadata["says"].endswith("."), each.name


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS.keys())
@pytest.mark.parametrize("medium", Medium)
def test_check_that_knows_nothing_never_passes(check: Check[Any], medium: Medium) -> None:
    """Of a file of which nothing was measured it says that it cannot tell, or finds a fault."""
    facts = Facts(
        Probe(medium, "x/y", "mp4", "", 0, None, False, None, (), (), (), None, None),
        Measured(failures=("its pictures: cut off",)),
    )
    finding = check.find(facts, check.tolerances())
    said_nothing_yet = check.name in {"container", "metadata", "codec"}  # ask the probe alone
    assert finding.status is not Status.PASS or said_nothing_yet
    assert finding.status is not Status.ERROR, finding.sentence


def test_fault_in_a_check_is_an_error() -> None:
    """A check that raises neither passes nor ends the others."""

    def broken(_facts: Facts, _tolerances: Any) -> Any:
        raise ZeroDivisionError

    black = CHECKS["size"]
    check: Check[Any] = Check(
        "broken", 1, "Broken", black.media, black.needs, Severity.MAJOR, black.tolerances, broken
    )
    finding = check.find(Facts(NOTHING), black.tolerances())
    assert finding.status is Status.ERROR
    assert "ZeroDivisionError" in finding.sentence


def test_meters_have_columns_of_their_own() -> None:
    """No two checks measure under one name."""
    columns = [name for check in all_checks() if check.meter for name in check.meter.columns]
    assert len(columns) == len(set(columns))
    assert len(registry.meter_modules()) == sum(check.meter is not None for check in all_checks())


def test_checks_load_no_decoder() -> None:
    """The process that judges never imports what measures: numpy and libav stay out of it."""
    for path in FOLDER.glob("*.py"):
        imported = re.findall(r"^(?:import|from) (\w+(?:\.\w+)*)", path.read_text(), re.MULTILINE)
        assert not {"numpy", "av", "PIL"} & {name.split(".")[0] for name in imported}, path
