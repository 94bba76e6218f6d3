"""Who sits at this machine: told by both ends of a connection, whatever kind it is."""

import pytest

from callsheet.accounts.access import Call
from callsheet.accounts.errors import UnauthorizedError

HERE = ("127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1")
ELSEWHERE = ("0.0.0.0", "::", "10.1.1.1", "::ffff:10.1.1.1", "fe80::1%eth0", "", "/run/x.sock")  # noqa: S104  # none is bound


def call(bound: str, peer: str) -> Call:
    """Word a request that says nothing wrong."""
    return Call(bound, peer, "GET", "1.1", [("host", "localhost")])


@pytest.mark.parametrize("here", HERE)
@pytest.mark.parametrize("elsewhere", ELSEWHERE)
def test_both_ends_must_be_this_machine(here: str, elsewhere: str) -> None:
    """A server bound elsewhere, a peer elsewhere, and a Unix socket's nobody all need a key."""
    call(here, here).prove_local()
    for bound, peer in ((here, elsewhere), (elsewhere, here), (elsewhere, elsewhere)):
        with pytest.raises(UnauthorizedError):
            call(bound, peer).prove_local()
