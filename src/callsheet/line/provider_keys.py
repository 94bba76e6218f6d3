"""What people may do to providers' keys: set, test, remove."""

from dataclasses import dataclass

from callsheet.accounts.key_ring import KeyKeeper
from callsheet.accounts.model import ANY_USE, WEBHOOKS
from callsheet.kernel.errors import FieldError, InvalidInputError, shown
from callsheet.kernel.ids import WorkspaceId
from callsheet.line.context import LineContext
from callsheet.ports.models import Kind


@dataclass(frozen=True, slots=True)
class ProviderKeyControl:
    """Verbs on providers' keys; each is one transaction and noted in the audit."""

    ctx: LineContext
    keeper: KeyKeeper

    async def set(self, owner: str, provider: str, scope: str, secret: str, *, by: str) -> None:
        """Keep a key. Raises NotFoundError, InvalidInputError, UnusableSecretError."""
        self.check(provider, scope)
        await self.keeper.set(owner, provider, scope, secret, by=by)

    async def test(self, workspace: WorkspaceId, provider: str, scope: str, *, by: str) -> None:
        """Try the key that would be used for a use. Raises NotFoundError, ProviderError.

        Raises InvalidInputError for a key that opens nothing there.
        """
        self.check(provider, scope)
        if scope == WEBHOOKS:  # it must not be shown to the provider as if it were its own key
            said = "only a webhook shows whether this key is good"
            raise InvalidInputError(said, [FieldError("scope", said, scope)])
        check = self.ctx.providers.hosted[provider].check_key
        await self.keeper.test(workspace, provider, scope, check, by=by)

    async def remove(self, owner: str, provider: str, scope: str, *, by: str) -> None:
        """Let a key go. Raises NotFoundError."""
        self.check(provider, scope)
        await self.keeper.remove(owner, provider, scope, by=by)

    def check(self, provider: str, scope: str) -> None:
        """Raise NotFoundError or InvalidInputError unless there is such a provider and use."""
        hosted = self.ctx.providers.find(provider)
        uses = (ANY_USE, *Kind, *((WEBHOOKS,) if hosted.signs_by_key else ()))
        if scope not in uses:
            allowed = ", ".join(uses)
            said = f"no such use; there are {allowed}"
            raise InvalidInputError(
                f"{shown(scope)}: {said}", [FieldError("scope", said, shown(scope))]
            )
