"""The life of predictions: accepted and booked, started, ended, billed; by the clock alone.

Nothing waits for a prediction but one appointment in the heap, so any number may be under way.
"""

import base64
import hmac
import os
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial

from callsheet.kernel.money import Money
from callsheet.sim.replicate_billing import charge_of, metrics_of
from callsheet.sim.replicate_conditions import Conditions
from callsheet.sim.replicate_ledger import Ledger
from callsheet.sim.replicate_models import Model
from callsheet.sim.replicate_orders import Asked, Prediction, Status, output_of
from callsheet.sim.replicate_records import accepted_line, ended_line, read_accepted, read_ended
from callsheet.sim.timers import Timers

PAGE_SIZE = 100
_MOST_RUN_S = 1_800.0
_TOKEN_CHARS = 24
_ID_CHARS = 26

ERRORS: Mapping[str, str] = {
    "nsfw": "NSFW content detected. Try running it again, or try a different prompt.",
    "sensitive": (
        "The input or output was flagged as sensitive. Please try again with different inputs. "
        "(E005)"
    ),
    "busy": "Service is temporarily unavailable. Please try again later. (E004)",
    "memory": "CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 39.42 GiB total capacity)",
    "": "Prediction failed for an unknown reason. It might have run out of memory? (E9243)",
}

Events = Callable[[str, Prediction], None]  # start, logs, output, completed
ReadReferences = Callable[[Prediction, Callable[[], None]], None]


