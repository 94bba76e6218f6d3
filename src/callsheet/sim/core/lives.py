"""The life of orders: accepted and booked, started, ended, billed; by the clock alone.

Nothing waits for a order but one appointment in the heap, so any number may be under way.
"""

import base64
import hmac
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial

from callsheet.kernel.money import Money
from callsheet.sim.core.billing import charge_of, metrics_of
from callsheet.sim.core.conditions import Conditions
from callsheet.sim.core.ledger import Ledger
from callsheet.sim.core.models import Model
from callsheet.sim.core.orders import Asked, Dialect, Order, Status, output_of
from callsheet.sim.core.records import accepted_line, ended_line, read_accepted, read_ended
from callsheet.sim.core.timers import Timers

PAGE_SIZE = 100
_MOST_RUN_S = 1_800.0
_TOKEN_CHARS = 24

Events = Callable[[str, Order], None]  # start, logs, output, completed
ReadReferences = Callable[[Order, Callable[[], None]], None]


class Orders:
    """All orders since the last reset, by id and in order."""

    def __init__(
        self,
        dialect: Dialect,
        conditions: Conditions,
        timers: Timers,
        ledger: Ledger,
        secret: bytes,
        models: Mapping[str, Model],
        events: Events,
        read_references: ReadReferences,
    ) -> None:
        self._dialect = dialect
        self._conditions, self._timers, self._ledger = conditions, timers, ledger
        self._secret, self._models = secret, models
        self._events, self._read_references = events, read_references
        self._by_id: dict[str, Order] = {}
        self._in_order: list[Order] = []

    def __len__(self) -> int:
        return len(self._in_order)

    def __iter__(self) -> Iterator[Order]:
        return iter(self._in_order)

    def find(self, order_id: str) -> Order | None:
        """Find one, without what the service has removed by now."""
        found = self._by_id.get(order_id)
        if found is not None:
            found.forget(self._conditions.now(), self._conditions.output_life_s)
        return found

    def token(self, order_id: str) -> str:
        """Make the part of an output's URL that nobody can guess."""
        mac = hmac.digest(self._secret, order_id.encode(), "sha256").hex()
        return mac[:_TOKEN_CHARS] + order_id

    def delivered(self, token: str) -> Order | None:
        """Find the order that an output's URL belongs to."""
        found = self.find(token[_TOKEN_CHARS:])
        good = found is not None and hmac.compare_digest(self.token(found.id), token)
        return found if good else None

    def accept(self, asked: Asked) -> Order:
        """Book an order, then begin it. Raises OSError if the ledger cannot be written."""
        wall = self._conditions.wall()
        queue, run = _plan(self._conditions, asked)
        order = Order(
            seq=len(self._in_order),
            id=asked.id or self._dialect.new_id(),
            asked=asked,
            created_at=self._conditions.now(),
            starts=None if queue is None else wall + queue,
            run_s=run,
        )
        if asked.cancel_after_s is not None:
            order.deadline_at = order.created_at + asked.cancel_after_s
        self._ledger.write(accepted_line(order))
        self._add(order)
        return order

    def cancel(self, order: Order) -> None:
        """Stop it as its owner asked; what has begun is paid for."""
        if not order.ended:
            self._end_early(order, Status.CANCELED)

    def page(
        self, cursor: str | None, after: datetime | None, before: datetime | None
    ) -> tuple[list[Order], str | None, str | None]:
        """List the newest first, with the cursors of the pages before and after this one.

        Raises ValueError if `cursor` is none of ours.
        """
        start = len(self._in_order) if cursor is None else _read_cursor(cursor)
        found: list[Order] = []
        following = None
        for seq in range(min(start, len(self._in_order)) - 1, -1, -1):
            order = self._in_order[seq]
            if after is not None and order.created_at < after.timestamp():
                continue
            if before is not None and order.created_at >= before.timestamp():
                continue
            if len(found) == PAGE_SIZE:
                following = _cursor(seq + 1)
                break
            order.forget(self._conditions.now(), self._conditions.output_life_s)
            found.append(order)
        is_first = start >= len(self._in_order)
        return found, None if is_first else _cursor(start + PAGE_SIZE), following

    def restore(self) -> None:
        """Take up what the ledger holds: a service does not forget orders when it restarts."""
        for line in self._ledger.lines_found:
            if line["event"] == "accepted":
                self._add(read_accepted(line, self._dialect, self._models, len(self._in_order)))
            elif (order := self._by_id.get(line["id"])) is not None:
                read_ended(line, order)
        self._ledger.lines_found = []

    def clear(self) -> None:
        """Forget everything, with a mark in the ledger."""
        self._ledger.reset()
        self._by_id.clear()
        self._in_order.clear()

    def _add(self, order: Order) -> None:
        self._by_id[order.id] = order
        self._in_order.append(order)
        if order.starts is not None:
            self._timers.at(order.starts, partial(self._start, order))
        if order.deadline_at is not None:
            due = order.deadline_at - order.created_at + self._conditions.wall()
            self._timers.at(due, partial(self._pass_deadline, order))

    def _start(self, order: Order) -> None:
        if order.status is not Status.STARTING:
            return
        order.status = Status.PROCESSING
        order.started_at = self._conditions.now()
        order.logs = f"Using seed: {order.seed}\n"
        self._events("start", order)
        self._events("logs", order)
        order.reading = True
        self._read_references(order, partial(self._go_on, order))

    def _go_on(self, order: Order) -> None:
        order.reading = False
        if order.run_s is None or order.ended or order.starts is None:
            return
        run_s = min(order.run_s, _MOST_RUN_S)
        self._timers.at(order.starts + run_s, partial(self._finish, order))

    def _finish(self, order: Order) -> None:
        if order.ended:
            return
        error = self._failure(order)
        if error is None:
            order.output = output_of(order, self.token(order.id))
            order.logs += "Done\n"
            self._events("output", order)
            self._end(order, Status.SUCCEEDED, charge_of(order))
        else:
            order.error = error
            self._end(order, Status.FAILED, Money())

    def _failure(self, order: Order) -> str | None:
        faults = order.asked.faults
        if "error" in faults:
            return self._dialect.errors.get(faults["error"], faults["error"])
        if order.run_s is not None and order.run_s > _MOST_RUN_S:
            return "Order timed out: the maximum run time is 30 minutes."
        return order.reference_error

    def _pass_deadline(self, order: Order) -> None:
        if not order.ended:
            begun = order.status is Status.PROCESSING
            self._end_early(order, Status.CANCELED if begun else Status.ABORTED)

    def _end_early(self, order: Order, status: Status) -> None:
        begun = order.status is Status.PROCESSING
        self._end(order, status, charge_of(order) if begun else Money())

    def _end(self, order: Order, status: Status, charge: Money) -> None:
        order.status, order.charged = status, charge
        order.completed_at = self._conditions.now()
        order.metrics = metrics_of(order)
        self._conditions.spend(charge)
        self._ledger.write(ended_line(order))
        if order.done is not None:
            order.done.set()
        self._events("completed", order)


def _plan(conditions: Conditions, asked: Asked) -> tuple[float | None, float | None]:
    faults = asked.faults
    queue = float(faults.get("queue") or conditions.queue_s)
    run = float(faults.get("run") or conditions.run_time(asked.model))
    return (
        None if "never_starts" in faults else queue,
        None if "never_ends" in faults else run,
    )


def _cursor(seq: int) -> str:
    return base64.urlsafe_b64encode(f"p={seq}".encode()).decode()


def _read_cursor(cursor: str) -> int:
    text = base64.urlsafe_b64decode(cursor.encode()).decode()
    if not text.startswith("p="):
        raise ValueError(cursor)
    return int(text.removeprefix("p="))
