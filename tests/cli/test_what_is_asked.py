"""What a sheet asks for, summed up: by this a sheet is known again that was begun before."""

import json
from dataclasses import asdict

from callsheet.cli.repeating import digest_of_asked
from callsheet.intake.limits import Limits
from callsheet.intake.model import BatchDraft, Defaults
from callsheet.intake.rows import draft_from_table
from callsheet.kernel.digests import digest_of
from callsheet.ports.sheets import SheetLimits
from callsheet.sources import read_sheet

SHEET = """scene_id,prompt,size,references,inputs.steps,ours
A,"größer, now",512x512,https://x.test/a.png|subject,4,mine
B,plain,,,2.5,
"""


def drafted(text: str) -> BatchDraft:
    """Read a sheet into a draft."""
    table = read_sheet("a.csv", text.encode(), SheetLimits())
    defaults = Defaults(run_mode="live", inputs="style=ink")
    return draft_from_table(table, defaults=defaults, limits=Limits())


def test_taken_row_by_row_it_is_the_digest_of_the_whole() -> None:
    """Jobs of before are found again: the digest is that of all that was asked, as one object."""
    for text in (SHEET, SHEET.partition("B,")[0]):
        draft, files = drafted(text), {"b.png": "0" * 64}
        whole = json.loads(json.dumps(asdict(draft), default=str))
        told = ("name", "notes", "columns", "known_columns", "unclaimed")
        for name in (*told, "keep_going", "refused", "in_place"):
            del whole[name]
        for row in whole["rows"]:
            del row["cells"]
            assert not row.pop("soft")
        assert digest_of_asked(draft, files) == digest_of({"draft": whole, "files": files})


def test_another_row_is_another_wish() -> None:
    """What decides what is ordered counts, to the last letter."""
    one, other = drafted(SHEET), drafted(SHEET.replace("plain", "plains"))
    assert digest_of_asked(one, {}) != digest_of_asked(other, {})
    assert digest_of_asked(one, {}) != digest_of_asked(one, {"b.png": "0" * 64})
