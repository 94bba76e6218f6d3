"""What a URL asks us to contact, judged before anything is looked up or connected."""

import re
from dataclasses import dataclass

import httpx2

from callsheet.kernel.errors import shown
from callsheet.net.addresses import is_public, literal_address
from callsheet.ports.fetching import ForbiddenAddressError

_DEFAULT_PORTS = {"http": 80, "https": 443}
_PORTS = frozenset({80, 443, 8080, 8443})
_MAX_URL_CHARS = 8_192  # signed links of object stores stay below 4,096
_MAX_NAME_CHARS = 253
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")

# Names that never lead to a public host. Their addresses would be refused too; saying no here
# spares the look-up, which by itself can tell an outsider what a private network has.
_PRIVATE_SUFFIXES = frozenset(
    {"localhost", "local", "localdomain", "internal", "intranet", "lan", "arpa", "onion", "invalid"}
)


@dataclass(frozen=True, slots=True)
class Target:
    """One address to contact: the URL in canonical form and where it points.

    `vouched` says that the operator lets this host and port through unjudged.
    """

    url: httpx2.URL
    host: str
    port: int
    vouched: bool


def read_target(address: str, allow_hosts: frozenset[str]) -> Target:
    """Judge one URL by its spelling. Raises ForbiddenAddressError."""
    url = _parsed(address)
    host = url.raw_host.decode("ascii")
    port = _DEFAULT_PORTS[url.scheme] if url.port is None else url.port
    if host_and_port(host, port) in allow_hosts:
        return Target(url, host, port, vouched=True)
    if port not in _PORTS:
        allowed = ", ".join(str(known) for known in sorted(_PORTS))
        raise ForbiddenAddressError(address, f"port {port} is closed; use one of {allowed}")
    reason = _why_not(host)
    if reason:
        raise ForbiddenAddressError(address, reason)
    return Target(url, host, port, vouched=False)


def host_and_port(host: str, port: int) -> str:
    """Spell a host and port as the allow list does: ``name:port``, ``[v6]:port``."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _parsed(address: str) -> httpx2.URL:
    if len(address) > _MAX_URL_CHARS:
        raise ForbiddenAddressError(address, f"longer than {_MAX_URL_CHARS} characters")
    try:
        url = httpx2.URL(address)
    except (httpx2.InvalidURL, ValueError) as error:
        raise ForbiddenAddressError(address, f"not a valid URL: {shown(error)}") from error
    if url.scheme not in _DEFAULT_PORTS:
        raise ForbiddenAddressError(address, "only http:// and https:// addresses are fetched")
    if url.userinfo:
        shown_url = str(url.copy_with(userinfo=b""))  # the password is not for logs
        raise ForbiddenAddressError(shown_url, "take the user name and password out of it")
    if not url.host:
        raise ForbiddenAddressError(address, "it names no host")
    return url.copy_with(fragment=None)


def _why_not(host: str) -> str | None:
    """Say why a host may not be contacted whatever it resolves to; None if it may."""
    literal = literal_address(host)
    if literal is not None:
        return None if is_public(literal) else f"{host} is not on the public internet"
    labels = host.split(".")
    if len(host) > _MAX_NAME_CHARS or not all(map(_LABEL.fullmatch, labels)):
        return f"{shown(host)} is not a host name in its plain form (no trailing dot, no escapes)"
    # The resolver of the C library reads 2130706433, 0x7f.1 and 127.1 as 127.0.0.1.
    if _NUMBER.fullmatch(labels[-1]):
        return f"{host} is a number in disguise; write an IP address as four decimal parts"
    if len(labels) == 1 or labels[-1] in _PRIVATE_SUFFIXES:
        return f"{host} is a name in a private network"
    return None
