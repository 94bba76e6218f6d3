"""What operators said of models, and requests that must act once, as values."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from callsheet.ports.models import ModelCard


@dataclass(frozen=True, slots=True)
class Switches:
    """What operators said of models: which are off, and why, and which somebody vouches for."""

    off: Mapping[str, str]
    confirmed: frozenset[str]

    def closed(self, card: ModelCard, today: date) -> str | None:
        """Say why a model cannot be ordered; None if it can."""
        if card.id in self.off:
            return f"switched off: {self.off[card.id] or 'no reason given'}"
        if card.retires_on is not None and today >= card.retires_on:
            return card.notice(today)
        if card.unverified and card.id not in self.confirmed:
            order = f"callsheet models on {card.id}"
            return f"{card.unverified}; once you have checked it, switch it on with: {order}"
        return None


@dataclass(frozen=True, slots=True)
class Request:
    """A request that must act once: the client's key, and a digest of what was asked."""

    key: str
    fingerprint: str


def kept_request(request: Request | None) -> dict[str, Any]:
    """Word a request as one of a job's settings: with them it outlives the database."""
    return {"request": asdict(request)} if request else {}


def request_kept(settings: Mapping[str, Any]) -> Request | None:
    """Read back the request that a job answered."""
    kept = settings.get("request")
    return Request(kept["key"], kept["fingerprint"]) if kept else None
