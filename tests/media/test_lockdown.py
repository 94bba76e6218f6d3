"""Locks, tried from inside: each script runs in a process of its own and reports what it could."""

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from callsheet.media.lockdown import Lockdown, Network

ATTEMPTS = """
import encodings.idna, json, os, socket, sys  # nothing can be loaded once locked down
from callsheet.media import lockdown
from dataclasses import asdict

locks = lockdown.lock_down(1 << 30)
report = {"locks": asdict(locks), "missing": locks.missing}

def attempt(name, work):
    try:
        work()
        report[name] = "done"
    except (OSError, MemoryError) as error:
        report[name] = type(error).__name__

def send():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"secret", ("127.0.0.1", int(sys.argv[1])))

attempt("read", lambda: open("/etc/passwd").read())
attempt("list", lambda: os.listdir("/"))
attempt("write", lambda: open(sys.argv[2], "w").write("x"))
attempt("remove", lambda: os.remove(sys.argv[3]))
attempt("connect", lambda: socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=5))
attempt("send", send)
attempt("allocate", lambda: bytearray(4 << 30))
attempt("execute", lambda: os.execv("/bin/true", ["true"]))
attempt("signal", lambda: os.kill(os.getppid(), 0))
attempt("read package", lambda: open(lockdown.__file__).read())
attempt("open many", lambda: [os.dup(1) for _ in range(100)])
print(json.dumps(report))
"""


def run_script(script: str, *arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-I", "-c", script, *arguments], capture_output=True, check=True, text=True
    )
    report: dict[str, Any] = json.loads(done.stdout)
    return report


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Try everything in one locked-down process, with a server to be reached and a file to lose."""
    folder = tmp_path_factory.mktemp("outside")
    precious = folder / "precious"
    precious.write_text("kept")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        found = run_script(ATTEMPTS, port, str(folder / "written"), str(precious))
        server.settimeout(0)
        try:
            server.accept()
            found["reached"] = True
        except BlockingIOError:
            found["reached"] = False
    found["kept"] = precious.exists()
    found["left"] = (folder / "written").exists()
    return found


def need(report: dict[str, Any], *, landlock: int = 0) -> None:
    if report["locks"]["landlock"] < landlock:
        pytest.skip(f"this kernel has no Landlock {landlock}")


def test_limits_hold_everywhere(report: dict[str, Any]) -> None:
    """Memory and descriptors are bounded on any kernel."""
    assert report["allocate"] == "MemoryError"
    assert report["open many"] == "OSError"


def test_packages_stay_readable(report: dict[str, Any]) -> None:
    """What Python may still have to load can be read."""
    assert report["read package"] == "done"


def test_other_files_cannot_be_touched(report: dict[str, Any]) -> None:
    """No file outside can be read, listed, written, removed or run."""
    need(report, landlock=1)
    for name in ("read", "list", "write", "remove", "execute"):
        assert report[name] == "PermissionError", name
    assert report["kept"]
    assert not report["left"]


def test_network_cannot_be_reached(report: dict[str, Any]) -> None:
    """A server that listens next door gets no connection."""
    if report["locks"]["network"] == "open":
        pytest.skip("this kernel and container let no network be cut")
    assert report["connect"] in {"PermissionError", "OSError"}
    assert not report["reached"]
    if report["locks"]["network"] == "cut":
        assert report["send"] in {"PermissionError", "OSError"}


def test_processes_outside_cannot_be_signalled(report: dict[str, Any]) -> None:
    """Not even the parent can be sent a signal."""
    need(report, landlock=6)
    assert report["signal"] == "PermissionError"


def test_missing_locks_are_told_in_words() -> None:
    """A report names what a kernel does not give, and is silent where all is in force."""
    assert Lockdown(7, Network.CUT, filtered=True).missing == ()
    assert Lockdown(4, Network.NO_TCP, filtered=True).missing == ()
    assert len(Lockdown(0, Network.OPEN, filtered=False).missing) == 3
    whole = "limits, Landlock 7, network cut, system calls filtered"
    assert str(Lockdown(7, Network.CUT, filtered=True)) == whole
    assert "permissions alone" in str(Lockdown(0, Network.CUT, filtered=True))
    assert "any system call" in str(Lockdown(7, Network.CUT, filtered=False))


ROOT = str(Path(__file__).parents[2])
ATTACKS = Path(__file__).with_name("attacks.py").read_text()
ASKED_SOFTLY = {
    "open",
    "open for writing",
    "change its limits",
    "show its memory",
    "ignore the clock",
    "lift its own limits",
    "run new code",
}


def test_decoder_can_attack_nothing(tmp_path: Path) -> None:
    """Whatever a taken-over decoder tries is refused or its end, and leaves no trace outside."""
    victim = tmp_path / "victim"
    victim.write_text("kept")
    victim.chmod(0o640)
    before = victim.stat().st_mode, victim.stat().st_mtime_ns

    report = run_script(ATTACKS, str(victim))

    assert report.pop("precious") == "precious"
    if not report.pop("filtered"):
        pytest.skip("this kernel or container lets no system calls be filtered")
    ended = "broke its process (SIGSYS)"
    expected = {name: "refused" if name in ASKED_SOFTLY else ended for name in report}
    assert report == expected
    assert (victim.stat().st_mode, victim.stat().st_mtime_ns) == before
    assert victim.read_text() == "kept"
    assert sorted(tmp_path.iterdir()) == [victim]


def test_decoder_without_a_filter_cannot_touch_the_process_above(report: dict[str, Any]) -> None:
    """On a kernel without seccomp, Landlock and hidden memory keep it away."""
    need(report, landlock=6)
    touching = ("write into the process above", "attach to it", "kill it")
    without = f"import sys\nsys.path.insert(0, {ROOT!r})\nfrom tests.support.lacking import lack\n"
    found = run_script(f"{without}lack('seccomp')\n{ATTACKS}", "nothing", *touching)
    assert found.pop("filtered") is False
    assert found.pop("precious") == "precious"
    assert found == dict.fromkeys(touching, "refused")


LAYERS = """
import ctypes, json, os, sys
from callsheet.media import landlock
from callsheet.media.lockdown import hide

