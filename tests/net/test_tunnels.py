"""Calls through an HTTP proxy: secret from end to end, and never in doubt because of it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from tests.net.certificates import Authority, served_by
from tests.net.connect_proxy import ConnectProxy
from tests.net.raw_server import RawServer, body
from tests.net.test_names import ListedResolver
from tests.net.test_sockets import answer, serving

from callsheet.kernel.steady import steady_s
from callsheet.net.fetcher import PublicFetcher
from callsheet.net.sending import Departure
from callsheet.net.transport import SocketTransport
from callsheet.net.trust import trusting
from callsheet.net.tunnels import NotAProxyError, Proxy, TunnelBackend
from callsheet.ports.fetching import ForbiddenAddressError

SECRET = "p%40ss"  # as it stands in an address; the proxy is told "p@ss"
TOLD = b"bWF5YTpwQHNz"  # base64 of maya:p@ss


@asynccontextmanager
async def asking(
    authority: Authority, proxy: ConnectProxy, *, direct: bool = False
) -> AsyncIterator[tuple[httpx2.AsyncClient, str]]:
    """Run a proxy and a server behind it; give a client that goes through, and the address."""
    certificate = authority.certificate("localhost")
    async with serving(proxy.serve) as port, serving(answer, served_by(certificate)) as behind:
        ours = Proxy.read(f"http://maya:{SECRET}@127.0.0.1:{port}")
        backend = TunnelBackend(ours, lambda _: direct)
        transport = SocketTransport(trusting(file=str(authority.file)), 4, backend)
        async with httpx2.AsyncClient(transport=transport, timeout=20, trust_env=False) as http:
            yield http, f"https://localhost:{behind}"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Found an authority."""
    return Authority.make(tmp_path)


async def test_calls_go_through_the_proxy(authority: Authority) -> None:
    """One tunnel for requests that follow each other; of them the proxy sees nothing."""
    proxy = ConnectProxy(password=TOLD)
    async with asking(authority, proxy) as (http, url):
        said = [(await http.post(url, content=b"hush")).text for _ in range(2)]
    assert said == ["1", "2"]
    assert proxy.asked == [url.removeprefix("https://")]
    assert b"hush" not in b"".join(proxy.heads)


async def test_hosts_that_are_excepted_are_called_directly(authority: Authority) -> None:
    """The proxy hears nothing of them."""
    proxy = ConnectProxy()
    async with asking(authority, proxy, direct=True) as (http, url):
        assert (await http.get(url)).text == "1"
    assert proxy.asked == []


ANSWERS = {
    "refused": b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
    "failed": b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 3\r\n\r\nmaya",
    "moved": b"HTTP/1.1 302 Found\r\nLocation: http://login/\r\nContent-Length: 0\r\n\r\n",
    "nonsense": b"<html>log in first</html>\r\n\r\n",
    "half": b"HTTP/1.1 200 Conn",
    "silence": b"",
    "no tunnel": b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 400 Bad Request\r\n\r\n",
}


@pytest.mark.parametrize("said", ANSWERS.values(), ids=ANSWERS)
async def test_proxy_that_gives_no_way(said: bytes, authority: Authority) -> None:
    """Nothing was sent to the other side: it is told as not connected, whatever the proxy did."""
    proxy = ConnectProxy(answer=said)
    async with asking(authority, proxy) as (http, url):
        with pytest.raises(httpx2.ConnectError) as caught:
            await http.post(url, content=b"an order")
    shown = "".join(map(str, (caught.value, caught.value.__cause__)))
    assert "maya" not in shown
    assert SECRET not in shown


async def test_proxy_that_wants_another_password(authority: Authority) -> None:
    """Its status is told, and neither our name nor our password."""
    proxy = ConnectProxy(password=b"another")
    async with asking(authority, proxy) as (http, url):
        with pytest.raises(httpx2.ConnectError, match=r"proxy 127\.0\.0\.1:\d+ refuses .*\(407\)"):
            await http.post(url, content=b"an order")
    assert SECRET not in repr(Proxy.read(f"http://maya:{SECRET}@127.0.0.1:1"))


