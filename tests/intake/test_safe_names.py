"""File names made of any text."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callsheet.intake.names import safe_name


@given(text=st.text())
def test_any_text_gives_a_safe_name(text: str) -> None:
    """A name is never empty, fits in 80 bytes, has no trap in it, and is its own safe name."""
    name = safe_name(text)

    assert 0 < len(name.encode()) <= 80
    assert name.isprintable()
    assert not re.search(r'[\s/\\<>:"|?*]', name)
    assert not name.startswith(".")
    assert not name.endswith(".")
    assert safe_name(name) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("S-001", "S-001"),
        ("Küste bei Nacht", "Küste-bei-Nacht"),
        ("灯台/守", "灯台-守"),
        ("../../etc/passwd", "etc-passwd"),
        ("a\x00b\u202ec", "abc"),
        ("CON", "_CON"),
        ("lpt1.txt", "_lpt1.txt"),
        (".hidden", "hidden"),
        ("...", "unnamed"),
        ("", "unnamed"),
        ("é" * 100, "é" * 40),
        ("e\u0301", "é"),
    ],
)
def test_names_keep_letters_and_lose_traps(text: str, name: str) -> None:
    """Letters of every script stay; separators, controls and reserved names do not."""
    assert safe_name(text) == name
