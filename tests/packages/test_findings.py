"""What was said of each file goes with it, as JSON."""

import json
from collections.abc import Mapping
from typing import Any

from callsheet.delivery.findings import findings_lines


def test_what_was_said_of_each_file() -> None:
    """Verdicts and decisions are told by the file's path; what nobody said is left out."""
    examined = {
        "take": "tk_1",
        "qa": "warn",
        "qa_note": "it is dark",
        "verdicts": [{"gate": "technical", "action": "accept"}],
        "decision": None,
        "url": "https://x.test/a?sig=1",
    }
    other = {"take": "tk_2", "qa": "needs_human"}
    files: list[tuple[str, Mapping[str, Any]]] = [
        ("masters/a.png", examined),
        ("masters/ü.png", other),
    ]
    told = json.loads("".join(findings_lines(files)))
    assert [each["file"] for each in told["files"]] == ["masters/a.png", "masters/ü.png"]
    assert told["files"][0]["verdicts"] == examined["verdicts"]
    assert set(told["files"][0]) == {"file", "take", "qa", "qa_note", "verdicts"}
    assert told["files"][1] == {"file": "masters/ü.png", "take": "tk_2", "qa": "needs_human"}


def test_none_at_all_is_a_document() -> None:
    """It is JSON without any file, too."""
    assert json.loads("".join(findings_lines([]))) == {"schema": 1, "files": []}
