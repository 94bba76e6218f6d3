"""Names from a template: safe, ASCII, told apart, and told of before anything is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callsheet.delivery.naming import (
    DEFAULT,
    MOST_CHARS,
    InvalidTemplateError,
    Names,
    NameTemplate,
    ascii_of,
)
from callsheet.intake.names import safe_name

VALUES = {
    "project": "Frühling 2026",
    "scene": "S-001",
    "shot": "sh003",
    "variant": "2",
    "version": "1",
    "w": "1024",
    "h": "768",
}


def named(template: str, columns: tuple[str, ...] = (), **values: str) -> str:
    return NameTemplate.parse(template, columns).ascii_name(VALUES | values, "png")


def test_the_usual_name() -> None:
    """The default template says project, scene and shot, variant, version and size."""
    assert named(DEFAULT) == "Fruhling-2026_S-001sh003_2_v1_1024x768.png"


def test_parts_without_a_value_are_left_out() -> None:
    """A text has no size, and no `x` of one either."""
    assert named(DEFAULT, w="", h="") == "Fruhling-2026_S-001sh003_2_v1.png"


def test_own_columns_padding_and_folders() -> None:
    """A sheet's column is a field in any case; numbers are filled up; `/` makes a folder."""
    template = "{client name}/{scene}_v{version:03}.{ext}"
    found = named(template, ("Client Name",), **{"Client Name": "Løvås & Søn"})
    assert found == "Lovas-Son/S-001_v001.png"


@pytest.mark.parametrize(
    "template", ["", "{", "{scene}_{take", "{colour}", "a//{scene}", "x" * 301, "{scene:99}"]
)
def test_templates_that_cannot_be_read(template: str) -> None:
    """Each is refused by name; an unknown field with those that there are."""
    with pytest.raises(InvalidTemplateError) as caught:
        NameTemplate.parse(template)
    assert caught.value.errors[0].field == "names"
    if template == "{colour}":
        assert "variant" in str(caught.value)


@given(st.text(max_size=60), st.text(max_size=60))
def test_ascii_keeps_texts_apart(one: str, other: str) -> None:
    """What is safe and differs in letters that ASCII lacks differs in ASCII as well."""
    spelt = ascii_of(one)
    assert spelt.isascii()
    assert "/" not in spelt
    lost = not safe_name(one).isascii() and not safe_name(other).isascii()
    if lost and spelt == ascii_of(other) and "-" in spelt:
        assert ascii_of(one) == ascii_of(other)


def test_other_scripts_get_a_digest() -> None:
    """Two scenes in a script that ASCII lacks are two names."""
    found = {ascii_of(text) for text in ("灯台", "灯塔", "灯台 A", "灯塔 A")}
    assert len(found) == 4
    assert all(each.isascii() for each in found)


@given(st.text(max_size=400), st.text(max_size=400))
def test_no_name_is_a_trap(project: str, scene: str) -> None:
    """Whatever the values, a name is one short plain segment with its extension."""
    found = named(DEFAULT, project=project, scene=scene)
    assert found.isascii()
    assert found.endswith(".png")
    assert len(found) <= MOST_CHARS
    assert "/" not in found
    assert not found.startswith(".")


def test_collisions_are_told_whatever_their_case() -> None:
    """Every file that asks for a name is named; one name asked for once is none."""
    names = Names()
    for name, to in (
        ("a.png", "row 1"),
        ("A.PNG", "row 2"),
        ("b.png", "row 3"),
        ("a.png", "row 4"),
    ):
        names.give(name, to)
    assert names.collisions == {"A.PNG": ["row 1", "row 2"], "a.png": ["row 1", "row 4"]}
