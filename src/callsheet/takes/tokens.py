"""Tokens in webhook addresses: who calls about a take must have been told where."""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

from callsheet.kernel.ids import TakeId

_PURPOSE: Final = b"callsheet webhook"
_CHARS: Final = 32


@dataclass(frozen=True, slots=True)
class WebhookAddresses:
    """Where providers may call. Without a public address they may not."""

    secret: bytes
    public_url: str

    def address(self, provider: str, take: TakeId) -> str | None:
        """Name the address for one take; nobody can guess another one."""
        if not self.public_url:
            return None
        return f"{self.public_url}/webhooks/{provider}/{take}?token={self._token(provider, take)}"

    def fits(self, provider: str, take: str, token: str) -> bool:
        """Tell whether a token is the one that was given out for a take."""
        return hmac.compare_digest(self._token(provider, take).encode(), token.encode())

    def _token(self, provider: str, take: str) -> str:
        said = b"\0".join((_PURPOSE, provider.encode(), take.encode()))
        return hmac.new(self.secret, said, hashlib.sha256).hexdigest()[:_CHARS]
