"""Sealed secrets: the right master key alone opens them, each in its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callsheet.accounts.errors import SealBrokenError
from callsheet.accounts.sealing import Sealer

SEALER = Sealer(b"a master key")


@given(st.text(min_size=1), st.text(max_size=50))
def test_what_was_sealed_opens_in_its_place_alone(secret: str, place: str) -> None:
    """The secret comes back there, and nothing at all elsewhere."""
    sealed = SEALER.seal(secret, place)
    assert SEALER.open(sealed, place) == secret
    assert secret.encode() not in sealed or len(secret) < 4
    with pytest.raises(SealBrokenError):
        SEALER.open(sealed, place + "/elsewhere")


def test_another_master_key_opens_nothing() -> None:
    """Nor does a row that was tampered with, or cut."""
    sealed = SEALER.seal("r8_secret", "here")
    with pytest.raises(SealBrokenError, match="CALLSHEET_MASTER_KEY"):
        Sealer(b"another").open(sealed, "here")
    for spoilt in (sealed[:-1], sealed[:40], b"", sealed[:-1] + bytes([sealed[-1] ^ 1])):
        with pytest.raises(SealBrokenError):
            SEALER.open(spoilt, "here")


def test_sealing_twice_gives_two_things() -> None:
    """No pair of key and nonce is used twice, so that nobody sees that two secrets are alike."""
    first, second = (SEALER.seal("r8_secret", "here") for _ in range(2))
    assert first != second
    assert first[13:45] != second[13:45]
