"""Addresses of webhooks: nobody guesses one, and those that are out outlive a new master key."""

from callsheet.kernel.ids import TakeId
from callsheet.takes.tokens import WebhookAddresses

TAKE = TakeId("tk_00000000000000000000")


def test_address_is_good_for_its_take_alone() -> None:
    """Under the master key in force and the one before, and under no other."""
    before = WebhookAddresses(b"before", "https://callsheet.example")
    address = before.address("kie", TAKE)
    assert address is not None
    token = address.partition("token=")[2]
    for addresses, fits in (
        (before, True),
        (WebhookAddresses(b"after", "", b"before"), True),
        (WebhookAddresses(b"after", ""), False),
    ):
        assert addresses.fits("kie", TAKE, token) is fits
        assert not addresses.fits("fal", TAKE, token)
        assert not addresses.fits("kie", f"{TAKE}0", token)
    assert "before" not in repr(WebhookAddresses(b"after", "", b"before"))
