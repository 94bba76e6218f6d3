"""A report of findings as one HTML page, with a picture of each moment where something is wrong.

It refers to nothing outside, and nothing in it is a script: names and tags come from strangers.
"""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape

from callsheet.ports.findings import Finding, Status, clock
from callsheet.quality.model import verdict_of
from callsheet.quality.profiles import Profile

_STYLE = """
:root { color-scheme: light dark; font: 15px/1.45 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.05rem; margin: 2rem 0 .4rem; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; vertical-align: top; padding: .35rem .6rem .35rem 0; }
tr + tr td { border-top: 1px solid #8884; }
img { max-width: 12rem; border-radius: 4px; display: block; }
.status { white-space: nowrap; font-weight: 600; }
.fail, .error { color: #c62828; } .warn, .not_assessed { color: #b26a00; } .pass { color: #2e7d32; }
small { color: #888; }
"""
_ORDER = {status: place for place, status in enumerate((Status.FAIL, Status.ERROR, Status.WARN))}
_SHOWN = frozenset({Status.FAIL, Status.ERROR, Status.WARN, Status.NOT_ASSESSED})


@dataclass(frozen=True, slots=True)
class FileReport:
    """One file: what it is in one line, its findings, and JPEGs by the place of a finding."""

    name: str
    kind: str
    findings: Sequence[Finding]
    pictures: dict[int, bytes] = field(default_factory=dict)


def page_beginning(title: str, profile: Profile) -> str:
    """Open the page."""
    source = f" <small>({escape(profile.source)})</small>" if profile.source else ""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style></head>\n<body>\n"
        f"<h1>{escape(title)}</h1>\n<p>Profile: {escape(profile.title)}{source}</p>\n"
    )


def page_part(report: FileReport) -> str:
    """Write one file's part of the page."""
    verdict = verdict_of(report.findings)
    rows = "\n".join(_rows(report))
    passed = [each.check for each in report.findings if each.status is Status.PASS]
    without = [each.check for each in report.findings if each.status is Status.NOT_APPLICABLE]
    return (
        f'<h2><span class="{_class_of(verdict.decision)}">{escape(verdict.decision)}</span> '
        f"{escape(report.name)}</h2>\n<p><small>{escape(report.kind)}</small></p>\n"
        f"<table>\n{rows}\n</table>\n<p><small>Passed: {escape(', '.join(passed) or 'nothing')}."
        f" Not applicable: {escape(', '.join(without) or 'nothing')}.</small></p>\n"
    )


def page_end() -> str:
    """Close the page."""
    return "</body></html>\n"


def _rows(report: FileReport) -> Iterator[str]:
    places = [place for place, each in enumerate(report.findings) if each.status in _SHOWN]
    for place in sorted(places, key=lambda at: _ORDER.get(report.findings[at].status, 9)):
        finding = report.findings[place]
        picture = report.pictures.get(place)
        yield (
            f'<tr><td class="status {finding.status}">{escape(finding.status)}</td>'
            f"<td>{escape(finding.check)}<br><small>{escape(finding.severity)}</small></td>"
            f"<td>{escape(finding.sentence)} <small>{escape(finding.advice)}<br>"
            f"{escape(_measured(finding))}</small></td><td>{_shown(picture, finding)}</td></tr>"
        )


def _class_of(decision: str) -> str:
    return "warn" if decision == "person" else decision


def _measured(finding: Finding) -> str:
    value = "" if finding.value is None else f"measured {finding.value} {finding.unit}".strip()
    wanted = f"wanted {finding.tolerance}" if finding.tolerance else ""
    when = "" if finding.at is None else f"{clock(finding.at[0])} to {clock(finding.at[1])}"
    return "; ".join(filter(None, (value, wanted, when)))


def _shown(picture: bytes | None, finding: Finding) -> str:
    if not picture:
        return ""
    code = base64.b64encode(picture).decode()
    when = clock(finding.worst or 0.0)
    return f'<img alt="at {when}" src="data:image/jpeg;base64,{code}"><small>{when}</small>'
