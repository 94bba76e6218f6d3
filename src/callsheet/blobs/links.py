"""Links of our own that read one object without a key until they expire."""

import hashlib
import hmac
import re
from urllib.parse import quote

from callsheet.blobs.errors import (
    InvalidLinkError,
    InvalidLinkRequestError,
    LinkExpiredError,
    WeakSecretError,
)

MAX_LIFETIME_S = 7 * 24 * 3600  # what S3 and GCS allow; the same for all
MIN_SECRET_BYTES = 16

_MAX_NAME_CHARS = 200
_EXPIRY = re.compile(r"[1-9][0-9]{0,11}")
_SIGNATURE = re.compile(r"[0-9a-f]{64}")
_PURPOSE = b"callsheet blob link 1\n"  # a signature for anything else never fits here


def checked_secret(secret: bytes) -> bytes:
    """Answer `secret` if it is long enough. Raises WeakSecretError."""
    if len(secret) < MIN_SECRET_BYTES:
        raise WeakSecretError(len(secret), MIN_SECRET_BYTES)
    return secret


def check_link_request(expires_in_s: int, download_name: str | None) -> None:
    """Refuse a lifetime or a download name that a link cannot have."""
    if not 1 <= expires_in_s <= MAX_LIFETIME_S:
        raise InvalidLinkRequestError(
            "expires_in_s", expires_in_s, f"is not between 1 and {MAX_LIFETIME_S} seconds"
        )
    if download_name is not None and not _usable_name(download_name):
        raise InvalidLinkRequestError(
            "download_name",
            download_name,
            f"is not 1 to {_MAX_NAME_CHARS} printable characters without slashes",
        )


def signed_path(secret: bytes, key: str, expires_at: int, download_name: str | None) -> str:
    """Make the path and query of a link: ``/blobs/{key}?exp=&sig=[&name=]``."""
    signature = _signature(secret, key, expires_at, download_name)
    name = "" if download_name is None else f"&name={quote(download_name, safe='')}"
    return f"/blobs/{quote(key)}?exp={expires_at}&sig={signature}{name}"


def verify_signature(
    secret: bytes, key: str, *, exp: str, sig: str, name: str | None, now: float
) -> None:
    """Check a link as it came in, percent signs decoded; `now` is Unix time.

    Raises InvalidLinkError or, for a link that was ours, LinkExpiredError.
    """
    if not _EXPIRY.fullmatch(exp) or not _SIGNATURE.fullmatch(sig):
        raise InvalidLinkError(key)
    expires_at = int(exp)
    if not hmac.compare_digest(_signature(secret, key, expires_at, name), sig):
        raise InvalidLinkError(key)
    if now >= expires_at:
        raise LinkExpiredError(key, expires_at)


def _signature(secret: bytes, key: str, expires_at: int, name: str | None) -> str:
    # the key's length and the missing last line make every text mean one link only
    text = f"{expires_at} {len(key)}\n{key}" + ("" if name is None else f"\n{name}")
    message = _PURPOSE + text.encode(errors="surrogatepass")
    return hmac.new(secret, message, hashlib.sha256).hexdigest()


def _usable_name(name: str) -> bool:
    return (
        0 < len(name) <= _MAX_NAME_CHARS
        and name.isprintable()
        and not any(char in name for char in "/\\")
    )
