"""reference/checks.md: every check, what it measures, and its tolerances in each profile."""

import sys
from dataclasses import fields
from typing import Any, Final

from callsheet.checks.registry import all_checks
from callsheet.ports.checks import Check, Needs
from callsheet.ports.measuring import Medium
from callsheet.quality.profiles import Profile, Rule, built_in, load_profile
from generating.marking import code, table

_CONCERNS: Final = {Medium.VIDEO: "clips", Medium.AUDIO: "sound files", Medium.IMAGE: "pictures"}
_READS: Final = {
    Needs.PROBE: "packets",
    Needs.TRACE: "every frame",
    Needs.SOUND: "the sound",
    Needs.STILL: "the picture",
    Needs.BOTH: "frames and sound",
    Needs.DECODED: "all of it",
}


def page() -> str:
    """Describe every check."""
    checks = all_checks()
    profiles = [load_profile(name, checks) for name in built_in()]
    intro = (
        "# Checks\n\n"
        "What `callsheet check` measures ([how to use it](../how-to/check-files.md)). A finding has"
        " a status: `pass`, `warn`, `fail`, `not_assessed` (it matters and could not be measured:"
        " a person must look), `not_applicable` (there is nothing of the kind in the file) or"
        " `error` (the check itself failed). What was not assessed is never passed.\n\n"
        "Each check is one file in `src/callsheet/checks/`; tolerances are chosen by a profile."
        " Every table of a profile may have `enabled`, `severity` (`info`, `minor`, `major`,"
        ' `critical`) and `at_most = "warn"` besides.\n\n'
    )
    overview = [
        (
            f"[{code(each.name)}](#{each.name.replace('_', '-')})",
            each.title,
            ", ".join(_CONCERNS[medium] for medium in Medium if medium in each.media),
            _READS[each.needs],
            each.severity,
        )
        for each in checks
    ]
    listed = table(("check", "title", "concerns", "looks at", "severity"), overview)
    named = [(code(profile.name), profile.title, profile.source) for profile in profiles]
    sources = "\n## Profiles\n\n" + table(("profile", "title", "source"), named)
    return intro + listed + sources + "".join(_part(each, profiles) for each in checks)


def _part(check: Check[Any], profiles: list[Profile]) -> str:
    said = (_module_of(check).__doc__ or "").strip()
    heading = f"\n## {check.name.replace('_', '-')}\n\n{said}\n\n"
    known = fields(check.tolerances)
    if not known:
        return heading
    rows = [
        (code(each.name), each.metadata["says"], each.metadata["unit"] or "-", _shown(each.default))
        for each in known
    ]
    return (
        heading + table(("key", "meaning", "unit", "default"), rows) + _elsewhere(check, profiles)
    )


def _elsewhere(check: Check[Any], profiles: list[Profile]) -> str:
    """Tell which profiles hold it to something else."""
    lines = []
    for profile in profiles:
        rule = profile.rules.get(check.name)
        if rule is not None and (differs := _differences(check, rule)):
            lines.append(f"- {code(profile.name)}: {differs}\n")
    return "\n" + "".join(lines) if lines else ""


def _differences(check: Check[Any], rule: Rule) -> str:
    usual = check.tolerances()
    found = [
        f"{code(each.name)} {_shown(getattr(rule.tolerances, each.name))}"
        for each in fields(check.tolerances)
        if getattr(rule.tolerances, each.name) != getattr(usual, each.name)
    ]
    found += [f"severity {rule.severity}"] if rule.severity else []
    found += ["only warns"] if rule.only_warns else []
    found += [] if rule.enabled else ["is not asked"]
    return ", ".join(found)


def _module_of(check: Check[Any]) -> Any:
    return sys.modules[check.judge.__module__]


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(_shown, value)) or "any"
    if value is None:
        return "none"
    return code(str(value).lower() if isinstance(value, bool) else f"{value}")
