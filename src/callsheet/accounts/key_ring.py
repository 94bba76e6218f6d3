"""Providers' keys: kept sealed, handed out for one use, changed while everything runs."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.accounts.errors import ProviderKeyNotFoundError, SealBrokenError
from callsheet.accounts.model import ANY_USE, SERVER, WEBHOOKS
from callsheet.accounts.provider_keys import AuditStore, Deed, ProviderKeyStore, SealedKey
from callsheet.accounts.sealing import Sealer
from callsheet.kernel.errors import CallsheetError
from callsheet.kernel.ids import WorkspaceId
from callsheet.kernel.logs import event
from callsheet.ports.database import Database
from callsheet.ports.hosted import KeyMissingError, KeySealedError, KeyUnusableError
from callsheet.ports.keys import ProviderKey, UnusableSecretError

_LOG = logging.getLogger("callsheet.accounts")
_FRESH_S: Final = 1.0  # how old what is handed out may be: a new key is in use after that


@dataclass(frozen=True, slots=True)
class _Opened:
    """Keys by workspace, provider and scope; and those that do not open, or cannot be sent."""

    keys: dict[tuple[str, str, str], ProviderKey]
    shut: dict[tuple[str, str, str], SealBrokenError | UnusableSecretError]


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What may be shown of a key: never the key."""

    provider: str
    scope: str
    owner: str  # "workspace", "server" or "environment"
    last4: str
    updated_at: datetime | None
    opens: bool = True  # False: another master key is needed for it


