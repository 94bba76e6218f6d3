"""Wires the hosted providers: the folder is the list; address, limits, and keys from outside."""

import importlib
import pkgutil
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final, cast

import httpx2

import callsheet.providers
from callsheet.kernel.environment import nearest
from callsheet.kernel.errors import FieldError
from callsheet.net.fetcher import PublicFetcher
from callsheet.net.outputs import OutputFetcher
from callsheet.net.targets import host_and_port
from callsheet.net.transport import SocketTransport
from callsheet.net.trust import trusting
from callsheet.net.tunnels import NotAProxyError, Proxy, TunnelBackend
from callsheet.ports.hosted import HostedProvider, Pace
from callsheet.ports.keys import ProviderKey, trimmed
from callsheet.providers.defaults import HostedDefaults
from callsheet.settings import (
    ProviderSettings,
    Settings,
    SettingsError,
    outside_key,
    outside_proxy,
    passes_proxy_by,
)

Adapter = type[HostedDefaults]
_CONNECTIONS: Final = 256  # to one provider: all orders and looks that may be on their way


def adapters() -> Mapping[str, Adapter]:
    """Find the adapters of hosted providers, by name."""
    return {each.name: each for each in sorted(_found(), key=lambda each: each.name)}


def _found() -> Iterator[Adapter]:
    folder = callsheet.providers
    for info in pkgutil.iter_modules(folder.__path__):
        module = importlib.import_module(f"{folder.__name__}.{info.name}")
        for value in vars(module).values():
            own = isinstance(value, type) and value.__module__ == module.__name__
            if own and issubclass(value, HostedDefaults) and value is not HostedDefaults:
                yield value


def hosted(settings: Settings, http: Mapping[str, httpx2.AsyncClient]) -> dict[str, HostedProvider]:
    """Wire every provider with its address and its limits."""
    return {name: _wired(settings, each, http[name]) for name, each in adapters().items()}


def _wired(settings: Settings, adapter: Adapter, http: httpx2.AsyncClient) -> HostedProvider:
    ours = settings.provider.get(adapter.name, ProviderSettings())
    given = ours.model_dump(include=set(Pace.__dataclass_fields__), exclude_none=True)
    make = cast("type[HostedProvider]", adapter)
    return make(  # type: ignore[call-arg]  # a protocol says nothing of how its objects are made
        http, settles_s=ours.settles_s or adapter.SETTLES_S, pace=replace(adapter.PACE, **given)
    )


def trusted_authorities(settings: Settings) -> ssl.SSLContext:
    """Make the client's side of TLS for all that we call. Raises UnusableCertificatesError."""
    return trusting(file=settings.ca_file, bundle=settings.ca_bundle, folders=settings.ca_dir)


def provider_http(settings: Settings, trusted: ssl.SSLContext) -> dict[str, httpx2.AsyncClient]:
    """Make each provider's HTTP client: one pool, its address, bounded everything, no key.

    `trusted` is one for all: each costs 20 ms at start. Raises SettingsError.
    """
    _refuse_unknown(settings)
    proxy = _proxy(settings)
    tunnels = TunnelBackend(proxy, passes_proxy_by) if proxy else None
    return {name: _client(settings, each, trusted, tunnels) for name, each in adapters().items()}


def output_fetcher(settings: Settings, trusted: ssl.SSLContext) -> OutputFetcher:
    """Make what brings outputs home, by the way by which providers are asked.

    An address that the operator set is vouched for this provider alone. No user's reference and no
    other provider's output leads there. Raises SettingsError.
    """
    allowed = frozenset(settings.fetch_allow)
    proxy = _proxy(settings)

    def fetcher(*places: str) -> PublicFetcher:
        hosts = allowed.union(places)
        return PublicFetcher(allow_hosts=hosts, tls=trusted, proxy=proxy, direct=passes_proxy_by)

    own = {name: httpx2.URL(_address(settings, each)) for name, each in adapters().items()}
    return OutputFetcher(
        fetcher(),
        {
            name: fetcher(_place(url))
            for name, url in own.items()
            if str(url) != adapters()[name].base_url or url.scheme == "http"
        },
    )


def _refuse_unknown(settings: Settings) -> None:
    """Refuse settings for a provider that is none: whoever misspelt one thinks that it holds."""
    known = adapters()
    for name in settings.provider:
        if name not in known:
            field = f"CALLSHEET_PROVIDER_{name.upper()}"
            message = f"{field}: no such provider{nearest(name, known)}"
            raise SettingsError(message, [FieldError(field, "no such provider")])


def _proxy(settings: Settings) -> Proxy | None:
    address = settings.https_proxy.get_secret_value().strip()
    setting = "CALLSHEET_HTTPS_PROXY"
    if address == "environment":
        address, setting = outside_proxy(), "HTTPS_PROXY"
    try:
        return Proxy.read(address) if address else None
    except NotAProxyError as error:  # its address is not repeated: it may hold a password
        message = f"{setting}: {error}; it is http://[user:password@]host:port"
        raise SettingsError(message, [FieldError(setting, str(error), "(not shown)")]) from None


def _client(
    settings: Settings, adapter: Adapter, trusted: ssl.SSLContext, tunnels: TunnelBackend | None
) -> httpx2.AsyncClient:
    ours = settings.provider.get(adapter.name, ProviderSettings())
    settles_s = ours.settles_s or adapter.SETTLES_S
    base_url = httpx2.URL(_address(settings, adapter))
    backend = tunnels if base_url.scheme == "https" else None  # in the clear it is a neighbour's
    return httpx2.AsyncClient(
        base_url=base_url,
        timeout=httpx2.Timeout(settles_s / 2, connect=min(5.0, settles_s / 4)),
        transport=SocketTransport(trusted, _CONNECTIONS, backend),
        follow_redirects=False,
        trust_env=False,
    )


def keys_from_outside(settings: Settings) -> dict[str, ProviderKey]:
    """Read the keys that the server was started with: our own setting, else the provider's.

    One that is blank is none. Raises UnusableSecretError, which names the setting.
    """
    found = {}
    for name, each in adapters().items():
        ours = settings.provider.get(name, ProviderSettings()).key.get_secret_value()
        given = (f"CALLSHEET_PROVIDER_{name.upper()}_KEY", ours)
        theirs = (each.key_setting, outside_key(each.key_setting))
        setting, secret = given if trimmed(ours) else theirs
        if trimmed(secret):
            found[name] = ProviderKey.read(secret, setting)
    return found


def _address(settings: Settings, adapter: Adapter) -> str:
    return settings.provider.get(adapter.name, ProviderSettings()).base_url or adapter.base_url


def _place(url: httpx2.URL) -> str:
    standard = 443 if url.scheme == "https" else 80
    host = url.raw_host.decode("ascii").lower()
    return host_and_port(host, standard if url.port is None else url.port)
