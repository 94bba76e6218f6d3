"""Two workers on hosts of their own; one of them is cut off from the database for half a minute."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.databases import Cluster
from tests.support.hosted import check_money, rows_of, simulating, submit_live
from tests.support.processes import Place, serving
from tests.support.truth import check_books, check_results
from tests.support.warm import CALLSHEET

ROWS = 80
CUT_S = 30
NETWORK = "10.254.0.0/16"
PROVIDER = "10.254.9.9"
NOWHERE = "02:00:00:00:00:99"  # a station that nobody is


def run(*command: str) -> str:
    """Run a command that must succeed."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@dataclass
class Host:
    """A network namespace: a host of its own, with one line to this machine.

    On its line this machine has one address for the database, and another that leads to the
    provider, so that the way to the first can be cut.
    """

    name: str
    database: str

    def start(self, place: Place, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a command on this host."""
        with (place.folder / f"{self.name}.log").open("ab") as log:
            return subprocess.Popen(
                ["ip", "netns", "exec", self.name, CALLSHEET, *arguments],
                cwd=place.folder,
                env=place.environment(),
                stdout=log,
                stderr=log,
            )

    def cut(self) -> None:
        """Send what goes to the database to nobody, without a word: no reset, no refusal."""
        told = json.loads(run("ip", "-n", self.name, "-json", "neigh", "show", self.database))
        assert told, "it has never spoken to the database"
        self._neighbour("replace", "lladdr", NOWHERE, "nud", "permanent")

    def mend(self) -> None:
        """Let it find the database again."""
        self._neighbour("delete")

    def _neighbour(self, verb: str, *more: str) -> None:
        run("ip", "-n", self.name, "neigh", verb, self.database, "dev", "eth0", *more)


@contextmanager
def host(number: int) -> Iterator[Host]:
    """Make a host for a block."""
    name, line, net = f"callsheet{number}", f"cs{number}", f"10.254.{number}"
    subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)
    run("ip", "netns", "add", name)
    try:
        run("ip", "link", "add", line, "type", "veth", "peer", "name", "eth0", "netns", name)
        run("ip", "address", "add", f"{net}.1/24", "dev", line)
        run("ip", "address", "add", f"{net}.2/24", "dev", line)
        run("ip", "link", "set", line, "up")
        run("ip", "-n", name, "address", "add", f"{net}.9/24", "dev", "eth0")
        run("ip", "-n", name, "link", "set", "eth0", "up")
        run("ip", "-n", name, "link", "set", "lo", "up")
        run("ip", "-n", name, "route", "add", PROVIDER, "via", f"{net}.2")
        yield Host(name, f"{net}.1")
    finally:
        run("ip", "netns", "delete", name)


@contextmanager
def provider_address() -> Iterator[None]:
    """Give this machine the address under which every host knows the provider."""
    subprocess.run(
        ["ip", "address", "delete", f"{PROVIDER}/32", "dev", "lo"], check=False, capture_output=True
    )
    run("ip", "address", "add", f"{PROVIDER}/32", "dev", "lo")
    try:
        yield
    finally:
        run("ip", "address", "delete", f"{PROVIDER}/32", "dev", "lo")


def place_on(place: Place, here: Host) -> Place:
    """Word a place as a host sees it: it has its own way to the database."""
    return replace(place, database_url=place.database_url.replace("127.0.0.1", here.database))


@pytest.mark.timeout(240)
def test_worker_cut_off_from_the_database(tmp_path: Path, private_postgres: Cluster) -> None:
    """The other one takes over; back on the line, the first does no harm and works again."""
    private_postgres.let_in(NETWORK)
    url = private_postgres.create_database()
    with ExitStack() as stack:
        everywhere = ("--host", "0.0.0.0")  # noqa: S104  # its hosts are in this machine
        sim = stack.enter_context(simulating(tmp_path, *everywhere, run_s=1.0))
        stack.enter_context(provider_address())
        settings = sim.settings(CALLSHEET_PROVIDER_REPLICATE_CONCURRENT="6")
        settings["CALLSHEET_PROVIDER_REPLICATE_BASE_URL"] = f"http://{PROVIDER}:{sim.port}"
        place = Place(tmp_path, url, settings)
        hosts = [stack.enter_context(host(number)) for number in (1, 2)]
        web = stack.enter_context(serving(place, "web"))
        workers = [each.start(place_on(place, each), "worker") for each in hosts]
        try:
            job = submit_live(web.http, rows_of(ROWS, mark="[[sim: latency=0.3]]"))
            while len(sim.orders()) < ROWS // 4:
                time.sleep(0.05)
            hosts[0].cut()
            cut_at = time.monotonic()
            during = len(sim.orders())
            while time.monotonic() < cut_at + CUT_S:
                time.sleep(0.5)
            assert len(sim.orders()) > during, "the other worker did nothing"
            hosts[0].mend()
            check_results(web.wait_for(job, ["succeeded", "failed", "partial"], 90), ROWS)
            again = submit_live(web.http, rows_of(ROWS, mark="[[sim: latency=0.3]] again"))
            check_results(web.wait_for(again, ["succeeded", "failed", "partial"], 90), ROWS)
            assert all(worker.poll() is None for worker in workers)
        finally:
            for worker in workers:
                worker.terminate()
                worker.wait(30)
        check_books(url, job)
        check_money(place, sim, 2 * ROWS)
        log = (tmp_path / "callsheet1.log").read_text()
        assert "lease.waits" in log or "waits" in log
