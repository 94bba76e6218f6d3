"""Certificates that do not hold: named, nothing ordered, nothing lost; and a whole run by https."""

import asyncio
import io
import json
import socket
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from PIL import Image
from tests.contracts.providers import Bench, bench_of, wired
from tests.net.certificates import Authority, self_signed, served_by
from tests.net.connect_proxy import ConnectProxy
from tests.net.raw_server import RawServer, body
from tests.net.test_sockets import serving
from tests.support.hosted import Simulator, check_money, simulating
from tests.support.processes import Place

from callsheet.kernel.errors import NextStep
from callsheet.net.fetcher import PublicFetcher
from callsheet.net.transport import SocketTransport
from callsheet.net.trust import trusting
from callsheet.net.tunnels import Proxy, TunnelBackend
from callsheet.ports.fetching import FetchUntrustedError
from callsheet.ports.hosted import NotReachedError, UntrustedError
from callsheet.wiring.providers import adapters

SHEET = "prompt,variants,model,size\na red mug on oak,2,replicate/flux-schnell,256x256\n"
FAULTS = {
    "expired": ("certificate has expired", "must renew it"),
    "of nobody we know": ("unable to get local issuer certificate", "CALLSHEET_CA_FILE"),
    "of its own making": ("self-signed certificate", "CALLSHEET_CA_FILE"),
    "of another name": ("ostname mismatch", "the address is wrong"),
}


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Found an authority that is trusted."""
    return Authority.make(tmp_path)


def faulty(fault: str, authority: Authority) -> Path:
    """Make a certificate for localhost that does not hold."""
    match fault:
        case "expired":
            return authority.certificate("localhost", ended=True)
        case "of another name":
            return authority.certificate("elsewhere.example")
        case "of its own making":
            return self_signed(authority.folder, "localhost")
    elsewhere = authority.folder / "elsewhere"
    elsewhere.mkdir()
    return Authority.make(elsewhere).certificate("localhost")


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """Word orders for a provider."""
    async with bench_of("replicate") as made:
        yield made


@pytest.mark.parametrize("fault", FAULTS)
async def test_provider_whose_certificate_does_not_hold_is_asked_nothing(
    fault: str, authority: Authority, bench: Bench
) -> None:
    """The order waits, and the reason says which host, why, and what to do; no key was sent."""
    transport = SocketTransport(trusting(file=str(authority.file)), 4)
    tls = served_by(faulty(fault, authority))
    async with RawServer(body(b"{}"), tls=tls) as server:
        url = f"https://localhost:{server.port}"
        async with httpx2.AsyncClient(base_url=url, transport=transport) as http:
            provider = wired(adapters()["replicate"], http)
            for call in (
                provider.submit(await bench.order()),
                provider.poll("ticket", bench.key),
                provider.check_key(bench.key),
            ):
                with pytest.raises(UntrustedError) as caught:
                    await call
                for words in ("the certificate of localhost does not hold", *FAULTS[fault]):
                    assert words in str(caught.value)
                assert caught.value.next_step is NextStep.WAIT
                assert bench.key.secret not in str(caught.value)
        assert server.requests == []


async def test_proxy_that_refuses_leaves_nothing_in_doubt(
    authority: Authority, bench: Bench
) -> None:
    """The order waits as for a provider that is not reached; why is told, and no password."""
    proxy = ConnectProxy(password=b"another")
    async with serving(proxy.serve) as port:
        ours = Proxy.read(f"http://maya:hush@127.0.0.1:{port}")
        backend = TunnelBackend(ours, lambda _: False)
        transport = SocketTransport(trusting(file=str(authority.file)), 4, backend)
        async with httpx2.AsyncClient(base_url="https://localhost:1", transport=transport) as http:
            provider = wired(adapters()["replicate"], http)
            with pytest.raises(NotReachedError) as caught:
                await provider.submit(await bench.order())
    assert f"the proxy 127.0.0.1:{port} refuses the way to localhost:1 (407)" in str(caught.value)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("fault", FAULTS)
async def test_download_whose_certificate_does_not_hold_is_tried_again(
    fault: str, authority: Authority
) -> None:
    """Outputs and references alike: as where nothing answers, so what was paid for is not lost."""
    tls = served_by(faulty(fault, authority))
    async with RawServer(body(b"pixels"), tls=tls) as server:
        place = f"localhost:{server.port}"
        fetcher = PublicFetcher(
            allow_hosts=frozenset({place}), tls=trusting(file=str(authority.file))
        )
        url = f"https://{place}/a.png"
        with pytest.raises(FetchUntrustedError) as caught:
            await fetcher.fetch(url, max_bytes=9, timeout_s=20)
        with pytest.raises(FetchUntrustedError):
            async with fetcher.download(url, max_bytes=9, timeout_s=20, headers={}):
                pass
        await fetcher.close()
        for words in ("the certificate of localhost does not hold", *FAULTS[fault]):
            assert words in str(caught.value)
        assert caught.value.retry
        assert server.requests == []


def settings_of(sim: Simulator, host: str = "localhost", **more: str) -> dict[str, str]:
    """Give the settings with which callsheet takes a simulator at https for Replicate."""
    url = f"https://{host}:{sim.port}"
    return sim.settings(CALLSHEET_PROVIDER_REPLICATE_BASE_URL=url, **more)


async def test_live_run_over_https_and_through_a_proxy(
    tmp_path: Path, authority: Authority
) -> None:
    """Orders and outputs go through the proxy, a user's reference does not; all is paid once."""
    certificate = authority.certificate("localhost", "provider.example")
    picture = io.BytesIO()
    Image.new("RGB", (300, 300), "teal").save(picture, "PNG")
    server = RawServer(body(picture.getvalue()), tls=served_by(certificate))
    proxy = ConnectProxy(hosts={"provider.example": "127.0.0.1"})
    with simulating(tmp_path, "--certificate", str(certificate), trusted=authority.file) as sim:
        async with serving(proxy.serve) as port, server:
            place_of_picture = f"localhost:{server.port}"
            (tmp_path / "mugs.csv").write_text(
                "prompt,variants,model,image_size,references\n"
                f"the mug,2,replicate/flux-kontext-pro,,https://{place_of_picture}/a.png|product\n"
            )
            settings = settings_of(
                sim,
                "provider.example",
                CALLSHEET_FETCH_ALLOW=json.dumps([place_of_picture]),
                SSL_CERT_FILE=str(authority.file),
                CALLSHEET_HTTPS_PROXY="environment",
                HTTPS_PROXY=f"http://maya:hush@127.0.0.1:{port}",
                NO_PROXY="",
            )
            place = Place(tmp_path, f"sqlite:///{tmp_path}/callsheet.db", settings)
            ran = await asyncio.to_thread(
                place.run, "run", "mugs.csv", "--live", "--yes", "--out", "out"
            )
        assert ran.returncode == 0, ran.stderr
        assert len(list((tmp_path / "out").glob("*_v?.*"))) == 2
        check_money(place, sim, 2)
    assert set(proxy.asked) == {f"provider.example:{sim.port}"}
    assert len(server.requests) == 1
    assert "hush" not in ran.stdout + ran.stderr