async def test_outputs_come_through_the_proxy(authority: Authority) -> None:
    """It resolves their names; an address that is spelt as a private one is still refused."""
    proxy = ConnectProxy(hosts={"pictures.example": "127.0.0.1"})
    tls = served_by(authority.certificate("pictures.example"))
    async with serving(proxy.serve) as port, RawServer(body(b"pixels"), tls=tls) as server:
        place = f"pictures.example:{server.port}"
        fetcher = PublicFetcher(
            allow_hosts=frozenset({place}),
            tls=trusting(file=str(authority.file)),
            proxy=Proxy("127.0.0.1", port),
        )
        fetched = await fetcher.fetch(f"https://{place}/a.png", max_bytes=9, timeout_s=20)
        assert fetched.content == b"pixels"
        for private in ("https://10.0.0.1/a", "https://[::1]/a", "http://localhost/a"):
            with pytest.raises(ForbiddenAddressError):
                await fetcher.fetch(private, max_bytes=9, timeout_s=20)
        await fetcher.close()
    assert proxy.asked == [place]


async def test_excepted_places_are_judged_by_what_they_resolve_to() -> None:
    """What goes by the proxy is as safe as without one."""
    proxy = Proxy("127.0.0.1", 9)
    fetcher = PublicFetcher(
        resolver=ListedResolver(["127.0.0.1"]), proxy=proxy, direct=lambda _: True
    )
    with pytest.raises(ForbiddenAddressError, match="resolves to"):
        await fetcher.fetch("https://pictures.example/a.png", max_bytes=9, timeout_s=20)
    await fetcher.close()


async def test_proxy_that_is_silent_or_away(authority: Authority) -> None:
    """A time limit of the connection holds for the tunnel too."""

    async def say_nothing(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    trusted = trusting(file=str(authority.file))
    async with serving(say_nothing) as port:
        backend = TunnelBackend(Proxy("127.0.0.1", port), lambda _: False)
        async with httpx2.AsyncClient(transport=SocketTransport(trusted, 4, backend)) as http:
            began = time.monotonic()
            limits = httpx2.Timeout(60, connect=0.3)
            with pytest.raises(httpx2.ConnectTimeout, match="gave no way in time"):
                await http.post("https://localhost:1", timeout=limits)
            assert time.monotonic() - began < 20
    backend = TunnelBackend(Proxy("127.0.0.1", port), lambda _: False)
    async with httpx2.AsyncClient(transport=SocketTransport(trusted, 4, backend)) as http:
        with pytest.raises(httpx2.ConnectError, match="is not reached"):
            await http.post("https://localhost:1")


async def test_time_limit_of_an_order_is_not_for_the_proxy(authority: Authority) -> None:
    """What must not be sent late is judged when it leaves, and not when the way is asked for."""
    proxy = ConnectProxy()
    async with asking(authority, proxy) as (http, url):
        until = steady_s() + 60
        told = await http.post(url, content=b"", extensions=Departure(until).extensions)
    assert told.text == "1"


@pytest.mark.parametrize(
    "address",
    [
        "https://maya:hush@proxy:3128",
        "socks5://maya:hush@proxy:1080",
        "http://maya:hush@",
        "http://[x",
    ],
)
def test_addresses_that_are_no_proxy(address: str) -> None:
    """They are refused without being repeated."""
    with pytest.raises(NotAProxyError) as caught:
        Proxy.read(address)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("http://proxy:3128", "proxy:3128"),
        ("proxy:3128", "proxy:3128"),
        ("http://[::1]:3128/", "[::1]:3128"),
        ("http://proxy", "proxy:80"),
    ],
)
def test_addresses_of_proxies(address: str, place: str) -> None:
    """As people write them."""
    assert Proxy.read(address).place == place
