"""Outputs are fetched with a provider's key from its own place alone, which is nobody else's."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from callsheet.ports.fetching import ForbiddenAddressError
from callsheet.ports.keys import ProviderKey
from callsheet.providers.defaults import HostedDefaults
from callsheet.settings import ProviderSettings, read_settings
from callsheet.wiring import Callsheet
from callsheet.wiring.build import build
from callsheet.wiring.providers import adapters
from tests.contracts.answering import KEYS, SECRET, Said, Service, answering
from tests.contracts.providers import PROVIDERS

SHOWING = [
    name
    for name in PROVIDERS
    if adapters()[name].download_headers is not HostedDefaults.download_headers
]
FILE = "/v1/files/output"


@pytest.fixture
async def private() -> AsyncIterator[Service]:
    """Serve pictures within the private network."""
    async with answering(Said(200, b"pixels")) as service:
        yield service


async def built(tmp_path: Path, **addresses: str) -> Callsheet:
    """Wire everything as a server does, with addresses that an operator set for providers."""
    own = {name: ProviderSettings(base_url=url) for name, url in addresses.items()}
    return await build(read_settings(data_dir=tmp_path, provider=own))


async def downloaded(cs: Callsheet, name: str, url: str) -> bytes:
    """Fetch an output of a provider, with what the provider wants to see."""
    key = ProviderKey(KEYS.get(name, SECRET))
    headers = cs.line.providers.hosted[name].download_headers(url, key)
    async with cs.line.providers.downloader.download(
        url, provider=name, max_bytes=1_000, timeout_s=60, headers=headers
    ) as download:
        return b"".join([block async for block in download.blocks])


@pytest.mark.parametrize("name", PROVIDERS)
async def test_operators_address_is_for_the_outputs_of_its_provider_alone(
    tmp_path: Path, private: Service, name: str
) -> None:
    """They are fetched there; a user's reference and another provider's outputs are refused."""
    cs = await built(tmp_path, **{name: private.url})
    other = "fal" if name != "fal" else "replicate"
    url = f"{private.url}/output.png"
    assert await downloaded(cs, name, url) == b"pixels"
    count = len(private.heads)
    with pytest.raises(ForbiddenAddressError):
        await cs.fetcher.fetch(url, max_bytes=1_000, timeout_s=60)
    with pytest.raises(ForbiddenAddressError):
        await downloaded(cs, other, url)
    assert len(private.heads) == count
    await cs.close()


def test_someone_shows_a_key() -> None:
    """The tests below are about somebody."""
    assert {"replicate", "gemini_interactions"} <= set(SHOWING)


@pytest.mark.parametrize("name", SHOWING)
async def test_key_is_not_sent_on_after_a_redirect(
    tmp_path: Path, private: Service, name: str
) -> None:
    """The provider's own place sees it, and the place to which that redirects does not."""
    away = Said(302, b"", {"Location": f"{private.url}/elsewhere"})
    async with answering(away) as service:
        cs = await built(tmp_path, **{name: service.url, "comfyui": private.url})
        with pytest.raises(ForbiddenAddressError):
            await downloaded(cs, name, f"{service.url}{FILE}")
        assert SECRET in service.heads[0]
        await cs.close()
        place = private.url.removeprefix("http://")
        own = {name: ProviderSettings(base_url=service.url)}
        cs = await build(read_settings(data_dir=tmp_path, provider=own, fetch_allow=(place,)))
        assert await downloaded(cs, name, f"{service.url}{FILE}") == b"pixels"
        await cs.close()
    assert len(private.heads) == 1
    assert SECRET not in private.heads[0]


@pytest.mark.parametrize("name", SHOWING)
async def test_key_is_for_one_scheme_host_and_port(tmp_path: Path, name: str) -> None:
    """Whatever looks like the provider's place and is another gets nothing."""
    cs = await built(tmp_path, **{name: "http://files.example:8080"})
    key = ProviderKey(SECRET)
    own = cs.line.providers.hosted[name].download_headers(f"http://FILES.example:8080{FILE}", key)
    assert SECRET in " ".join(own.values())
    for origin in (
        "https://files.example:8080",
        "http://files.example",
        "http://files.example:80",
        "http://files.example:8081",
        "http://files.example:8080@evil.example",
        "http://evil.example:8080",
        "http://evil.files.example:8080",
        "http://files.example.evil:8080",
        "//files.example:8080",
        "",
    ):
        assert cs.line.providers.hosted[name].download_headers(f"{origin}{FILE}", key) == {}, origin
    for path in ("/x?file=/v1/files/output", "/x#/v1/files/output"):
        url = f"http://files.example:8080{path}"
        assert cs.line.providers.hosted[name].download_headers(url, key) == {}, url
    standard = await built(tmp_path, **{name: "https://files.example"})
    for origin in ("https://files.example", "https://files.example:443"):
        assert standard.line.providers.hosted[name].download_headers(f"{origin}{FILE}", key), origin
    await standard.close()
    await cs.close()
