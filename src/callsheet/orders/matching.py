"""Which of the orders that a provider lists were made for which takes: by value, not by spelling.

A provider may write 3 for 3.0, add what we left out, drop what it does not keep, cut texts short
and show copies of references at addresses of its own. An order is certainly a take's if it shows
the take's words and model and nothing that differs. It is possibly one if nobody has it and nothing
rules it out; only other words, another model, or a time long before the order do that.
"""

import html
import json
import math
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import IntEnum
from functools import lru_cache
from itertools import zip_longest
from re import findall
from typing import Any, Final
from urllib.parse import urlsplit

from callsheet.kernel.ids import TakeId
from callsheet.ports.hosted import Found, ReferenceSlot
from callsheet.ports.models import Payload

# How far a provider's clock may be off ours, either way.
SKEW: Final = timedelta(minutes=11)
_ALIKE: Final = 0.9  # the share of its words by which a text is too near another to rule it out
_LONG: Final = 64  # characters of a text that was cut short by which it is known again
_CUT: Final = ("...", "\N{HORIZONTAL ELLIPSIS}")
_NAMES: Final = frozenset({"model", "path"})  # what the payloads of all adapters call the model
_EXACT: Final = 2**53  # whole numbers up to here pass through any JSON unharmed


class Fit(IntEnum):
    """How an order that is listed fits what a take sent."""

    OTHER = 0  # it shows that it is another
    MAYBE = 1  # nothing rules it out
    PARTLY = 2  # its words, and all else that can be compared
    WHOLLY = 3  # everything that was sent


@dataclass(frozen=True, slots=True)
class Sent:
    """What one take sent, with slots where references go.

    `payload` is None if nobody can word it any more. `words` are the user's own, `addresses` say
    where references lay, as far as is known. Takes of one `kind` asked for the very same.
    """

    take: TakeId
    ordered_at: datetime
    payload: Payload | None
    words: str = ""
    kind: str = ""
    addresses: Sequence[str | None] = ()


@dataclass(frozen=True, slots=True)
class Matches:
    """The ticket of each take that has one for certain, and those that each other may have.

    `nobodys` are orders that are left over, whatever they show.
    """

    certain: Mapping[TakeId, str]
    possible: Mapping[TakeId, Sequence[str]]
    nobodys: Sequence[Found] = ()


def matched(left: Sequence[Sent], listed: Sequence[Found], afoot: Sequence[Sent] = ()) -> Matches:
    """Give each take an order of the list that carries its id, or else that is what it sent.

    `listed` are orders that no take has. What takes that are `afoot` may have sent is left to
    them: they wait for an answer of their own. Takes that sent the very same are the same to us;
    among others, an order that may be of either is of neither.
    """
    named = {each.take: each.ticket for each in listed if each.take is not None}
    free = {each.ticket: each for each in listed if each.take is None}
    certain = {each.take: named[each.take] for each in left if each.take in named}
    wanting = [each for each in left if each.take not in named]
    first = [each for each in afoot if each.take not in named]
    fits = {
        (sent.take, ticket): fit(sent, found)
        for sent in (*first, *wanting)
        for ticket, found in free.items()
    }
    given = _given([*_in_turn(first), *_in_turn(wanting)], sorted(free.values(), key=_age), fits)
    kept = {given[each.take]: each.kind for each in first if each.take in given}
    certain |= {each.take: given[each.take] for each in wanting if each.take in given}
    gone = set(certain.values())
    possible = {
        sent.take: [
            ticket
            for ticket in free
            if fits[sent.take, ticket] >= Fit.MAYBE
            and ticket not in gone
            and kept.get(ticket, sent.kind) == sent.kind
        ]
        for sent in wanting
        if sent.take not in certain
    }
    return Matches(
        certain,
        {take: tickets for take, tickets in possible.items() if tickets},
        [each for each in free.values() if each.ticket not in gone | set(kept)],
    )


def _given(
    takes: Sequence[Sent], listed: Sequence[Found], fits: Mapping[tuple[TakeId, str], Fit]
) -> dict[TakeId, str]:
    """Give each take in turn the oldest order that fits it wholly, then what fits it alone."""
    given: dict[TakeId, str] = {}
    left = [each.ticket for each in listed]

    def is_for(sent: Sent, ticket: str, least: Fit) -> bool:
        return fits[sent.take, ticket] >= least and (
            least is Fit.WHOLLY
            or all(
                fits[each.take, ticket] < least
                for each in takes
                if each.kind != sent.kind and each.take not in given
            )
        )

    for least in (Fit.WHOLLY, Fit.PARTLY):
        for sent in takes:
            ticket = next((each for each in left if is_for(sent, each, least)), None)
            if sent.take not in given and ticket is not None:
                given[sent.take] = ticket
                left.remove(ticket)
    return given


def _in_turn(sent: Sequence[Sent]) -> list[Sent]:
    return sorted(sent, key=lambda each: each.ordered_at)


def _age(found: Found) -> float:
    return found.created_at.timestamp() if found.created_at else math.inf


def fit(sent: Sent, found: Found) -> Fit:
    """Compare an order that is listed with what a take sent."""
    if found.created_at is not None and found.created_at < sent.ordered_at - SKEW:
        return Fit.OTHER
    if sent.payload is None or found.payload is None:
        return Fit.MAYBE
    seen = _Comparison(sent)
    seen.compare("", sent.payload, found.payload)
    if seen.contradicted:
        return Fit.OTHER
    if seen.doubtful or not seen.anchored or found.created_at is None:
        return Fit.MAYBE
    return Fit.PARTLY if seen.hidden else Fit.WHOLLY


