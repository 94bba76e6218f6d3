"""Keys of hosted providers, as whoever orders sees them."""

import hashlib
from dataclasses import dataclass, field
from typing import Protocol

from callsheet.kernel.ids import WorkspaceId


@dataclass(frozen=True, slots=True)
class ProviderKey:
    """A key with which a provider knows us. It is never shown; `print` tells two keys apart."""

    secret: str = field(repr=False)

    @property
    def print(self) -> str:
        """A fingerprint: the same for the same key, and no way back to it."""
        return hashlib.sha256(self.secret.encode()).hexdigest()[:16]


class KeyRing(Protocol):
    """Every provider's keys, each for a use (`scope`) or for all of them."""

    async def key(self, workspace: WorkspaceId, provider: str, scope: str) -> ProviderKey:
        """Find the key for a use: the workspace's own, else the server's.

        Raises KeyMissingError, KeySealedError, UnavailableError.
        """

    async def signing_key(
        self, workspace: WorkspaceId, provider: str, scope: str
    ) -> ProviderKey | None:
        """Find the key that signs webhooks of the account that `key` orders from, if one is set.

        Raises as `key`: one that is set and does not open is not as if there were none.
        """
