"""findings.json of a package: what checks and people said of each file that is in it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

_TOLD: Final = ("qa", "qa_note", "verdicts", "decision")  # of a variant of a state document


def said_of(variant: Mapping[str, Any]) -> dict[str, Any]:
    """Pick what was said of a file; nothing where no check has looked at it."""
    return {name: variant[name] for name in _TOLD if variant.get(name)}


def findings_lines(files: Iterable[tuple[str, Mapping[str, Any]]]) -> Iterator[str]:
    """Write the document, piece by piece; `files` are paths in the package and their variants."""
    yield '{"schema": 1, "files": ['
    before = "\n"
    for path, variant in files:
        told = {"file": path, "take": variant["take"], **said_of(variant)}
        yield before + json.dumps(told, ensure_ascii=False, sort_keys=True)
        before = ",\n"
    yield "\n]}\n"
