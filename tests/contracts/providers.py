"""Every hosted provider beside its simulator, for one suite of promises."""

import contextlib
import importlib
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import httpx2
from PIL import Image
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from callsheet.catalog.registry import FolderCatalog
from callsheet.kernel.ids import TakeId, new_id
from callsheet.net.transport import SocketTransport
from callsheet.net.trust import trusting
from callsheet.ports.hosted import (
    BusyError,
    Ended,
    HostedOrder,
    HostedProvider,
    Made,
    ReferencesBy,
    Standing,
    WebhookCall,
    filled,
)
from callsheet.ports.keys import ProviderKey
from callsheet.ports.models import ModelCard
from callsheet.providers.defaults import HostedDefaults
from callsheet.sim.core.conditions import Conditions
from callsheet.wiring.providers import adapters
from tests.net.certificates import Authority
from tests.sim.simulated import PATIENCE_S, quick, serving

SETTLES_S: Final = 2.0
SIGNING_KEYS: Final = {
    name: f"hmac-of-{name}" for name in adapters() if adapters()[name].signs_by_key
}
CATALOG: Final = FolderCatalog()
PROVIDERS: Final = sorted(adapters())


@dataclass
class Caller:
    """Takes webhooks, whatever they say."""

    calls: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    async def take(self, request: Request) -> Response:
        """Take one."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.calls.append((headers, await request.body()))
        return Response(status_code=200)


@dataclass
class Bench:
    """One provider's adapter, talking to its simulator over HTTP."""

    name: str
    provider: HostedProvider
    http: httpx2.AsyncClient
    conditions: Conditions
    caller: Caller
    key: ProviderKey
    signing_key: ProviderKey | None = None

    @property
    def card(self) -> ModelCard:
        """The provider's cheapest card that makes something of words alone."""
        cards = [card for card in CATALOG.cards() if card.provider == self.name]
        plain = [card for card in cards if card.kinds[0].begins_with_words and not card.retires_on]
        return min(plain, key=lambda card: (card.kind.makes != "image", card.id))

    async def order(
        self, mark: str = "", card: ModelCard | None = None, *, called: bool = False, **inputs: Any
    ) -> HostedOrder:
        """Word an order for a card's smallest order; `mark` asks the simulator for faults."""
        card = card or self.card
        take = TakeId(new_id("tk"))
        prompt = f"a red mug on oak {f'[[sim: {mark}]]' if mark else ''}".strip()
        form = card.inputs.model_validate({"prompt": prompt, **inputs})
        addresses = [await self.address() for _ in inputs.get("references", ())]
        return HostedOrder(
            take=take,
            key=self.key,
            payload=filled(card.payload(form), addresses),
            webhook_url=f"{self.caller.url}/{take}?token=t" if called else None,
            expected_s=card.expected_s,
            time_limit_s=card.time_limit_s,
        )

    async def address(self) -> str:
        """Give the provider a picture in the way in which it wants it; its address."""
        content = _picture()
        match self.provider.references:
            case ReferencesBy.UPLOAD:
                return (await self.provider.upload(content, "image/png", "a.png", self.key)).url
            case ReferencesBy.INLINE:
                return f"data:image/png;base64,{_base64(content)}"
            case ReferencesBy.LINK:
                return f"{self.caller.url.removesuffix('/hooks')}/picture.png"

    async def followed(self, ticket: str, standing: Standing) -> Made | Ended:
        """Poll an order until it ends; a provider that must draw a film first may be slow."""
        import asyncio

        async with asyncio.timeout(PATIENCE_S):
            while not isinstance(standing, Made | Ended):
                with contextlib.suppress(BusyError):
                    standing = await self.provider.poll(ticket, self.key)
                await asyncio.sleep(0.01)
        return standing

    async def content(self, made: Made) -> bytes:
        """Fetch what was made."""
        if made.inline:
            return made.inline[0].content
        headers = dict(self.provider.download_headers(made.urls[0], self.key))
        answer = await self.http.get(made.urls[0], headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.content

    async def book(self) -> list[dict[str, Any]]:
        """List every order that the simulator accepted."""
        orders: list[dict[str, Any]] = (await self.http.get("/_admin/ledger")).json()["orders"]
        return orders

    def call(self, place: int = 0, order: HostedOrder | None = None) -> WebhookCall:
        """Give a webhook that came, as the post room hands it to an adapter."""
        headers, body = self.caller.calls[place]
        payload = order.payload if order else {}
        return WebhookCall(headers, body, datetime.now(UTC), payload, self.signing_key)


@contextlib.asynccontextmanager
async def bench_of(
    name: str, authority: Authority | None = None, **conditions: Any
) -> AsyncIterator[Bench]:
    """Serve a provider's simulator and wire its adapter to it.

    With an authority it is served over https, and asked by our own connections, which trust that
    authority.
    """
    certificate = authority.certificate("localhost") if authority else None
    adapter = adapters()[name]
    simulator = importlib.import_module(f"callsheet.sim.{name}")
    caller = Caller()
    changed = quick(**conditions)
    hooks = Starlette(
        routes=[
            Route("/hooks/{take}", caller.take, methods=["POST"]),
            Route("/picture.png", lambda _: Response(_picture(), media_type="image/png")),
        ]
    )
    secret = SIGNING_KEYS.get(name)
    app = simulator.create_app(changed, **({"signing_key": secret} if secret else {}))
    transport = SocketTransport(trusting(file=str(authority.file)), 256) if authority else None
    async with serving(app, certificate) as base, serving(hooks) as hook:
        caller.url = f"{hook}/hooks"
        async with httpx2.AsyncClient(
            base_url=base, timeout=PATIENCE_S, trust_env=False, transport=transport
        ) as http:
            key = ProviderKey(getattr(simulator, "SAMPLE_KEY", "key-of-the-tests"))
            provider = wired(adapter, http)
            signing_key = ProviderKey(secret) if secret else None
            yield Bench(name, provider, http, changed, caller, key, signing_key)


def wired(
    adapter: type[HostedDefaults], http: httpx2.AsyncClient, settles_s: float = SETTLES_S
) -> HostedProvider:
    """Make an adapter over a client."""
    make: Any = adapter
    provider: HostedProvider = make(http, settles_s=settles_s, pace=adapter.PACE)
    return provider


def _picture() -> bytes:
    into = io.BytesIO()
    Image.new("RGB", (512, 512), "teal").save(into, "PNG")
    return into.getvalue()


def _base64(content: bytes) -> str:
    import base64

    return base64.b64encode(content).decode()
