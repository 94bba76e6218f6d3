"""What is refused by its spelling alone, and which addresses count as public."""

from ipaddress import ip_address

import pytest

from callsheet.net.addresses import is_public
from callsheet.net.targets import read_target
from callsheet.ports.fetching import ForbiddenAddressError

NOBODY: frozenset[str] = frozenset()

FORBIDDEN = [
    "http://2130706433/",
    "http://0x7f.1/",
    "http://0x7f000001/",
    "http://127.1/",
    "http://0/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://127.0.0.1/",
    "http://0.0.0.0/",
    "http://10.1.2.3/",
    "http://172.31.255.1/",
    "http://192.168.1.1/",
    "http://100.100.100.200/latest/meta-data/",
    "http://169.254.169.254/latest/meta-data/",
    "http://168.63.129.16/",
    "http://192.0.0.192/opc/v2/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://[::]/",
    "http://[::1]/",
    "http://[::127.0.0.1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:5db8:d822]/",
    "http://[fe80::1%25eth0]/",
    "http://[fd00:ec2::254]/",
    "http://[ff02::1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:0:7f00:1::1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b:1::5db8:d822]/",
    "http://[2001:db8::1]/",
    "http://localhost/",
    "http://LOCALHOST/",
    "http://localhost./",
    "http://pictures.localhost/",
    "http://pictures.example./",
    "http://intranet/",
    "http://printer.local/",
    "http://metadata.google.internal/",
    "http://nas.home.arpa/",
    "http://１２７.０.０.１/",  # noqa: RUF001 - full-width digits are the point
    "http://127。0。0。1/",
    "http://①②⑦.⓪.⓪.①/",
    "http://%31%32%37.0.0.1/",
    "http://pictures..example/",
    "http://-pictures.example/",
    "http://pictures.example:22/",
    "http://pictures.example:0/",
    "http://pictures.example:6379/",
    "http://pictures.example:99999/",
    "http://pictures.example\\@127.0.0.1/",
    "http://user@pictures.example/",
    "http://user:word@pictures.example/",
    "http://pictures.example/\r\nX-Injected: 1",
    "file:///etc/passwd",
    "gopher://pictures.example/",
    "ftp://pictures.example/a.png",
    "data:image/png;base64,AAAA",
    "//pictures.example/a.png",
    "pictures.example/a.png",
    "http://",
    "http:///a.png",
    "",
    "http://pictures.example/" + "a" * 9_000,
]


@pytest.mark.parametrize("url", FORBIDDEN)
def test_address_that_may_not_be_fetched_is_refused(url: str) -> None:
    """Private, disguised, malformed and non-web addresses are refused by their spelling."""
    with pytest.raises(ForbiddenAddressError):
        read_target(url, NOBODY)


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("HTTP://Pictures.Example/a b.png#top", "http://pictures.example/a%20b.png"),
        ("https://bücher.example/ü.png", "https://xn--bcher-kva.example/%C3%BC.png"),
        ("https://pictures.example:8443/a?b=c%20d", "https://pictures.example:8443/a?b=c%20d"),
        ("http://93.184.216.34:80/", "http://93.184.216.34/"),
        ("https://[2606:4700::1111]/", "https://[2606:4700::1111]/"),
    ],
)
def test_public_address_gets_one_canonical_spelling(url: str, canonical: str) -> None:
    """A public address passes and is asked for in its canonical spelling."""
    assert str(read_target(url, NOBODY).url) == canonical


def test_allow_list_lets_exactly_one_host_and_port_through() -> None:
    """An entry opens its own host and port and no other."""
    allowed = frozenset({"127.0.0.1:18001", "[::1]:18001"})

    assert read_target("http://127.0.0.1:18001/a", allowed).vouched
    assert read_target("http://[::1]:18001/a", allowed).vouched
    with pytest.raises(ForbiddenAddressError):
        read_target("http://127.0.0.1:18002/a", allowed)
    with pytest.raises(ForbiddenAddressError):
        read_target("http://127.0.0.2:18001/a", allowed)


def test_refusal_does_not_repeat_a_password() -> None:
    """The message for an address with a password leaves the password out."""
    with pytest.raises(ForbiddenAddressError) as caught:
        read_target("http://user:hunter2@pictures.example/", NOBODY)

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "1.1.1.1", "2606:4700::1111", "2a00:1450::1", "64:ff9b::5db8:d822"]
)
def test_public_hosts_are_public(address: str) -> None:
    """Ordinary public addresses, and NAT64 forms of them, may be contacted."""
    assert is_public(ip_address(address))