def same_model(sent: Sent, found: Found) -> bool:
    """Tell whether an order may have been for the model that a take asked for, whatever it says."""
    return fit(replace(sent, words=""), found) is not Fit.OTHER


@dataclass(slots=True)
class _Comparison:
    """What a comparison found: `hidden` is what was sent and is not shown as it was."""

    sent: Sent
    contradicted: bool = False
    doubtful: bool = False
    hidden: bool = False
    anchored: bool = False  # the words were seen, or a reference where there are no words
    words: str = field(init=False)

    def __post_init__(self) -> None:
        self.words = normal(self.sent.words)

    def compare(self, name: str, sent: Any, shown: Any) -> None:
        """Compare a value that was sent with the one that is shown in its place."""
        match sent:
            case None:
                return  # left to the provider: whatever it put there
            case _ if shown is None or (shown in ("", [], {}) and sent not in ("", [], {}, False)):
                self.hidden = True
            case ReferenceSlot():
                self._address(self.sent.addresses[int(sent) :][:1], shown)
            case Mapping():
                self._mapping(sent, _unpacked(shown))
            case list() | tuple():
                self._list(name, sent, _unpacked(shown))
            case str():
                self._text(name, sent, shown)
            case _:
                self.doubtful |= not same_number(sent, shown)

    def _mapping(self, sent: Mapping[str, Any], shown: Any) -> None:
        if not isinstance(shown, Mapping):
            self.doubtful = True
            return
        for name, value in sent.items():
            self.compare(name, value, shown.get(name))

    def _list(self, name: str, sent: Sequence[Any], shown: Any) -> None:
        values = shown if isinstance(shown, list | tuple) else [shown]
        self.doubtful |= len(values) != len(sent)
        for mine, theirs in zip_longest(sent, values):
            self.compare(name, mine, theirs)

    def _text(self, name: str, sent: str, shown: Any) -> None:
        mine = normal(sent)
        is_words = bool(self.words) and self.words in mine
        if not isinstance(shown, str):
            self.doubtful = True
            return
        theirs = normal(shown)
        if mine == theirs:
            self.anchored |= is_words
        elif _is_start(mine, theirs):
            self.hidden, self.anchored = True, self.anchored or is_words
        elif (is_words or name in _NAMES) and not near(mine, theirs):
            self.contradicted = True
        else:
            self.doubtful = True

    def _address(self, known: Sequence[str | None], shown: Any) -> None:
        """Compare addresses: a copy elsewhere may be of ours, another file beside ours is not."""
        ours = known[0] if known else None
        if ours is not None and isinstance(shown, str) and _place(ours) == _place(shown):
            self.anchored |= not self.words
            return
        self.hidden = True
        if not isinstance(shown, str):
            self.doubtful = True
        elif ours is not None:
            self.doubtful |= urlsplit(ours).netloc == urlsplit(shown).netloc


def _unpacked(shown: Any) -> Any:
    """Read JSON that is shown as a text."""
    if isinstance(shown, str) and shown[:1] in ("{", "["):
        try:
            return json.loads(shown)
        except ValueError:
            return shown
    return shown


def _place(address: str) -> tuple[str, str]:
    """Say where an address leads, whatever it is signed with."""
    split = urlsplit(address)
    return split.netloc, split.path


def same_number(sent: Any, shown: Any) -> bool:
    """Tell whether two numbers, or truths, have one value, however they were written.

    A float may have lost what single precision loses; a whole number has not.
    """
    if isinstance(sent, bool) or isinstance(shown, bool):
        return sent is shown
    if not isinstance(sent, int | float) or not isinstance(shown, int | float):
        return False
    if float(sent).is_integer() and abs(sent) <= _EXACT:
        return sent == shown
    return math.isclose(sent, shown, rel_tol=1e-6)


@lru_cache(maxsize=4096)
def normal(text: str) -> str:
    """Write a text in one way, whatever became of its accents, line ends and spaces."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _is_start(sent: str, shown: str) -> bool:
    """Tell whether a long text was cut short."""
    for mark in _CUT:
        shown = shown.removesuffix(mark).rstrip()
    return len(shown) >= _LONG and sent.startswith(shown)


def near(sent: str, shown: str) -> bool:
    """Tell whether a text may have been made of another: cut, embedded or nearly the same."""
    mine, theirs = _tokens(sent), _tokens(shown)
    if not mine or not theirs:
        return True
    short, long = sorted((mine, theirs), key=len)
    if any(long[at : at + len(short)] == short for at in _places(short, long)):
        return True
    ours, shared = Counter(mine), Counter(mine) & Counter(theirs)
    return shared.total() >= _ALIKE * (ours | Counter(theirs)).total()


def _places(short: Sequence[str], long: Sequence[str]) -> Iterator[int]:
    """Say where a short text may begin within a long one; its end may be cut within a word."""
    return (at for at in range(len(long) - len(short) + 1) if long[at] == short[0])


@lru_cache(maxsize=4096)
def _tokens(text: str) -> tuple[str, ...]:
    """Take a text apart into words, without case, accents and marks."""
    plain = unicodedata.normalize("NFKD", html.unescape(text)).casefold()
    bare = "".join(each for each in plain if not unicodedata.combining(each))
    return tuple(findall(r"\w+", bare))