class Predictions:
    """All predictions since the last reset, by id and in order."""

    def __init__(
        self,
        conditions: Conditions,
        timers: Timers,
        ledger: Ledger,
        secret: bytes,
        models: Mapping[str, Model],
        events: Events,
        read_references: ReadReferences,
    ) -> None:
        self._conditions, self._timers, self._ledger = conditions, timers, ledger
        self._secret, self._models = secret, models
        self._events, self._read_references = events, read_references
        self._by_id: dict[str, Prediction] = {}
        self._in_order: list[Prediction] = []

    def __len__(self) -> int:
        return len(self._in_order)

    def __iter__(self) -> Iterator[Prediction]:
        return iter(self._in_order)

    def find(self, prediction_id: str) -> Prediction | None:
        """Find one, without what the service has removed by now."""
        found = self._by_id.get(prediction_id)
        if found is not None:
            found.forget(self._conditions.now(), self._conditions.output_life_s)
        return found

    def token(self, prediction_id: str) -> str:
        """Make the part of an output's URL that nobody can guess."""
        mac = hmac.digest(self._secret, prediction_id.encode(), "sha256").hex()
        return mac[:_TOKEN_CHARS] + prediction_id

    def delivered(self, token: str) -> Prediction | None:
        """Find the prediction that an output's URL belongs to."""
        found = self.find(token[_TOKEN_CHARS:])
        good = found is not None and hmac.compare_digest(self.token(found.id), token)
        return found if good else None

    def accept(self, asked: Asked) -> Prediction:
        """Book an order, then begin it. Raises OSError if the ledger cannot be written."""
        wall = self._conditions.wall()
        queue, run = _plan(self._conditions, asked)
        prediction = Prediction(
            seq=len(self._in_order),
            id=_new_id(),
            asked=asked,
            created_at=self._conditions.now(),
            starts=None if queue is None else wall + queue,
            run_s=run,
        )
        if asked.cancel_after_s is not None:
            prediction.deadline_at = prediction.created_at + asked.cancel_after_s
        self._ledger.write(accepted_line(prediction))
        self._add(prediction)
        return prediction

    def cancel(self, prediction: Prediction) -> None:
        """Stop it as its owner asked; what has begun is paid for."""
        if not prediction.ended:
            self._end_early(prediction, Status.CANCELED)

    def page(
        self, cursor: str | None, after: datetime | None, before: datetime | None
    ) -> tuple[list[Prediction], str | None, str | None]:
        """List the newest first, with the cursors of the pages before and after this one.

        Raises ValueError if `cursor` is none of ours.
        """
        start = len(self._in_order) if cursor is None else _read_cursor(cursor)
        found: list[Prediction] = []
        following = None
        for seq in range(min(start, len(self._in_order)) - 1, -1, -1):
            prediction = self._in_order[seq]
            if after is not None and prediction.created_at < after.timestamp():
                continue
            if before is not None and prediction.created_at >= before.timestamp():
                continue
            if len(found) == PAGE_SIZE:
                following = _cursor(seq + 1)
                break
            prediction.forget(self._conditions.now(), self._conditions.output_life_s)
            found.append(prediction)
        is_first = start >= len(self._in_order)
        return found, None if is_first else _cursor(start + PAGE_SIZE), following

    def restore(self) -> None:
        """Take up what the ledger holds: a service does not forget orders when it restarts."""
        for line in self._ledger.lines_found:
            if line["event"] == "accepted":
                self._add(read_accepted(line, self._models, len(self._in_order)))
            elif (prediction := self._by_id.get(line["id"])) is not None:
                read_ended(line, prediction)
        self._ledger.lines_found = []

    def clear(self) -> None:
        """Forget everything, with a mark in the ledger."""
        self._ledger.reset()
        self._by_id.clear()
        self._in_order.clear()

    def _add(self, prediction: Prediction) -> None:
        self._by_id[prediction.id] = prediction
        self._in_order.append(prediction)
        if prediction.starts is not None:
            self._timers.at(prediction.starts, partial(self._start, prediction))
        if prediction.deadline_at is not None:
            due = prediction.deadline_at - prediction.created_at + self._conditions.wall()
            self._timers.at(due, partial(self._pass_deadline, prediction))

    def _start(self, prediction: Prediction) -> None:
        if prediction.status is not Status.STARTING:
            return
        prediction.status = Status.PROCESSING
        prediction.started_at = self._conditions.now()
        prediction.logs = f"Using seed: {prediction.seed}\n"
        self._events("start", prediction)
        self._events("logs", prediction)
        prediction.reading = True
        self._read_references(prediction, partial(self._go_on, prediction))

    def _go_on(self, prediction: Prediction) -> None:
        prediction.reading = False
        if prediction.run_s is None or prediction.ended or prediction.starts is None:
            return
        run_s = min(prediction.run_s, _MOST_RUN_S)
        self._timers.at(prediction.starts + run_s, partial(self._finish, prediction))

    def _finish(self, prediction: Prediction) -> None:
        if prediction.ended:
            return
        error = self._failure(prediction)
        if error is None:
            prediction.output = output_of(prediction, self.token(prediction.id))
            prediction.logs += "Done\n"
            self._events("output", prediction)
            self._end(prediction, Status.SUCCEEDED, charge_of(prediction))
        else:
            prediction.error = error
            self._end(prediction, Status.FAILED, Money())

    def _failure(self, prediction: Prediction) -> str | None:
        faults = prediction.asked.faults
        if "error" in faults:
            return ERRORS.get(faults["error"], faults["error"])
        if prediction.run_s is not None and prediction.run_s > _MOST_RUN_S:
            return "Prediction timed out: the maximum run time is 30 minutes."
        return prediction.reference_error

    def _pass_deadline(self, prediction: Prediction) -> None:
        if not prediction.ended:
            begun = prediction.status is Status.PROCESSING
            self._end_early(prediction, Status.CANCELED if begun else Status.ABORTED)

    def _end_early(self, prediction: Prediction, status: Status) -> None:
        begun = prediction.status is Status.PROCESSING
        self._end(prediction, status, charge_of(prediction) if begun else Money())

    def _end(self, prediction: Prediction, status: Status, charge: Money) -> None:
        prediction.status, prediction.charged = status, charge
        prediction.completed_at = self._conditions.now()
        prediction.metrics = metrics_of(prediction)
        self._conditions.spend(charge)
        self._ledger.write(ended_line(prediction))
        if prediction.done is not None:
            prediction.done.set()
        self._events("completed", prediction)


def _plan(conditions: Conditions, asked: Asked) -> tuple[float | None, float | None]:
    faults = asked.faults
    queue = float(faults.get("queue") or conditions.queue_s)
    run = float(faults.get("run") or conditions.run_time(asked.model))
    return (
        None if "never_starts" in faults else queue,
        None if "never_ends" in faults else run,
    )


def _new_id() -> str:
    return base64.b32encode(os.urandom(17)).decode().lower()[:_ID_CHARS]


def _cursor(seq: int) -> str:
    return base64.urlsafe_b64encode(f"p={seq}".encode()).decode()


def _read_cursor(cursor: str) -> int:
    text = base64.urlsafe_b64decode(cursor.encode()).decode()
    if not text.startswith("p="):
        raise ValueError(cursor)
    return int(text.removeprefix("p="))
