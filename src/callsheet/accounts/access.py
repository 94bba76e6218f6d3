"""Who calls, over HTTP or a WebSocket: judged by key, by session, or by where the call comes from.

While no key has ever existed, whoever sits at this machine is the local admin. That is told by the
address the server is bound to and by the peer's, never by a header. Headers only take away: those
of a proxy say that the peer is not who asks, and `Host`, `Origin` and `Sec-Fetch-Site` that a web
page elsewhere makes a browser ask.

A key is sent on purpose, and good from anywhere. A session's cookie is sent by the browser whoever
makes it ask: what changes something, and every WebSocket, must then come from a page of our own.
"""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from callsheet.accounts.errors import CrossSiteError, ForbiddenHostError, UnauthorizedError
from callsheet.accounts.model import Caller, Credentials, Role
from callsheet.kernel.ids import LOCAL_WORKSPACE

SESSION_COOKIE: Final = "callsheet_session"
_BEARER: Final = "bearer "
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_FOREIGN_SITES: Final = frozenset({"cross-site", "same-site"})
_MOST_SECRET: Final = 500  # characters; ours have 46
_OWN_PAGE: Final = "same-origin"
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
    none, as behind a Unix socket. Header names are in lower case. `origin` is where we are reached
    by the settings, as a browser writes it: "https://host"; "" if they do not say.
    """

    bound: str
    peer: str
    method: str
    http_version: str
    headers: Sequence[tuple[str, str]]
    is_websocket: bool = False
    origin: str = ""

    @property
    def secret(self) -> str | None:
        """The key that was sent; None if none was. Raises UnauthorizedError for several."""
        sent = self._all("authorization")
        if not sent:
            return None
        if len(sent) > 1 or len(sent[0]) > _MOST_SECRET:
            raise UnauthorizedError("the key is not valid")
        if sent[0][: len(_BEARER)].lower() == _BEARER:
            return sent[0][len(_BEARER) :].strip()
        return sent[0]

    @property
    def session(self) -> str | None:
        """The secret of the session that was sent; None if none was.

        Raises UnauthorizedError for several: another site under our domain may have set one.
        """
        pairs = (pair.partition("=") for line in self._all("cookie") for pair in line.split(";"))
        sent = [value.strip() for name, _, value in pairs if name.strip() == SESSION_COOKIE]
        if not sent:
            return None
        if len(sent) > 1 or len(sent[0]) > _MOST_SECRET:
            raise UnauthorizedError("the session is not valid")
        return sent[0]

    @property
    def changes(self) -> bool:
        """Tell whether it may change something, or open a line over which that may be asked."""
        return self.is_websocket or self.method not in _SAFE

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
        if self.changes:
            for site in self._all("sec-fetch-site"):
                if site.strip().lower() in _FOREIGN_SITES:
                    raise ForbiddenHostError("Sec-Fetch-Site", site)

    def refuse_other_pages(self) -> None:
        """Raise CrossSiteError for what a page elsewhere makes a browser ask; programs may ask.

        So that nobody is signed in from elsewhere, as somebody else.
        """
        if self._all("sec-fetch-site") or self._all("origin"):
            self.prove_own_page()

    def prove_own_page(self) -> None:
        """Raise CrossSiteError unless a page of our own, as its browser says, asks for a change.

        `Sec-Fetch-Site` is the browser's own word; it is sent to secure origins only, and decides
        where it is there. Else `Origin` must be where the request goes, or where we are reached.
        """
        if not self.changes:
            return
        sites = self._all("sec-fetch-site")
        if sites:
            if any(site.strip().lower() != _OWN_PAGE for site in sites):
                raise CrossSiteError("Sec-Fetch-Site", ", ".join(sites))
            return
        hosts, origins = self._all("host"), self._all("origin")
        ours = {f"{scheme}://{host.lower()}" for scheme in ("http", "https") for host in hosts}
        ours |= {self.origin.lower()} - {""}
        if len(hosts) > 1 or len(origins) != 1 or origins[0].lower() not in ours:
            raise CrossSiteError("Origin", ", ".join(origins))

    def _all(self, name: str) -> list[str]:
        return [value for each, value in self.headers if each == name]


def who_calls(call: Call, found: Credentials | None, *, is_keyless: bool, now: datetime) -> Caller:
    """Say who calls. `found` is what belongs to the key, or else the session, that was sent.

    `is_keyless` is whether no key has ever existed. Raises UnauthorizedError, CrossSiteError,
    ForbiddenHostError.
    """
    if call.secret is not None:
        fault = found.fault if found else "the key is not valid"
        if found is None or fault:
            raise UnauthorizedError(fault)
        return found.caller()
    session = found.session if found and not found.fault else None
    if found is not None and session is not None and not session.is_over(now):
        call.prove_own_page()
        return found.caller()
    if not is_keyless:
        is_over = call.session is not None
        raise UnauthorizedError(
            "the session has ended, sign in again" if is_over else "a key is needed"
        )
    call.prove_local()
    call.refuse_strangers()
    return Caller(LOCAL_WORKSPACE, Role.ADMIN)


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
