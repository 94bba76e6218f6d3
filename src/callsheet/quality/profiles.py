"""Profiles: which checks are asked, and within which tolerances. TOML, read with line and key.

title = "Web delivery"
source = "our own; asked for by ..."
extends = "web"

[checks.bitrate]
max_mbit_s = 8.0
severity = "minor"     # of every check: info, minor, major, critical
at_most = "warn"       # of every check: it never fails the file
enabled = false        # of every check: it is not asked
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from callsheet.ports.checks import Check, Facts
from callsheet.ports.findings import Finding, Severity, Status
from callsheet.quality.errors import InvalidProfileError, ProfileNotFoundError
from callsheet.quality.tolerances import NotTolerated, read_tolerances

FOLDER: Final = Path(__file__).parent / "profiles"
DEFAULT: Final = "web"
_MAX_BYTES: Final = 1 << 20
_MAX_PARENTS: Final = 8
_ROOT_KEYS: Final = ("title", "source", "extends", "checks")
_COMMON: Final = ("enabled", "severity", "at_most")
_LINE: Final = re.compile(r"line (\d+)")


@dataclass(frozen=True, slots=True)
class Rule:
    """How one check is asked under a profile."""

    tolerances: Any
    enabled: bool = True
    severity: Severity | None = None
    only_warns: bool = False


@dataclass(frozen=True, slots=True)
class Profile:
    """Tolerances under a name; `source` says where they come from."""

    name: str
    title: str
    source: str
    rules: Mapping[str, Rule] = field(default_factory=dict)

    def judge(self, checks: Iterable[Check[Any]], facts: Facts) -> list[Finding]:
        """Ask checks, in their order; those that are not enabled are left out."""
        asked = ((check, self._rule(check)) for check in checks)
        return [
            _softened(check.find(facts, rule.tolerances, rule.severity), rule)
            for check, rule in asked
            if rule.enabled
        ]

    def _rule(self, check: Check[Any]) -> Rule:
        return self.rules.get(check.name) or Rule(check.tolerances())


def _softened(finding: Finding, rule: Rule) -> Finding:
    if rule.only_warns and finding.status is Status.FAIL:
        return replace(finding, status=Status.WARN)
    return finding


def built_in() -> tuple[str, ...]:
    """Name the profiles that come with callsheet."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def load_profile(name: str, checks: Sequence[Check[Any]]) -> Profile:
    """Read a profile by its name, or from the path of a TOML file.

    Raises ProfileNotFoundError, or InvalidProfileError with line and key.
    """
    if name in built_in():
        path = FOLDER / f"{name}.toml"
    else:
        path = Path(name)
        if path.suffix != ".toml" or not path.is_file():
            raise ProfileNotFoundError(name, built_in())
    if path.stat().st_size > _MAX_BYTES:
        raise InvalidProfileError(name, None, "", f"it has more than {_MAX_BYTES:,} bytes")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidProfileError(name, None, "", f"it cannot be read ({error})") from error
    return read_profile(path.stem, text, checks, shown_as=str(name))


def read_profile(
    name: str, text: str, checks: Sequence[Check[Any]], *, shown_as: str = "", depth: int = 0
) -> Profile:
    """Read a profile from TOML. Raises InvalidProfileError with line and key."""
    source = _Source(shown_as or name, text)
    table = source.parsed()
    for key in table:
        if key not in _ROOT_KEYS:
            raise source.error(key, f"there is no such key; there are {', '.join(_ROOT_KEYS)}")
    base = _base(source, table, checks, depth)
    known = {check.name: check for check in checks}
    rules: dict[str, Rule] = dict(base.rules)
    tables = table.get("checks", {})
    if not isinstance(tables, dict):
        raise source.error("checks", "it must be a table for each check")
    for check_name, asked in tables.items():
        if check_name not in known:
            near = ", ".join(sorted(known))
            raise source.error(f"checks.{check_name}", f"there is no such check; there are {near}")
        if not isinstance(asked, dict):
            raise source.error(f"checks.{check_name}", "it must be a table")
        rules[check_name] = _rule(source, known[check_name], asked, rules.get(check_name))
    return Profile(name, source.text(table, "title", name), source.text(table, "source", ""), rules)


def _base(
    source: "_Source", table: Mapping[str, Any], checks: Sequence[Check[Any]], depth: int
) -> Profile:
    parent = source.text(table, "extends", "")
    if not parent:
        return Profile("", "", "")
    if parent not in built_in():
        raise source.error("extends", f"it must be one of {', '.join(built_in())}, not {parent!r}")
    if depth >= _MAX_PARENTS:
        raise source.error("extends", "profiles extend each other in a circle")
    text = (FOLDER / f"{parent}.toml").read_text(encoding="utf-8")
    return read_profile(parent, text, checks, depth=depth + 1)


def _rule(
    source: "_Source", check: Check[Any], asked: Mapping[str, Any], before: Rule | None
) -> Rule:
    before = before or Rule(check.tolerances())
    prefix = f"checks.{check.name}"
    own = {key: value for key, value in asked.items() if key not in _COMMON}
    try:
        read = read_tolerances(check.tolerances, own)
    except NotTolerated as wrong:
        raise source.error(f"{prefix}.{wrong.key}", wrong.reason) from wrong
    tolerances = replace(before.tolerances, **{key: getattr(read, key) for key in own})
    enabled = asked.get("enabled", before.enabled)
    if type(enabled) is not bool:
        raise source.error(f"{prefix}.enabled", f"it must be true or false, not {enabled!r}")
    severity = asked.get("severity", before.severity)
    if severity is not None and severity not in list(Severity):
        reason = f"it must be one of {', '.join(Severity)}, not {severity!r}"
        raise source.error(f"{prefix}.severity", reason)
    at_most = asked.get("at_most", "warn" if before.only_warns else "fail")
    if at_most not in {"warn", "fail"}:
        raise source.error(f"{prefix}.at_most", f"it must be warn or fail, not {at_most!r}")
    return Rule(tolerances, enabled, Severity(severity) if severity else None, at_most == "warn")


@dataclass(frozen=True, slots=True)
class _Source:
    """The text of a profile, for finding the line of a key."""

    name: str
    content: str

    def parsed(self) -> dict[str, Any]:
        try:
            return tomllib.loads(self.content)
        except tomllib.TOMLDecodeError as error:
            found = _LINE.search(str(error))
            line = int(found[1]) if found else None
            raise InvalidProfileError(self.name, line, "", f"it is no TOML ({error})") from error

    def text(self, table: Mapping[str, Any], key: str, default: str) -> str:
        value = table.get(key, default)
        if not isinstance(value, str):
            raise self.error(key, f"it must be a text, not {value!r}")
        return value

    def error(self, key: str, reason: str) -> InvalidProfileError:
        return InvalidProfileError(self.name, self._line(key), key, reason)

    def _line(self, key: str) -> int | None:
        """Find a dotted key; in an inline table the line of the table is near enough."""
        table, best = "", None
        for number, line in enumerate(self.content.splitlines(), 1):
            words = line.split("#")[0].strip()
            if words.startswith("["):
                table = words.strip("[] ").replace('"', "").replace(" ", "")
                here = table
            else:
                name = words.split("=")[0].strip().strip('"').replace(" ", "")
                here = f"{table}.{name}" if table else name
            if here == key:
                return number
            if here and key.startswith(f"{here}."):
                best = number
        return best
