"""One spelling for an address: two that mean the same file are fetched once.

The canonical spelling is a key for comparing, never a proof that bytes are equal and never what is
fetched: tracking and signature parameters are left out of it, and a share link becomes its file's
id. The fetch address keeps all that the server needs.
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

from callsheet.intake.errors import InvalidReferenceError

MAX_ADDRESS_CHARS = 2_048

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")  # two letters or more: "C:" is a drive
_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*"
)
_REMAPPED_IN_IDNA = frozenset("ßς\u200c\u200d")  # other names by the newer standard
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})?")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_KEPT = "%/:@!$&'()*+,;=~?"

_TRACKING = frozenset(
    {
        *("fbclid", "gclid", "gclsrc", "dclid", "gbraid", "wbraid", "msclkid", "yclid", "twclid"),
        *("ttclid", "igshid", "li_fat_id", "mc_cid", "mc_eid", "_ga", "_gl"),
    }
)
_SIGNATURE = frozenset(
    {
        *("sig", "signature", "token", "expires", "expiry", "exp", "hmac", "policy"),
        *("awsaccesskeyid", "googleaccessid", "key-pair-id", "hdnts", "hdnea"),
    }
)
_DROPPED_PREFIXES = ("utm_", "x-amz-", "x-goog-", "x-oss-", "x-cos-")
_AZURE = frozenset(  # short names that mean a signature only beside "sig" and "se"
    {
        *("sv", "ss", "srt", "sp", "se", "st", "spr", "sr", "sip", "si"),
        *("skoid", "sktid", "skt", "ske", "sks", "skv"),
    }
)

_DRIVE_HOSTS = frozenset({"drive.google.com", "docs.google.com", "drive.usercontent.google.com"})
_DRIVE_PATH = re.compile(r"/file/(?:u/\d+/)?d/([A-Za-z0-9_-]{10,})(?:/.*)?")
_DRIVE_BY_QUERY = frozenset({"/uc", "/open", "/thumbnail", "/download", "/u/0/uc"})
_DRIVE_ID = re.compile(r"[A-Za-z0-9_-]{10,}")
_DROPBOX_HOSTS = frozenset({"dropbox.com", "www.dropbox.com", "dl.dropboxusercontent.com"})
_DROPBOX_PATH = re.compile(r"(/(?:s|scl/fi)/[A-Za-z0-9_-]{6,})(?:/.*)?")


@dataclass(frozen=True, slots=True)
class CanonicalUrl:
    """`canonical` is what addresses are compared by, `fetch` what is asked for."""

    canonical: str
    fetch: str


def is_address(source: str) -> bool:
    """Tell an address, of whatever scheme, from a file's path."""
    return _ADDRESS.match(source) is not None


def canonical_url(url: str) -> CanonicalUrl:
    """Spell an http(s) address in the one canonical way. Raises InvalidReferenceError."""
    split = _split(url)
    host = _host(url, split)
    query = [part for part in _normal(split.query).split("&") if part]
    shared = _shared_file(host, _normal(split.path), query)
    if shared is not None:
        return shared
    origin = f"{split.scheme}://{host}{_port(url, split)}"
    path = _without_dots(_normal(split.path))
    kept = sorted(_lasting(query), key=_name)
    asked = _quoted(split.path) or "/"
    return CanonicalUrl(
        canonical=origin + path + ("?" + "&".join(kept) if kept else ""),
        fetch=origin + asked + ("?" + _quoted(split.query) if split.query else ""),
    )


def _split(url: str) -> SplitResult:
    if len(url) > MAX_ADDRESS_CHARS:
        raise InvalidReferenceError(url, f"it is longer than {MAX_ADDRESS_CHARS} characters")
    if not url.isprintable() or any(char.isspace() for char in url):
        raise InvalidReferenceError(url, "it has a space or an unprintable character in it")
    if "\\" in url:
        raise InvalidReferenceError(url, "it has a backslash in it; write /")
    try:
        split = urlsplit(url)
    except ValueError as error:
        raise InvalidReferenceError(url, f"it is malformed ({error})") from error
    if split.scheme not in _PORTS or not split.netloc:
        raise InvalidReferenceError(url, "it does not begin with http:// or https://")
    if "@" in split.netloc:
        raise InvalidReferenceError(url, "it carries a user name or password; leave that out")
    return split


