"""Keys and prefixes, beyond what the contract of all stores tries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callsheet.blobs.names import checked_key, checked_prefix
from callsheet.ports.blobs import InvalidKeyError

PRINTABLE = st.characters(min_codepoint=0x20, max_codepoint=0x7E)


def usable(key: str) -> bool:
    """Tell whether a key is taken."""
    try:
        checked_key(key)
    except InvalidKeyError:
        return False
    return True


@given(st.text(st.characters(), max_size=40) | st.text("ab./\\ ", max_size=12))
def test_usable_keys_stay_inside(key: str) -> None:
    """Whatever is taken as a key is ASCII, relative, and has no segment that a disk gives sense."""
    if usable(key):
        assert key.isascii()
        assert key.isprintable()
        assert "\\" not in key
        for segment in key.split("/"):
            assert segment.strip(". ") == segment != ""


@given(st.text(PRINTABLE, max_size=40) | st.text("ab. /", max_size=12), st.integers(0, 40))
def test_every_cut_of_a_key_is_a_prefix(key: str, cut: int) -> None:
    """A usable key may be looked for by any part of its beginning."""
    if usable(key):
        prefix = key[:cut]
        assert checked_prefix(prefix) == prefix


@pytest.mark.parametrize("prefix", ["/", "..", "../", "a//", "a/../b", ".tmp", "a/.x/", "ü", "\\"])
def test_prefixes_out_of_form_are_refused(prefix: str) -> None:
    """A prefix that no key begins with is refused, so that no folder of another is walked."""
    with pytest.raises(InvalidKeyError):
        checked_prefix(prefix)
