"""Predictions of the simulated Replicate as lines of its ledger, and back."""

from collections.abc import Mapping

from callsheet.kernel.digests import digest_of
from callsheet.kernel.money import Money
from callsheet.sim.replicate_ledger import Line
from callsheet.sim.replicate_models import Model
from callsheet.sim.replicate_orders import Asked, Prediction, Status

_KEPT_AT_THE_END = ("started_at", "completed_at", "output", "error", "logs", "metrics")


def accepted_line(prediction: Prediction) -> Line:
    """Write down an order, with all that it takes to go on after a restart."""
    asked = prediction.asked
    return {
        "event": "accepted",
        "id": prediction.id,
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
        "created_at": prediction.created_at,
        "deadline_at": prediction.deadline_at,
        "starts": prediction.starts,
        "run_s": prediction.run_s,
        "quote_micros": prediction.quote.micros,
    }


def read_accepted(line: Line, models: Mapping[str, Model], seq: int) -> Prediction:
    """Read an order."""
    asked = Asked(
        model=models[line["model"]],
        version=line["version"],
        inputs=line["input"],
        base=line["base"],
        key=line["key"],
        webhook=line["webhook"],
        events=tuple(line["events"]),
        faults=line["faults"],
    )
    return Prediction(
        seq=seq,
        id=line["id"],
        asked=asked,
        created_at=line["created_at"],
        starts=line["starts"],
        run_s=line["run_s"],
        deadline_at=line["deadline_at"],
    )


def ended_line(prediction: Prediction) -> Line:
    """Write down how an order ended."""
    return {
        "event": "ended",
        "id": prediction.id,
        "status": prediction.status,
        "charged_micros": prediction.charged.micros,
        "size": prediction.size,
        **{name: getattr(prediction, name) for name in _KEPT_AT_THE_END},
    }


def read_ended(line: Line, prediction: Prediction) -> None:
    """Read how an order ended."""
    prediction.status = Status(line["status"])
    prediction.charged = Money(line["charged_micros"])
    width, height = line["size"]
    prediction.size = (width, height)
    for name in _KEPT_AT_THE_END:
        setattr(prediction, name, line[name])
