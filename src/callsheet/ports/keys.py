"""Keys of hosted providers, as whoever orders sees them."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import ClassVar, Final, Protocol, Self

from callsheet.kernel.errors import FieldError, InvalidInputError
from callsheet.kernel.ids import WorkspaceId

LONGEST_SECRET: Final = 8_192  # characters; a service account's JSON has 2,400
_BYTE_ORDER_MARK: Final = "\ufeff"  # Windows' editors begin files with it


class UnusableSecretError(InvalidInputError):
    """A secret cannot be sent in a request; names where it came from, and never repeats it."""

    code: ClassVar[str] = "secret_unusable"

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}", [FieldError(name, reason, "(not shown)")])


@dataclass(frozen=True, slots=True)
class ProviderKey:
    """A key with which a provider knows us. It is never shown; `print` tells two keys apart."""

    secret: str = field(repr=False)

    @classmethod
    def read(cls, text: str, name: str) -> Self:
        """Take what a person or a file gave as `name`, without white space around it.

        An inner line end would end the header in which it travels, and the error about that would
        hold all of it. Raises UnusableSecretError.
        """
        secret = _in_one_line(trimmed(text))
        if not secret:
            raise UnusableSecretError(name, "the key is empty")
        if len(secret) > LONGEST_SECRET:
            raise UnusableSecretError(name, f"a key has at most {LONGEST_SECRET:,} characters")
        if not secret.isascii():
            raise UnusableSecretError(name, "the key has characters beyond ASCII; copy it again")
        if not secret.isprintable():
            raise UnusableSecretError(name, "the key has line ends or control characters within")
        return cls(secret)

    @property
    def print(self) -> str:
        """A fingerprint: the same for the same key, and no way back to it."""
        return hashlib.sha256(self.secret.encode()).hexdigest()[:16]


def trimmed(secret: str) -> str:
    """Leave what stands around a secret in a file or a form away."""
    return secret.strip().strip(_BYTE_ORDER_MARK).strip()


def _in_one_line(secret: str) -> str:
    """Write a service account's JSON, which its file has over many lines, as one."""
    if not secret.startswith("{") or len(secret) > LONGEST_SECRET:
        return secret
    try:
        return json.dumps(json.loads(secret), separators=(",", ":"))
    except (ValueError, RecursionError):
        return secret


class KeyRing(Protocol):
    """Every provider's keys, each for a use (`scope`) or for all of them."""

    async def key(self, workspace: WorkspaceId, provider: str, scope: str) -> ProviderKey:
        """Find the key for a use: the workspace's own, else the server's.

        Raises KeyMissingError, KeySealedError, KeyUnusableError, UnavailableError.
        """

    async def signing_key(
        self, workspace: WorkspaceId, provider: str, scope: str
    ) -> ProviderKey | None:
        """Find the key that signs webhooks of the account that `key` orders from, if one is set.

        Raises as `key`: one that is set and does not open is not as if there were none.
        """
