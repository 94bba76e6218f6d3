r"""Making the simulated provider fail: what may go wrong, asked for in a prompt or in advance.

A prompt asks with a mark, ``[[sim: fail_after_accept=500, latency=2]]``; `FaultDeck` deals faults
to requests that ask for none. Names:

- any request: ``latency=s``, ``fail=status``, ``reset``, ``hang``, ``throttle=s`` (with
  Retry-After), ``throttle_bare=s`` (without), ``malformed``, ``html``,
  ``slow=bytes per second``
- creating only: ``fail_before_accept`` and ``reset_before_accept`` (other names of the above),
  ``fail_after_accept=status``, ``reset_after_accept``, ``hang_after_accept``, ``unauthorized``,
  ``forbidden``, ``no_credit``, ``withdrawn``, ``refuse``, ``refuse_reference``, and ``revoke_key``
  (good for this order, bad for what follows)
- later requests about the same order: the names for any request behind ``get_``, ``cancel_`` or
  ``output_``; they hit once, or as often as ``get_times=n`` says
- its life: ``queue=s``, ``run=s``, ``never_starts``, ``never_ends``, ``error=`` nsfw, sensitive,
  busy, memory or a text, ``price=usd``, ``metered=n``, ``cached=n``, ``predict_time=s``,
  ``shape=string|list|object|null``, ``wait_processing``
- its output: ``output=html|other|truncated|cut|huge|empty|gone|forbidden|inward|flat`` (``inward``
  leads to an address within the network of whoever fetches it, ``flat`` is a picture of one tone)
- how a language model judges pictures: ``judge=word``, see sim.judging; others leave it alone
- what is told of it on an open line: ``socket=lost|drop|huge``
- its webhooks, joined by ``+``: ``webhook=duplicate|disordered|forged|replayed|stranger|lost``,
  ``webhook_late=s``
"""

import random
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from callsheet.sim.core.conditions import BadOrderError

Faults = Mapping[str, str]

ROUTES = ("create", "get", "list", "cancel", "output", "file", "model", "account", "socket", "*")
_ANY = (
    "latency",
    "fail",
    "reset",
    "hang",
    "throttle",
    "throttle_bare",
    "malformed",
    "slow",
    "html",
)
NUMBERS = frozenset(
    {
        *(f"{late}{name}" for late in ("", "get_", "cancel_", "output_") for name in _ANY),
        *(f"{late}times" for late in ("get_", "cancel_", "output_")),
        *("fail_before_accept", "fail_after_accept", "webhook_late"),
        *("queue", "run", "price", "metered", "cached", "predict_time"),
    }
)
_WORDS = frozenset(
    {
        *("reset_before_accept", "reset_after_accept", "hang_after_accept"),
        *("unauthorized", "forbidden", "no_credit", "withdrawn", "refuse", "refuse_reference"),
        *("revoke_key", "never_starts", "never_ends", "wait_processing", "error"),
    }
)
JUDGES = frozenset(
    {
        *("pass", "fail", "waver", "unclear", "instruct", "contradict", "unreasoned"),
        *("half", "broken", "broken_once", "refuse", "down"),
        *("anatomy", "object", "light", "text", "continuity", "identity", "safety"),
    }
)
_CHOICES: Mapping[str, frozenset[str]] = {
    "judge": JUDGES,
    "shape": frozenset({"string", "list", "object", "null"}),
    "output": frozenset(
        {
            *("html", "other", "truncated", "cut", "huge", "empty"),
            *("gone", "forbidden", "inward", "flat"),
        }
    ),
    "socket": frozenset({"lost", "drop", "huge"}),
    "webhook": frozenset({"duplicate", "disordered", "forged", "replayed", "stranger", "lost"}),
}
_MARK = re.compile(r"\[\[sim:([^\]]*)\]\]")


def read_mark(prompt: object) -> Faults:
    """Read what a prompt asks for. Raises BadOrderError."""
    if not isinstance(prompt, str) or "[[sim:" not in prompt:
        return {}
    asked: dict[str, str] = {}
    for mark in _MARK.findall(prompt):
        for part in filter(None, (part.strip() for part in mark.split(","))):
            name, _, value = part.partition("=")
            asked[name.strip()] = value.strip()
    return checked(asked)


def checked(asked: Mapping[str, object]) -> Faults:
    """Check the names and values of faults. Raises BadOrderError."""
    faults = {name: "" if value in (True, None) else str(value) for name, value in asked.items()}
    for name, value in faults.items():
        if name in _CHOICES:
            strange = set(value.split("+")) - _CHOICES[name]
            if strange:
                raise BadOrderError(name, f"{strange} is none of {sorted(_CHOICES[name])}")
        elif name in NUMBERS:
            if value and not re.fullmatch(r"\d+(\.\d+)?", value):
                raise BadOrderError(name, f"needs a number, not {value!r}")
        elif name not in _WORDS:
            raise BadOrderError(name, "no such fault")
    return faults


def about(faults: Faults, route: str) -> Faults:
    """Choose the faults of a later request about an order."""
    if not faults:
        return faults
    return {
        name.removeprefix(f"{route}_"): value
        for name, value in faults.items()
        if name.startswith(f"{route}_")
    }


@dataclass(slots=True)
class _Dealt:
    """Faults for the next `left` requests to a route, or for a share of all of them."""

    route: str
    faults: Faults
    left: int | None = None
    chance: float = 1.0


class FaultDeck:
    """Deals faults to requests that bring none: the next n, or by a chance that is repeatable."""

    def __init__(self) -> None:
        self._dealt: list[_Dealt] = []
        self._dice = random.Random(0)  # noqa: S311 - repeatable on purpose
        self.met: Counter[str] = Counter()

    def arrange(self, order: Mapping[str, Any]) -> None:
        """Add ``next`` and ``chances``; ``clear`` and ``seed`` begin anew. Raises BadOrderError."""
        fresh = [_read_dealt(told) for name in ("next", "chances") for told in order.get(name, [])]
        if order.get("clear"):
            self.clear()
        if "seed" in order:
            self._dice.seed(int(order["seed"]))
        self._dealt += fresh

    def clear(self) -> None:
        """Deal nothing any more."""
        self._dealt.clear()
        self.met.clear()

    def deal(self, route: str) -> Faults:
        """Take the faults that the present request meets."""
        if not self._dealt:
            return {}
        faults: dict[str, str] = {}
        for dealt in self._dealt:
            if dealt.route not in {route, "*"} or dealt.left == 0:
                continue
            if dealt.left is not None:
                dealt.left -= 1
            if self._dice.random() < dealt.chance:
                faults.update(dealt.faults)
        return faults

    def told(self) -> list[dict[str, Any]]:
        """Describe what is left to deal."""
        return [
            {"route": dealt.route, "faults": dealt.faults, "left": dealt.left, "of": dealt.chance}
            for dealt in self._dealt
            if dealt.left != 0
        ]


def _read_dealt(told: Mapping[str, Any]) -> _Dealt:
    route = told.get("route", "create")
    if route not in ROUTES:
        raise BadOrderError("route", f"{route!r} is none of {ROUTES}")
    faults = checked(told.get("faults", {}))
    if "chance" in told:
        return _Dealt(route, faults, None, float(told["chance"]))
    return _Dealt(route, faults, int(told.get("count", 1)))