def test_proxy_of_the_environment_is_not_used_unasked(tmp_path: Path, authority: Authority) -> None:
    """Nor any other: only our own setting says so."""
    certificate = authority.certificate("localhost")
    (tmp_path / "mugs.csv").write_text(SHEET)
    with socket.create_server(("127.0.0.1", 0)) as unused:
        proxy = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with simulating(tmp_path, "--certificate", str(certificate), trusted=authority.file) as sim:
            settings = settings_of(
                sim,
                CALLSHEET_CA_FILE=str(authority.file),
                HTTPS_PROXY=proxy,
                https_proxy=proxy,
                ALL_PROXY=proxy,
            )
            place = Place(tmp_path, f"sqlite:///{tmp_path}/callsheet.db", settings)
            ran = place.run("run", "mugs.csv", "--live", "--yes", "--out", "out")
            assert ran.returncode == 0, ran.stderr
        unused.setblocking(False)
        with pytest.raises(BlockingIOError):
            unused.accept()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CALLSHEET_CA_FILE", "/nowhere/authority.pem"),
        ("SSL_CERT_FILE", "/nowhere/authority.pem"),
        ("CALLSHEET_HTTPS_PROXY", "socks5://maya:hush@proxy:1080"),
    ],
)
def test_start_with_what_cannot_be_used_is_one_line(tmp_path: Path, name: str, value: str) -> None:
    """It names the setting, and no password."""
    place = Place(tmp_path, f"sqlite:///{tmp_path}/callsheet.db", {name: value})
    for command in (("up", "--port", "0"), ("jobs", "list")):
        ended: subprocess.CompletedProcess[str] = place.run(*command)
        assert ended.returncode == 1
        assert f"{name}:" in ended.stderr or f"{name} or" in ended.stderr
        assert len(ended.stderr.strip().splitlines()) == 1, ended.stderr
        assert "hush" not in ended.stderr
