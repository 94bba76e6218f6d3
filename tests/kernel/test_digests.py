"""Equal values have one spelling and one digest."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callsheet.kernel.digests import canonical_json, digest_of, is_sha256, sha256_of

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT
FINITE = SCALARS.filter(lambda value: value not in (float("inf"), float("-inf")))
VALUES = st.recursive(
    FINITE, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4)
)
OBJECTS = st.dictionaries(TEXT, VALUES, max_size=6)


@given(OBJECTS, st.randoms())
def test_order_of_keys_makes_no_difference(value: dict[str, Any], shuffle: Any) -> None:
    """An object written in any order has the same bytes and the same digest."""
    pairs = list(value.items())
    shuffle.shuffle(pairs)
    assert canonical_json(dict(pairs)) == canonical_json(value)
    assert digest_of(dict(pairs)) == digest_of(value)


@given(VALUES)
def test_reading_it_back_gives_the_same_spelling(value: Any) -> None:
    """Canonical JSON is JSON; read and written again it does not change."""
    written = canonical_json(value)
    assert canonical_json(json.loads(written)) == written


@given(OBJECTS, OBJECTS)
def test_different_values_have_different_digests(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    """Two digests agree exactly when the spellings do."""
    assert (digest_of(one) == digest_of(other)) == (canonical_json(one) == canonical_json(other))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_json_has_not_are_refused(value: float) -> None:
    """NaN and infinity have no spelling, so they have no digest either."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        digest_of({"x": value})


@given(st.binary(max_size=100))
def test_digests_are_those_of_everybody(content: bytes) -> None:
    """Our digest is SHA-256 in lower-case hexadecimal, and is known as one."""
    digest = sha256_of(content)
    assert digest == hashlib.sha256(content).hexdigest()
    assert is_sha256(digest)
    assert not is_sha256(digest.upper()) or digest.isdigit()
    assert not is_sha256(digest[:-1])
    assert not is_sha256(digest + "\n")