libc = ctypes.CDLL(None, use_errno=True)
precious = ctypes.create_string_buffer(b"precious")

class Piece(ctypes.Structure):
    _fields_ = (("start", ctypes.c_void_p), ("length", ctypes.c_size_t))

def attack(above):
    forged = ctypes.create_string_buffer(b"FORGED!!")
    ours = Piece(ctypes.addressof(forged), 8)
    theirs = Piece(ctypes.addressof(precious), 8)
    wrote = libc.process_vm_writev(above, ctypes.byref(ours), 1, ctypes.byref(theirs), 1, 0)
    attached = libc.ptrace(16, above, None, None)
    return [wrote == 8, attached == 0]

libc.prctl(38, 1, 0, 0, 0)
if "hide" in sys.argv:
    hide(libc)
read_end, write_end = os.pipe()
if (child := os.fork()) == 0:
    if "landlock" in sys.argv:
        landlock.restrict(libc, ())
    os.write(write_end, json.dumps(attack(os.getppid())).encode())
    os._exit(0)
os.waitid(os.P_PID, child, os.WEXITED)
print(json.dumps({"done": json.loads(os.read(read_end, 99)), "precious": precious.value.decode()}))
"""


@pytest.mark.parametrize("layer", ["hide", "landlock"])
def test_each_layer_alone_keeps_a_fork_from_the_process_above(
    layer: str, report: dict[str, Any]
) -> None:
    """Hidden memory without Landlock, and Landlock without hidden memory, and no filter at all."""
    need(report, landlock=1)
    assert run_script(LAYERS, layer) == {"done": [False, False], "precious": "precious"}


LACKING = """
import json, sys
from dataclasses import asdict
sys.path.insert(0, sys.argv[1])
from tests.support.lacking import lack
lack(*sys.argv[2:])
from callsheet.media.lockdown import lock_down
locks = lock_down(4 << 30)
print(json.dumps({"missing": locks.missing, "landlock": locks.landlock}))
"""


@pytest.mark.parametrize(
    ("lacks", "told"),
    [
        (["Landlock"], ["no Landlock"]),
        (["seccomp"], ["no seccomp"]),
        (["Landlock", "user namespaces"], ["no Landlock", "the network is not cut"]),
    ],
)
def test_lock_that_a_kernel_does_not_give_is_told(lacks: list[str], told: list[str]) -> None:
    """Where a container forbids what a lock is made of, it is named, and the others hold."""
    missing = run_script(LACKING, ROOT, *lacks)["missing"]
    assert len(missing) == len(told)
    for said, words in zip(missing, told, strict=True):
        assert words in said