def _host(url: str, split: SplitResult) -> str:
    """Lower case, punycode for other scripts, an IPv6 address in its short form."""
    name = (split.hostname or "").removesuffix(".")
    if ":" in name:
        try:
            return f"[{ipaddress.IPv6Address(name)}]"
        except ValueError as error:
            raise InvalidReferenceError(url, f"{name!r} is no IPv6 address") from error
    if not name.isascii():
        name = _punycode(url, name)
    if _HOST.fullmatch(name) is None:
        raise InvalidReferenceError(url, f"{name!r} is no host name")
    return name


def _punycode(url: str, name: str) -> str:
    reason = f"host {name!r} is not spelled the same everywhere; write it in its xn-- form"
    if not _REMAPPED_IN_IDNA.isdisjoint(name):
        raise InvalidReferenceError(url, reason)
    try:
        return name.encode("idna").decode("ascii").lower().removesuffix(".")
    except UnicodeError as error:
        raise InvalidReferenceError(url, reason) from error


def _port(url: str, split: SplitResult) -> str:
    try:
        port = split.port
    except ValueError as error:
        raise InvalidReferenceError(url, "its port is no number up to 65535") from error
    return "" if port in (None, _PORTS[split.scheme]) else f":{port}"


def _normal(text: str) -> str:
    """Percent-encode what must be, in capitals, and nothing that need not be."""

    def spelled(match: re.Match[str]) -> str:
        digits = match[1]
        if digits is None:
            return "%25"
        char = chr(int(digits, 16))
        return char if char in _UNRESERVED else f"%{digits.upper()}"

    return quote(_ESCAPE.sub(spelled, text), safe=_KEPT)


def _quoted(text: str) -> str:
    """Encode only what no server can read as it stands: a signature covers the rest."""
    return quote(text, safe=_KEPT + '[]|^`{}"<>')


def _without_dots(path: str) -> str:
    """Resolve ``.`` and ``..`` as RFC 3986 does."""
    segments = path.split("/")[1:] or [""]
    kept: list[str] = []
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)


def _name(part: str) -> str:
    return part.partition("=")[0]


def _lasting(query: Iterable[str]) -> list[str]:
    """Leave out parameters that change while the file stays: tracking and signatures."""
    names = {part: unquote(_name(part)).lower() for part in query}
    dropped = _TRACKING | _SIGNATURE
    if {"sig", "se"} <= set(names.values()):
        dropped |= _AZURE
    return [
        part
        for part in query
        if names[part] not in dropped and not names[part].startswith(_DROPPED_PREFIXES)
    ]


def _shared_file(host: str, path: str, query: list[str]) -> CanonicalUrl | None:
    """Recognise a share link: its page is no picture, the file behind it is."""
    parameters = dict(parse_qsl("&".join(query)))
    if host in _DRIVE_HOSTS:
        return _drive_file(path, parameters)
    if host in _DROPBOX_HOSTS and (match := _DROPBOX_PATH.fullmatch(path)):
        kept = {name: text for name, text in parameters.items() if name in ("rlkey", "st")}
        fetch = f"https://www.dropbox.com{path}?{urlencode(kept | {'dl': '1'})}"
        return CanonicalUrl(f"https://www.dropbox.com{match[1]}", fetch)
    return None


def _drive_file(path: str, parameters: dict[str, str]) -> CanonicalUrl | None:
    match = _DRIVE_PATH.fullmatch(path)
    file = match[1] if match else parameters.get("id", "") if path in _DRIVE_BY_QUERY else ""
    if _DRIVE_ID.fullmatch(file) is None:
        return None
    kept = {name: text for name, text in parameters.items() if name == "resourcekey"}
    fetch = urlencode({"export": "download", "id": file} | kept)
    return CanonicalUrl(
        f"https://drive.google.com/uc?id={file}", f"https://drive.google.com/uc?{fetch}"
    )
