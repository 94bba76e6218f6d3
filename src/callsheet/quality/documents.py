"""Probes and findings as JSON documents, for commands and for the API."""

from collections.abc import Iterable
from dataclasses import asdict, fields, is_dataclass
from fractions import Fraction
from typing import Any

from callsheet.ports.findings import Finding
from callsheet.ports.measuring import Probe
from callsheet.quality.model import verdict_of

_INNER = ("keyframe_times",)


def probe_document(probe: Probe) -> dict[str, Any]:
    """Spell a probe; exact rates are "30000/1001"."""
    told: dict[str, Any] = _plain(probe)
    told["tags"] = dict(probe.tags)
    return {name: value for name, value in told.items() if name not in _INNER}


def findings_document(findings: Iterable[Finding]) -> dict[str, Any]:
    """Spell findings, and what they say together."""
    known = list(findings)
    verdict = verdict_of(known)
    return {
        "verdict": str(verdict.decision),
        "because": list(verdict.because),
        "findings": [asdict(finding) for finding in known],
    }


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value
