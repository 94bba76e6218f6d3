"""Wires the hosted providers: address, key, limits."""

from dataclasses import replace

import httpx2

from callsheet.ports.hosted import Pace
from callsheet.providers.replicate import PACE, Replicate
from callsheet.settings import ProviderSettings, Settings


def hosted_replicate(settings: Settings, http: httpx2.AsyncClient) -> Replicate:
    """Wire Replicate with its key and its limits."""
    ours = settings.provider.get(Replicate.name, ProviderSettings())
    given = ours.model_dump(include=set(Pace.__dataclass_fields__), exclude_none=True)
    return Replicate(
        http,
        key=ours.key.get_secret_value(),
        settles_s=ours.settles_s,
        pace=replace(PACE, **given),
    )


def provider_http(settings: Settings, name: str, url: str) -> httpx2.AsyncClient:
    """Make a provider's HTTP client: its address, its key, bounded everything."""
    ours = settings.provider.get(name, ProviderSettings())
    key = ours.key.get_secret_value()
    return httpx2.AsyncClient(
        base_url=ours.base_url or url,
        headers={"Authorization": f"Bearer {key}"} if key else {},
        timeout=httpx2.Timeout(ours.settles_s / 2, connect=min(5.0, ours.settles_s / 4)),
        limits=httpx2.Limits(max_connections=100, max_keepalive_connections=100),
        follow_redirects=False,
        trust_env=False,
    )


def own_hosts(settings: Settings) -> frozenset[str]:
    """Name the hosts that the operator set as providers' addresses: outputs may lie there."""
    urls = [httpx2.URL(each.base_url) for each in settings.provider.values() if each.base_url]
    return frozenset(
        f"{url.host}:{url.port or (443 if url.scheme == 'https' else 80)}" for url in urls
    )
