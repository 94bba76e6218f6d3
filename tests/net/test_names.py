"""Names: who looks them up, what they may resolve to, and whose certificate counts."""

import ssl
from collections.abc import AsyncIterator, Sequence
from ipaddress import ip_address
from pathlib import Path

import pytest
from tests.net.certificates import certify
from tests.net.raw_server import RawServer, any_loopback, body, redirect

from callsheet.net.addresses import IPAddress
from callsheet.net.fetcher import PublicFetcher
from callsheet.net.resolving import NameNotFoundError, SystemResolver
from callsheet.ports.fetching import (
    FetchError,
    FetchUnreachableError,
    FetchUntrustedError,
    ForbiddenAddressError,
)

NAME = "pictures.example"
# Public by every rule, and in a part of IPv6 that nobody has been given: contacting it is harmless.
NOBODYS = "2d00::1"


class ListedResolver:
    """Answers look-ups from a list, one entry after the other, and the last one for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = [[ip_address(text) for text in answer] for answer in answers]
        self.asked: list[str] = []

    async def resolve(self, host: str, port: int) -> Sequence[IPAddress]:
        answer = self._answers[min(len(self.asked), len(self._answers) - 1)]
        self.asked.append(f"{host}:{port}")
        return answer

    def close(self) -> None:
        """Hold nothing."""


@pytest.fixture
async def victim() -> AsyncIterator[RawServer]:
    """Run a server in the private network, on a port that is open for public hosts."""
    async with RawServer(body(b"secret"), host=any_loopback(), port=8080) as server:
        yield server


async def ask(resolver: ListedResolver, timeout_s: float = 20) -> None:
    fetcher = PublicFetcher(resolver=resolver)
    try:
        await fetcher.fetch(f"http://{NAME}:8080/a.png", max_bytes=1_000, timeout_s=timeout_s)
    finally:
        await fetcher.close()


@pytest.mark.parametrize(
    "others", [[], [NOBODYS], ["93.184.216.34", NOBODYS]], ids=["alone", "second", "last"]
)
async def test_name_with_a_private_address_is_refused(others: list[str], victim: RawServer) -> None:
    """One private address among a name's addresses is enough to contact none of them."""
    with pytest.raises(ForbiddenAddressError, match=f"resolves to {victim.host}"):
        await ask(ListedResolver([*others, victim.host]))
    assert victim.connections == 0


async def test_name_that_changes_its_mind_reaches_nobody(victim: RawServer) -> None:
    """The address that was checked is the one contacted; a second look-up never happens."""
    resolver = ListedResolver([NOBODYS], [victim.host])

    with pytest.raises(FetchError) as caught:
        await ask(resolver, timeout_s=1)
    assert not isinstance(caught.value, ForbiddenAddressError)
    assert resolver.asked == [f"{NAME}:8080"]

    with pytest.raises(ForbiddenAddressError):
        await ask(resolver)
    assert victim.connections == 0


async def test_name_without_address_may_be_tried_again() -> None:
    """A name that resolves to nothing is unreachable, for now."""
    with pytest.raises(FetchUnreachableError, match="no address"):
        await ask(ListedResolver([]))


async def test_system_resolver_knows_this_machine() -> None:
    """The system's resolver finds localhost, on loopback."""
    resolver = SystemResolver()
    addresses = await resolver.resolve("localhost", 80)
    resolver.close()

    assert addresses
    assert all(address.is_loopback for address in addresses)


async def test_system_resolver_refuses_an_unknown_name() -> None:
    """A name that cannot exist is not found."""
    resolver = SystemResolver()
    with pytest.raises(NameNotFoundError):
        await resolver.resolve("nowhere.invalid", 80)
    resolver.close()


async def test_vouched_name_is_resolved_and_contacted_by_number() -> None:
    """A name on the allow list may stand for any address; the Host header keeps the name."""
    async with RawServer(body(b"pixels")) as server:
        place = f"{NAME}:{server.port}"
        # Nobody listens at the first address; the second is tried.
        resolver = ListedResolver(["127.0.0.3", "127.0.0.1"])
        fetcher = PublicFetcher(allow_hosts=frozenset({place}), resolver=resolver)
        fetched = await fetcher.fetch(f"http://{place}/a.png", max_bytes=9, timeout_s=20)
        await fetcher.close()

    assert fetched.content == b"pixels"
    assert f"Host: {place}\r\n".encode() in server.requests[0]


async def fetch_securely(server: RawServer, tls: ssl.SSLContext | None) -> bytes:
    place = f"{NAME}:{server.port}"
    fetcher = PublicFetcher(
        allow_hosts=frozenset({place}), resolver=ListedResolver(["127.0.0.1"]), tls=tls
    )
    try:
        fetched = await fetcher.fetch(f"https://{place}/a.png", max_bytes=9, timeout_s=20)
    finally:
        await fetcher.close()
    return fetched.content


async def test_certificate_is_checked_against_the_name(tmp_path: Path) -> None:
    """The connection goes by number, the certificate is verified for the name."""
    serving, trusting = certify(tmp_path, NAME)
    async with RawServer(body(b"pixels"), tls=serving) as server:
        assert await fetch_securely(server, trusting) == b"pixels"


async def test_certificate_of_another_name_is_refused(tmp_path: Path) -> None:
    """A trusted certificate for another name does not serve this one."""
    serving, trusting = certify(tmp_path, "other.example")
    async with RawServer(body(b"pixels"), tls=serving) as server:
        with pytest.raises(
            FetchUntrustedError, match=r"does not hold.*ismatch.*the address is wrong"
        ):
            await fetch_securely(server, trusting)
    assert server.requests == []


async def test_unknown_authority_is_refused(tmp_path: Path) -> None:
    """Without the operator's own authority the system's decide, and they do not know it."""
    serving, _ = certify(tmp_path, NAME)
    async with RawServer(body(b"pixels"), tls=serving) as server:
        with pytest.raises(FetchUntrustedError, match=r"does not hold.*CALLSHEET_CA_FILE"):
            await fetch_securely(server, None)
    assert server.requests == []


async def test_redirect_from_https_to_http_is_refused(tmp_path: Path) -> None:
    """A secure address does not lead to an insecure one."""
    serving, trusting = certify(tmp_path, NAME)
    async with RawServer(redirect("http://93.184.216.34/a.png"), tls=serving) as server:
        with pytest.raises(ForbiddenAddressError, match="from https to http"):
            await fetch_securely(server, trusting)
