"""Orders of the simulated provider as lines of its ledger, and back."""

from collections.abc import Mapping

from callsheet.kernel.digests import digest_of
from callsheet.kernel.money import Money
from callsheet.sim.core.ledger import Line
from callsheet.sim.core.models import Model
from callsheet.sim.core.orders import Asked, Dialect, Order, Status

_KEPT_AT_THE_END = ("started_at", "completed_at", "output", "error", "logs", "metrics")


def accepted_line(order: Order) -> Line:
    """Write down an order, with all that it takes to go on after a restart."""
    asked = order.asked
    return {
        "event": "accepted",
        "id": order.id,
        "model": asked.model.id,
        "version": asked.version,
        "take": asked.take,
        "webhook": asked.webhook,
        "events": asked.events,
        "key": asked.key,
        "base": asked.base,
        "input": asked.inputs,
        "input_sha256": digest_of(asked.inputs),
        "faults": asked.faults,
        "note": asked.note,
        "mark": asked.mark,
        "created_at": order.created_at,
        "deadline_at": order.deadline_at,
        "starts": order.starts,
        "run_s": order.run_s,
        "quote_micros": order.quote.micros,
    }


def read_accepted(line: Line, dialect: Dialect, models: Mapping[str, Model], seq: int) -> Order:
    """Read an order."""
    asked = Asked(
        dialect=dialect,
        model=models[line["model"]],
        version=line["version"],
        inputs=line["input"],
        base=line["base"],
        key=line["key"],
        webhook=line["webhook"],
        events=tuple(line["events"]),
        faults=line["faults"],
        note=line["note"],
        mark=line["mark"],
    )
    return Order(
        seq=seq,
        id=line["id"],
        asked=asked,
        created_at=line["created_at"],
        starts=line["starts"],
        run_s=line["run_s"],
        deadline_at=line["deadline_at"],
    )


def ended_line(order: Order) -> Line:
    """Write down how an order ended."""
    return {
        "event": "ended",
        "id": order.id,
        "status": order.status,
        "charged_micros": order.charged.micros,
        "size": order.size,
        **{name: getattr(order, name) for name in _KEPT_AT_THE_END},
    }


def read_ended(line: Line, order: Order) -> None:
    """Read how an order ended."""
    order.status = Status(line["status"])
    order.charged = Money(line["charged_micros"])
    width, height = line["size"]
    order.size = (width, height)
    for name in _KEPT_AT_THE_END:
        setattr(order, name, line[name])
