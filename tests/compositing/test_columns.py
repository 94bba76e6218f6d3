"""Which sheets have composites, and which composites are hosted by percentage."""

import pytest

from callsheet.controls.composites import takes_part
from callsheet.intake.limits import Limits
from callsheet.intake.model import BatchDraft, CompositeDraft, Defaults
from callsheet.intake.recipe import Recipe
from callsheet.intake.rows import draft_from_table
from callsheet.ports.sheets import SheetRow, SheetTable


def draft(columns: tuple[str, ...], cells: tuple[str, ...], **mapping: str) -> BatchDraft:
    table = SheetTable("sheet", columns, (SheetRow(2, cells),))
    return draft_from_table(
        table,
        defaults=Defaults(),
        limits=Limits(),
        recipe=Recipe(map=mapping),
        files=lambda _path: "",
    )


def test_product_and_scene_make_a_composite() -> None:
    """The scene comes first among its pictures, and the sheet's own cells stay as written."""
    columns = ("prompt", "Products", "scene", "place", "method")
    cells = ("pots", "a.png b.png", "table.jpg", "left; table", "PIL")

    [row] = draft(columns, cells).rows

    assert row.composite == CompositeDraft(
        ("a.png", "b.png"), "table.jpg", ("left", "table"), "pil"
    )
    assert [each.source for each in row.references] == ["table.jpg", "a.png", "b.png"]
    assert row.extra == dict(zip(columns[1:], cells[1:], strict=True))


@pytest.mark.parametrize("title", ["product", "place", "method"])
def test_common_words_stay_a_teams_own(title: str) -> None:
    """A sheet that has not both names no composite, whatever stands there."""
    [row] = draft(("prompt", title), ("a shoe", "12, second half")).rows
    assert (row.composite, row.extra) == (None, {title: "12, second half"})


def test_mapping_decides_before_names() -> None:
    columns = ("prompt", "packshot", "backdrop", "scene")
    cells = ("a shoe", "shoe.png", "table.jpg", "12")
    [row] = draft(columns, cells, packshot="product", backdrop="scene", scene="extra").rows
    assert row.composite == CompositeDraft(("shoe.png",), "table.jpg")
    assert row.extra["scene"] == "12"


def test_percentage_only_ever_adds_pictures() -> None:
    """Who is in at ten percent is in at fifty, and shares are about what was asked for."""
    names = [f"picture {number}" for number in range(2_000)]
    at_ten, at_fifty = ({name for name in names if takes_part(name, share)} for share in (10, 50))
    assert at_ten < at_fifty
    assert 150 < len(at_ten) < 250
    assert not any(takes_part(name, 0) for name in names)
    assert all(takes_part(name, 100) for name in names)
