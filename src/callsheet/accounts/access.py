"""Who may come in without a key, judged by what a client cannot write into its request.

While no key has ever existed, whoever sits at this machine is the local admin. That is told by the
address the server is bound to and by the peer's, never by a header. Headers only take away: those
of a proxy say that the peer is not who asks, and `Host`, `Origin` and `Sec-Fetch-Site` that a web
page elsewhere makes a browser ask.
"""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from callsheet.accounts.errors import ForbiddenHostError, UnauthorizedError

_BEARER: Final = "bearer "
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_FOREIGN_SITES: Final = frozenset({"cross-site", "same-site"})
_MOST_SECRET: Final = 500  # characters; ours have 46
# host[:port] (RFC 3986, 3.2.2), and no more of it than this machine can be called by
_HOST: Final = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)*|\[[0-9A-Fa-f:.]+\])"
    r"(?::(?P<port>[0-9]{1,5}))?"
)
_LAST_PORT: Final = 65_535
_OF_PROXIES: Final = frozenset(
    {
        "forwarded",
        "via",
        "cdn-loop",
        "cf-connecting-ip",
        "client-ip",
        "fastly-client-ip",
        "fly-client-ip",
        "true-client-ip",
    }
)
_OF_PROXIES_BEGIN: Final = (
    *("x-forwarded", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "x-original-"),
    *("x-envoy-", "x-proxy", "x-appengine-", "tailscale-", "ngrok-", "cf-"),
)


@dataclass(frozen=True, slots=True)
class Call:
    """What is known of a request before anything that it says is believed.

    `bound` is the address of the listening socket, `peer` that of the other end; "" where there is
    none, as behind a Unix socket. Header names are in lower case.
    """

    bound: str
    peer: str
    method: str
    http_version: str
    headers: Sequence[tuple[str, str]]

    @property
    def secret(self) -> str | None:
        """The key that was sent; None if none was. Raises UnauthorizedError for several."""
        given = self._all("authorization")
        if not given:
            return None
        if len(given) > 1 or len(given[0]) > _MOST_SECRET:
            raise UnauthorizedError("the key is not valid")
        if given[0][: len(_BEARER)].lower() == _BEARER:
            return given[0][len(_BEARER) :].strip()
        return given[0]

    def prove_local(self) -> None:
        """Raise UnauthorizedError unless whoever asks sits at this machine, as far as is known."""
        if not is_loopback(self.bound):
            raise UnauthorizedError("a key is needed")
        if not is_loopback(self.peer):
            raise UnauthorizedError("a key is needed from another machine")
        for name, _ in self.headers:
            if name in _OF_PROXIES or name.startswith(_OF_PROXIES_BEGIN):
                raise UnauthorizedError(f"a key is needed behind a proxy (it sent {name})")
        if self.http_version == "1.0":  # a proxy that says nothing else of itself; no browser
            raise UnauthorizedError("a key is needed behind a proxy (HTTP/1.0)")

    def refuse_strangers(self) -> None:
        """Raise ForbiddenHostError for what a web page elsewhere could make a browser send.

        A foreign Host means DNS rebinding, a foreign Origin a cross-site form or script.
        """
        hosts = self._all("host")
        host = hosts[0] if len(hosts) == 1 else ", ".join(hosts)
        found = _HOST.fullmatch(host)
        if found is None or not is_loopback(found["name"]) or int(found["port"] or 0) > _LAST_PORT:
            raise ForbiddenHostError("Host", host)
        for origin in self._all("origin"):
            if origin.lower() != f"http://{host.lower()}":
                raise ForbiddenHostError("Origin", origin)
        if self.method not in _SAFE:
            for site in self._all("sec-fetch-site"):
                if site.strip().lower() in _FOREIGN_SITES:
                    raise ForbiddenHostError("Sec-Fetch-Site", site)

    def _all(self, name: str) -> list[str]:
        return [value for each, value in self.headers if each == name]


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address means this machine; IPv4 within IPv6 is understood."""
    if host.lower() == "localhost":
        return True
    try:
        if host.startswith("[") and host.endswith("]"):
            address: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.IPv6Address(
                host[1:-1]
            )
        else:
            address = ipaddress.ip_address(host)
    except ValueError:
        return False
    within = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (within or address).is_loopback
