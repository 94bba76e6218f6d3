"""`callsheet` as a shell finds it, whose processes start warm.

What stands on the PATH is a small program: it hands its arguments, folder, environment and streams
to the tests, which fork the process (see `warm`), passes signals on, and ends as that process does.
Killed, it takes the process with it.
"""

import json
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from tests.support.warm import WarmProcess

_ENDED_BY = 128  # and the number of a signal, as shells tell it
_PROGRAM = """#!{python} -IS
import json, os, signal, socket, sys
wire = socket.socket(socket.AF_UNIX)
wire.connect({address!r})
told = dict(pid=os.getpid(), arguments=sys.argv[1:], folder=os.getcwd())
told["environment"] = dict(os.environ)
wire.sendall(json.dumps(told).encode() + b"\\n")
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda number, _: wire.sendall(bytes([number])))
os._exit(wire.recv(1)[0])
"""


@contextmanager
def callsheet_on_path(folder: Path) -> Iterator[Path]:
    """Make a folder to put before all others of PATH, for a block."""
    bin_, address = folder / "bin", folder / "typed"
    bin_.mkdir(parents=True)
    program = bin_ / "callsheet"
    program.write_text(_PROGRAM.format(python=sys.executable, address=str(address)))
    program.chmod(0o755)
    with socket.create_server(str(address), family=socket.AF_UNIX) as listening:
        threading.Thread(target=_serve, args=[listening], daemon=True).start()
        try:
            yield bin_
        finally:
            listening.shutdown(socket.SHUT_RDWR)


def _serve(listening: socket.socket) -> None:
    while True:
        try:
            wire, _ = listening.accept()
        except OSError:  # the block has ended
            return
        lines = wire.makefile("rb")
        process = _started(lines)
        for work in (_pass_signals_on, _tell_the_end):
            threading.Thread(target=work, args=[wire, lines, process], daemon=True).start()


def _started(lines: IO[bytes]) -> WarmProcess:
    told = json.loads(lines.readline())
    streams = [Path(f"/proc/{told['pid']}/fd/{number}") for number in range(3)]
    return WarmProcess(
        told["arguments"],
        folder=Path(told["folder"]),
        environment=told["environment"],
        typed=streams[0],
        out=streams[1],
        errors=streams[2],
    )


def _pass_signals_on(_wire: socket.socket, lines: IO[bytes], process: WarmProcess) -> None:
    while number := lines.read(1):
        process.send_signal(number[0])
    process.kill()


def _tell_the_end(wire: socket.socket, _lines: IO[bytes], process: WarmProcess) -> None:
    status = process.wait()
    with wire, suppress(BrokenPipeError):  # killed, the program does not wait
        wire.sendall(bytes([status if status >= 0 else _ENDED_BY - status]))
