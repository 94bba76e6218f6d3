"""Tokens in webhook addresses: who calls about a take must have been told where."""

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Final

from callsheet.kernel.ids import TakeId

_PURPOSE: Final = b"callsheet webhook"
_CHARS: Final = 32


@dataclass(frozen=True, slots=True)
class WebhookAddresses:
    """Where providers may call. Without a public address they may not.

    What was given out under a `former` secret is still good: orders are out with it.
    """

    secret: bytes = field(repr=False)
    public_url: str
    former: bytes | None = field(default=None, repr=False)

    def address(self, provider: str, take: TakeId) -> str | None:
        """Name the address for one take; nobody can guess another one."""
        if not self.public_url:
            return None
        token = _token(self.secret, provider, take)
        return f"{self.public_url}/webhooks/{provider}/{take}?token={token}"

    def fits(self, provider: str, take: str, token: str) -> bool:
        """Tell whether a token is the one that was given out for a take."""
        secrets = (self.secret, self.former) if self.former else (self.secret,)
        ours = (_token(each, provider, take) for each in secrets)
        return any(hmac.compare_digest(each.encode(), token.encode()) for each in ours)


def _token(secret: bytes, provider: str, take: str) -> str:
    said = b"\0".join((_PURPOSE, provider.encode(), take.encode()))
    return hmac.new(secret, said, hashlib.sha256).hexdigest()[:_CHARS]
