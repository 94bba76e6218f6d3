"""Examining clips that a test made: findings by check, from one warm inspector."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from callsheet.checks.registry import all_checks
from callsheet.media.measuring.inspector import ProcessInspector
from callsheet.media.measuring.sources import as_file
from callsheet.ports.checks import Order
from callsheet.ports.findings import Finding, Status
from callsheet.quality.examining import Examiner
from callsheet.quality.profiles import Profile, load_profile, read_profile

Found = dict[str, Finding]


def profile(name: str = "web", text: str = "") -> Profile:
    """Load a profile that comes with callsheet, or read one."""
    return read_profile("own", text, all_checks()) if text else load_profile(name, all_checks())


async def examined(
    inspector: ProcessInspector,
    content: bytes,
    *,
    name: str = "",
    rules: Profile | None = None,
    order: Order | None = None,
) -> Found:
    """Examine one file; its findings by the names of their checks."""
    examiner = Examiner(inspector, all_checks(), rules or profile())
    found: Found = {}
    with as_file(content) as (file, _):
        async for part in examiner.examine(file, name, order or Order()):
            found |= {finding.check: finding for finding in part.found}
    return found


def troubled(found: Found, but: Iterable[str] = ()) -> set[str]:
    """Name the checks that failed or warned, without some."""
    wrong = {Status.FAIL, Status.WARN, Status.ERROR}
    return {name for name, each in found.items() if each.status in wrong} - set(but)


def changed(value: Any, **fields: Any) -> Any:
    """Replace fields of a value."""
    return replace(value, **fields)
