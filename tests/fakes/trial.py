"""A trial: an order with a fault, a worker killed, a clock set, and what came of it."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings

from callsheet.database.connections import parse_url, sync_engine
from callsheet.jobs.tables import JOURNAL
from callsheet.takes.tables import TAKES
from tests.fakes.serving import Fake, Fault
from tests.support.hosted import submit_live
from tests.support.processes import Place, serve, stop
from tests.support.scale import scaled
from tests.support.warm import Process, WarmProcess

POINTS = (
    "intend/after commit",
    "send/before submit",
    "send/while submitting",
    "send/after submit",
    "_write_tickets/before commit",
    "_write_tickets/after commit",
)
# where the worker dies that takes over; not each is passed in each trial
LATER_POINTS = (
    "",
    "_doubt/after commit",
    "put_back/before commit",
    "put_back/after commit",
    "accept_evidence/before commit",
    "accept_evidence/after commit",
    "ask_person/before commit",
    "send/after submit",
)
ENDED = ("succeeded", "failed", "cancelled")
_DIES_S = 5.0  # within which a worker comes to its point, or never will


def trials(short: int, whole: int) -> Callable[[Any], Any]:
    """Bound a property's examples: a few that are always the same, many with `--all`."""
    decorate: Callable[[Any], Any] = settings(
        max_examples=scaled(short, whole),
        derandomize=scaled(short=True, whole=False),
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    return decorate


@dataclass(frozen=True)
class Trial:
    """What befalls one wish: `step_s` is how far the clock is set before a worker takes over."""

    fault: Fault = Fault.NONE
    point: str = ""
    later_point: str = ""
    step_s: int = 0
    behaviour: str = ""


@dataclass(frozen=True)
class Outcome:
    """What came of a trial, read from the provider's log and from our books."""

    orders: Counter[str]
    takes: list[dict[str, Any]]
    journal: list[tuple[str, Any]]

    @property
    def statuses(self) -> set[str]:
        """How the takes stand."""
        return {str(take["status"]) for take in self.takes}

    @property
    def waits_for_a_person(self) -> bool:
        """Whether somebody is asked."""
        return any(take["status"] == "in_doubt" and take["due_at"] is None for take in self.takes)

    @property
    def told_twice(self) -> list[Any]:
        """What the journal says of second orders."""
        return [body for kind, body in self.journal if kind == "ordered_twice"]

    @property
    def noticed(self) -> bool:
        """Whether somebody hears that not all is as it should be."""
        kinds = {kind for kind, _ in self.journal}
        return "in_doubt" in self.statuses or bool(kinds & {"ordered_twice", "order_unclaimed"})


def conduct(
    folder: Path,
    database_url: str,
    fake: Fake,
    trial: Trial,
    *,
    wishes: int = 1,
    ends_s: float = 45,
    noticed_within_s: float = 0,
) -> Outcome:
    """Order, kill, set the clock, let another worker take over, and see what came of it.

    The end is when all takes have ended or wait for a person, or after `ends_s`; and then, if that
    is awaited, when somebody hears that not all is as it should be.
    """
    folder.mkdir()
    fake.orders.clear()
    fake.log = folder / "orders.jsonl"
    fake.faults = [trial.fault] if trial.fault is not Fault.NONE else []
    place = Place(folder, database_url or f"sqlite:///{folder}/cs.db", fake.settings())
    server = serve(place, "web")
    public = {"CALLSHEET_PUBLIC_URL": f"http://127.0.0.1:{server.port}"}
    place.settings = {**place.settings, **public}
    try:
        items = [{"prompt": f"wish {n}, all alone", "model": fake.model} for n in range(wishes)]
        job = submit_live(server.http, items)
        for name, point in (("first", trial.point), ("second", trial.later_point)):
            if point:
                _let_die(place, job, name, point, trial.step_s if name == "second" else 0)
        worker = _start(place, "last", "", trial.step_s)
        try:
            _until(lambda: _rests(place, job), ends_s)
            _until(lambda: _outcome(place, fake, job).noticed, noticed_within_s)
        finally:
            stop(worker)
    finally:
        server.http.close()
        stop(server.process)
    return _outcome(place, fake, job)


def _let_die(place: Place, job: str, name: str, point: str, step_s: int) -> None:
    worker = _start(place, name, point, step_s)
    _until(lambda: worker.poll() is not None or _rests(place, job), _DIES_S)
    worker.kill()
    worker.wait()


def _start(place: Place, name: str, point: str, step_s: int) -> Process:
    """Start a worker, dead at a point, and with its clock set otherwise than that of the others."""
    arguments, environment = [str(place.folder / name), point], place.environment()
    out = place.folder / f"{name}.log"
    if not step_s:
        entry = "tests.support.killing:main"
        return WarmProcess(
            arguments, folder=place.folder, environment=environment, out=out, entry=entry
        )
    library = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    faked = {"FAKETIME": f"{step_s:+d}", "LD_PRELOAD": str(library), "DONT_FAKE_MONOTONIC": "1"}
    source = "from tests.support.killing import main; main()"
    with out.open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-c", source, *arguments],
            cwd=Path(__file__).parent.parent.parent,
            env={**environment, **faked},
            stdout=log,
            stderr=log,
        )


def _rests(place: Place, job: str) -> bool:
    """Tell whether every take has ended or waits for a person."""
    engine = sync_engine(parse_url(place.database_url))
    with engine.connect() as connection:
        query = sa.select(TAKES.c.status, TAKES.c.due_at).where(TAKES.c.job == job)
        takes = connection.execute(query).all()
    engine.dispose()
    return bool(takes) and all(
        take.status in ENDED or (take.status == "in_doubt" and take.due_at is None)
        for take in takes
    )


def _until(true: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and not true():
        time.sleep(0.1)


def _outcome(place: Place, fake: Fake, job: str) -> Outcome:
    engine = sync_engine(parse_url(place.database_url))
    with engine.connect() as connection:
        takes = connection.execute(sa.select(TAKES).where(TAKES.c.job == job)).mappings().all()
        query = sa.select(JOURNAL.c.kind, JOURNAL.c.body).where(JOURNAL.c.job == job)
        journal = [(row.kind, row.body) for row in connection.execute(query)]
    engine.dispose()
    orders = Counter(order["wish"] for order in fake.logged())
    return Outcome(orders, [dict(take) for take in takes], journal)