@dataclass(slots=True)
class KeyKeeper:
    """Implements ports.keys.KeyRing, and lets people change what hangs on it.

    `environment` are keys that the server was started with, by provider; what is kept here goes
    before them.
    """

    database: Database
    keys: ProviderKeyStore
    audit: AuditStore
    sealer: Sealer
    clock: Callable[[], datetime]
    environment: Mapping[str, ProviderKey]
    _opened: dict[str, tuple[float, _Opened]] = field(default_factory=dict)
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)
    _told: set[bytes] = field(default_factory=set)  # seals that the log has as broken

    async def key(self, workspace: WorkspaceId, provider: str, scope: str) -> ProviderKey:
        """Find the key for a use: the workspace's own, else the server's.

        Of each, the key for just this use goes before the one for any. One that does not open is
        passed over; if nothing else is found, it is named. Raises KeyMissingError, KeySealedError,
        KeyUnusableError.
        """
        return (await self._found(workspace, provider, scope))[1]

    async def signing_key(
        self, workspace: WorkspaceId, provider: str, scope: str
    ) -> ProviderKey | None:
        """Find the key for webhooks that stands beside the key for a use: they are one account's.

        Raises as `key`.
        """
        owner, _ = await self._found(workspace, provider, scope)
        opened = await self._of(workspace)
        place = (owner, provider, WEBHOOKS)
        if place in opened.shut:
            raise _blocked(provider, opened.shut[place])
        return opened.keys.get(place)

    async def prints(self, workspace: WorkspaceId) -> dict[str, dict[str, str]]:
        """Fingerprint every key that may be handed out, by provider and use."""
        found = {name: {ANY_USE: key.print} for name, key in self.environment.items()}
        opened = await self._of(workspace)
        for owner in (SERVER, workspace):
            for (whose, provider, scope), key in opened.keys.items():
                if whose == owner and scope != WEBHOOKS:
                    found.setdefault(provider, {})[scope] = key.print
        return found

    async def listed(self, workspace: WorkspaceId) -> list[KeyFacts]:
        """List what keys there are."""
        async with self.database.read() as connection:
            kept = await self.keys.of(connection, workspace)
        facts = [
            KeyFacts(
                each.provider,
                each.scope,
                "workspace" if each.workspace else "server",
                each.last4,
                each.updated_at,
                self._opens(each),
            )
            for each in kept
        ]
        given = [
            KeyFacts(name, ANY_USE, "environment", last4_of(key.secret), None)
            for name, key in sorted(self.environment.items())
        ]
        return facts + given

    async def set(
        self, owner: str, provider: str, scope: str, secret: str, *, by: str
    ) -> SealedKey:
        """Keep a key in place of the one before; it is in use everywhere within two seconds.

        Raises UnusableSecretError.
        """
        secret = ProviderKey.read(secret, "secret").secret
        bare = SealedKey(owner, provider, scope, b"", last4_of(secret), self.clock())
        sealed = SealedKey(
            owner,
            provider,
            scope,
            self.sealer.seal(secret, bare.place),
            bare.last4,
            bare.updated_at,
        )
        async with self.database.begin() as connection:
            await self.keys.put(connection, sealed)
            await self._note(connection, owner, by, "set", provider, scope, "done")
        self._opened.clear()
        return sealed

    async def remove(self, owner: str, provider: str, scope: str, *, by: str) -> None:
        """Let a key go. Raises ProviderKeyNotFoundError."""
        async with self.database.begin() as connection:
            there = await self.keys.remove(connection, owner, provider, scope)
            if not there:
                raise ProviderKeyNotFoundError(provider, scope)
            await self._note(connection, owner, by, "remove", provider, scope, "done")
        self._opened.clear()

    async def check_seals(self) -> None:
        """Open every key that is kept. Raises SealBrokenError, which names those that are shut."""
        async with self.database.read() as connection:
            shut = [each for each in await self.keys.all(connection) if not self._opens(each)]
        if shut:
            raise SealBrokenError([each.place for each in shut])

    async def tell_broken_seals(self) -> None:
        """Log at start which of all keys do not open, before an order misses one."""
        try:
            await self.check_seals()
        except SealBrokenError as error:  # its traceback would say nothing
            _LOG.error("provider_key.seal_broken", extra=event(reason=str(error)))

    async def reseal(self, *, by: str) -> list[str]:
        """Seal under the master key in force what is sealed under the former one; says what.

        Safe to repeat: each key is one statement, and one that changed meanwhile is left alone.
        Raises SealBrokenError, once all others are sealed, if a key opens under neither.
        """
        resealed = []
        async with self.database.begin() as connection:
            for each in await self.keys.all(connection):
                if self.sealer.is_current(each.sealed, each.place) or not self._opens(each):
                    continue
                secret = self.sealer.open(each.sealed, each.place)
                anew = self.sealer.seal(secret, each.place)
                if await self.keys.reseal(connection, each, anew):
                    await self._note(
                        connection, each.workspace, by, "reseal", each.provider, each.scope, "done"
                    )
                    resealed.append(each.place)
        self._opened.clear()
        await self.check_seals()
        return resealed

    async def test(
        self,
        workspace: WorkspaceId,
        provider: str,
        scope: str,
        check: Callable[[ProviderKey], Awaitable[None]],
        *,
        by: str,
    ) -> None:
        """Try the key that would be used, at no cost; it is noted. Raises ProviderError."""
        outcome = "good"
        try:
            await check(await self.key(workspace, provider, scope))
        except CallsheetError as error:
            outcome = error.code
            raise
        finally:
            async with self.database.begin() as connection:
                await self._note(connection, workspace, by, "test", provider, scope, outcome)

    async def deeds(
        self, workspace: WorkspaceId, limit: int = 100, *, servers: bool = True
    ) -> list[Deed]:
        """List what people did with keys, and with the `servers` too, the latest first."""
        whose = (workspace, SERVER) if servers else (workspace,)
        async with self.database.read() as connection:
            return await self.audit.of(connection, whose, limit)

    async def _found(
        self, workspace: WorkspaceId, provider: str, scope: str
    ) -> tuple[str, ProviderKey]:
        """Find the key for a use, and whose it is. Raises as `key`."""
        opened = await self._of(workspace)
        places = [
            (owner, provider, use) for owner in (workspace, SERVER) for use in (scope, ANY_USE)
        ]
        for place in places:
            if place in opened.keys:
                return place[0], opened.keys[place]
        if provider in self.environment:
            return SERVER, self.environment[provider]
        for place in places:
            if place in opened.shut:
                raise _blocked(provider, opened.shut[place])
        raise KeyMissingError(provider, scope)

    async def _of(self, workspace: WorkspaceId) -> _Opened:
        """Open all keys that a workspace may use, anew when what is known is a second old."""
        clock = asyncio.get_running_loop().time
        known = self._opened.get(workspace)
        if known is not None and known[0] > clock():
            return known[1]
        async with self._opening:  # of many who ask at the same time, one looks
            known, now = self._opened.get(workspace), clock()
            if known is None or known[0] <= now:
                known = now + _FRESH_S, await self._read(workspace)
                self._opened[workspace] = known
            return known[1]

    async def _read(self, workspace: WorkspaceId) -> _Opened:
        async with self.database.read() as connection:
            kept = await self.keys.of(connection, workspace)
        opened = _Opened({}, {})
        for each in kept:
            place = (each.workspace, each.provider, each.scope)
            try:
                secret = self.sealer.open(each.sealed, each.place)
                opened.keys[place] = ProviderKey.read(secret, f"the key kept for {each.place}")
            except SealBrokenError as error:  # one that is lost must not take the others with it
                opened.shut[place] = error
                self._tell(each.sealed, error)
            except UnusableSecretError as error:  # kept before keys were read so strictly
                opened.shut[place] = error
        return opened

    def _opens(self, key: SealedKey) -> bool:
        try:
            self.sealer.open(key.sealed, key.place)
        except SealBrokenError:
            return False
        return True

    def _tell(self, sealed: bytes, error: SealBrokenError) -> None:
        """Log a broken seal, once in the life of a process."""
        if sealed not in self._told:
            self._told.add(sealed)
            _LOG.error("provider_key.seal_broken", extra=event(reason=str(error)))

    async def _note(
        self,
        connection: AsyncConnection,
        owner: str,
        actor: str,
        action: str,
        provider: str,
        scope: str,
        outcome: str,
    ) -> None:
        subject = f"{provider} {scope}"
        deed = Deed(owner, self.clock(), actor, f"provider_key.{action}", subject, outcome)
        await self.audit.note(connection, deed)


def _blocked(
    provider: str, error: SealBrokenError | UnusableSecretError
) -> KeySealedError | KeyUnusableError:
    """Word what keeps a key that is there from being used."""
    if isinstance(error, SealBrokenError):
        return KeySealedError(provider, str(error))
    return KeyUnusableError(provider, f"{error}; set it again: callsheet keys set {provider}")


def last4_of(secret: str) -> str:
    """Show the end of a secret that is long enough for it to say nothing."""
    return secret[-4:] if len(secret) >= 12 else ""  # noqa: PLR2004  # four of eleven would tell much
