"""The simulated Replicate's book holds every order, whatever becomes of its process."""

import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from callsheet.sim.core.ledger import Ledger, UnreadableLedgerError
from tests.sim.simulated import PATIENCE_S, SCHNELL, TOKEN, Simulated, quick, simulating
from tests.support.plain import NO_TLS

START = "from callsheet.main import main; main()"


@contextlib.contextmanager
def running(port: int, ledger: Path, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run `callsheet sim replicate` and wait until it answers; kill it in the end."""
    command = ["sim", "replicate", f"--port={port}", f"--ledger={ledger}", *options]
    with subprocess.Popen([sys.executable, "-c", START, *command]) as process:
        try:
            deadline = time.monotonic() + PATIENCE_S
            while True:
                try:
                    httpx2.get(f"http://127.0.0.1:{port}/_admin/state", verify=NO_TLS)
                    break
                except httpx2.TransportError:
                    assert time.monotonic() < deadline, "the simulator does not answer"
                    assert process.poll() is None
                    time.sleep(0.05)
            yield process
        finally:
            process.kill()


def client(port: int) -> httpx2.Client:
    """Speak to a simulator."""
    headers = {"authorization": f"Bearer {TOKEN}"}
    return httpx2.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, verify=NO_TLS)


def ask(http: httpx2.Client, prompt: str) -> httpx2.Response:
    """Ask for a prediction."""
    return http.post(f"/v1/models/{SCHNELL}/predictions", json={"input": {"prompt": prompt}})


def test_orders_outlive_their_process(unused_port: int, tmp_path: Path) -> None:
    """After kill -9 the book holds answered and unanswered orders, and both come to their end."""
    ledger = tmp_path / "ledger.jsonl"
    with running(unused_port, ledger, "--run-seconds=0") as process, client(unused_port) as http:
        done = ask(http, "done").json()
        while http.get(f"/v1/predictions/{done['id']}").json()["status"] != "succeeded":
            time.sleep(0.01)
        output = http.get(f"/v1/predictions/{done['id']}").json()["output"][0]
        picture = http.get(output).content
        under_way = ask(http, "[[sim: run=1]]").json()
        with pytest.raises(httpx2.TransportError):
            ask(http, "[[sim: reset_after_accept]]")
        process.send_signal(signal.SIGKILL)
        process.wait()

    with running(unused_port, ledger, "--run-seconds=0"), client(unused_port) as http:
        book = http.get("/_admin/ledger").json()
        assert [order["id"] for order in book["orders"]][:2] == [done["id"], under_way["id"]]
        assert len(book["orders"]) == 3
        assert http.get(output).content == picture
        while http.get("/_admin/ledger").json()["totals"]["by_status"] != {"succeeded": 3}:
            time.sleep(0.05)
        assert http.get("/_admin/ledger").json()["totals"]["charged_micros"] == 9_000

    lines = [json.loads(line) for line in ledger.read_text().splitlines()]
    assert [line["event"] for line in lines].count("accepted") == 3
    assert [line["event"] for line in lines].count("ended") == 3


async def test_the_book_sums_up(sim: Simulated) -> None:
    """Totals count orders and money, and name the takes that were paid for twice."""
    takes = ["tk_0123456789abcdefghj1", "tk_0123456789abcdefghj2", "tk_0123456789abcdefghj1"]
    for take in takes:
        await sim.made(webhook={"webhook": f"http://127.0.0.1:9/{take}"}, num_outputs=2)
    book = await sim.ledger()
    assert [order["take"] for order in book["orders"]] == takes
    assert book["totals"]["twice"] == [takes[0]]
    assert book["totals"]["charged_usd"] == "0.018000"
    one = (await sim.http.get(f"/_admin/ledger?take={takes[1]}")).json()["orders"]
    assert [order["seq"] for order in one] == [1]
    rest = (await sim.http.get("/_admin/ledger?after=0&limit=1")).json()["orders"]
    assert [order["seq"] for order in rest] == [1]
    assert (await sim.http.get("/_admin/ledger?after=x")).status_code == 400


async def test_misspelt_inputs_are_noted(sim: Simulated) -> None:
    """Inputs that the model does not read are let through, and the book names them."""
    made = await sim.made(apect_ratio="16:9")
    assert made["status"] == "succeeded"
    assert (await sim.ledger())["orders"][0]["unknown_inputs"] == ["apect_ratio"]


async def test_reset_is_a_line_of_the_book(tmp_path: Path) -> None:
    """A reset erases nothing, but what stood before does not come back."""
    path = tmp_path / "ledger.jsonl"
    async with simulating(quick(), ledger=path) as sim:
        await sim.made("before")
        await sim.http.post("/_admin/reset")
        await sim.made("after")
    assert '"before"' in path.read_text()
    async with simulating(quick(), ledger=path) as sim:
        orders = (await sim.ledger())["orders"]
        assert [(await sim.told(order["id"]))["input"]["prompt"] for order in orders] == ["after"]


def test_torn_lines_are_cut_off(tmp_path: Path) -> None:
    """A line that was never finished is nobody's order; the book goes on before it."""
    path = tmp_path / "ledger.jsonl"
    path.write_text('{"event":"accepted","id":"a"}\n{"event":"acc')
    ledger = Ledger.open(path)
    assert [line["id"] for line in ledger.lines_found] == ["a"]
    ledger.write({"event": "ended", "id": "a"})
    ledger.close()
    assert path.read_text() == '{"event":"accepted","id":"a"}\n{"event":"ended","id":"a"}\n'


def test_damaged_books_are_refused(tmp_path: Path) -> None:
    """A damaged line in the middle is told with its number, and the file is left alone."""
    path = tmp_path / "ledger.jsonl"
    path.write_text('{"event":"accepted","id":"a"}\nnot ours\n{"event":"ended","id":"a"}\n')
    with pytest.raises(UnreadableLedgerError, match="line 2"):
        Ledger.open(path)
