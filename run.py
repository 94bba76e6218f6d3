#!/usr/bin/env python3
"""Set callsheet up and run it, or its tests, with nothing installed but Python.

    python3 run.py demo [ARGUMENTS]     make pictures of examples/launch.csv in build/launch;
                                        arguments go to `callsheet run`
    python3 run.py up [ARGUMENTS]       start callsheet, web and worker in one, on this machine
    python3 run.py test                 all checks and tests; --keep-going does not stop at the
                                        first failing check; --all runs every point, fault and
                                        example of the long tests, which takes an hour
    python3 run.py test ARGUMENTS       pytest alone, with these arguments
    python3 run.py check                all checks, no tests; --keep-going as above
    python3 run.py pythons              a short set of tests on each other Python of this machine
                                        that callsheet supports; `test` alone ends with it
    python3 run.py bench [NAMES]        all benchmarks, or those named

What is installed goes into .venv and .tools beside this file, for the system's own /usr/bin/python3
where callsheet supports it, else for the Python that runs this file. Exit status: 0 done, 1 failed,
2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import FrameType

ROOT: Final = Path(__file__).resolve().parent
VENV: Final = ROOT / ".venv"
TOOLS: Final = ROOT / ".tools"
PACKAGE: Final = ROOT / "src" / "callsheet"
STAMP: Final = VENV / "run-stamp.json"
COMPILED: Final = VENV / "run-compiled"

UV_MINIMUM: Final = (0, 13)
UV_REQUIREMENT: Final = "uv>=0.13,<0.14"
PYTHONS: Final = ((3, 11), (3, 12), (3, 13), (3, 14))  # as pyproject.toml says
SYSTEM_PYTHON: Final = Path("/usr/bin/python3")
ALL_GROUPS: Final = frozenset({"test", "lint"})

EXIT_FAILED: Final = 1
EXIT_USAGE: Final = 2

DEMO: Final = ("run", "examples/launch.csv", "--out", "build/launch")
CHECKS: Final = (
    ("format", ("ruff", "format", "--check", ".")),
    ("lint", ("ruff", "check", ".")),
    ("types", ("mypy",)),
    ("imports", ("lint-imports", "--no-logo")),
    ("dependencies", ("deptry", "--no-ansi", "src")),
)
# More than there are cores: half of the time tests wait, for what a process does or a clock says.
ALL_TESTS: Final = ("pytest", "-n", "4", "--dist", "worksteal")
# What differs most from one Python to the next: asyncio and its TLS, SQLite, processes, locks.
SHORT_TESTS: Final = (
    "tests/net/test_secret_lines.py",
    "tests/net/test_sockets.py",
    "tests/net/test_names.py",
    "tests/engine/test_taking.py",
    "tests/media/test_clips.py",
    "tests/media/test_lockdown.py",
    "tests/cli/test_commands.py::test_run_beside_a_server_lets_it_work",
    "tests/hosted/test_command_line.py::test_live_run_asks_once_with_the_money",
)


class SetupError(Exception):
    """This machine cannot be set up; the message says what to do."""


class UsageError(Exception):
    """The command line makes no sense."""


class StoppedError(Exception):
    """A signal asked us to stop."""

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name}")
        self.exit_status = 128 + number


class Stamp(NamedTuple):
    """What the environment was last made from."""

    digest: str
    groups: frozenset[str]


# --- talking and calling ----------------------------------------------------------------------


def say(text: str) -> None:
    """Tell what happens now, on standard error: standard output belongs to the job."""
    bold = sys.stderr.isatty() and "NO_COLOR" not in os.environ
    print(f"\033[1m{text}\033[0m" if bold else text, file=sys.stderr, flush=True)


def environment(venv: Path = VENV) -> dict[str, str]:
    """Copy our environment for the tools that we call, which so find one of ours."""
    mine = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    # The machine may sit behind a proxy whose certificate only the system knows.
    return {"UV_SYSTEM_CERTS": "1", **mine, "UV_PROJECT_ENVIRONMENT": str(venv)}


def call(command: Sequence[str | Path], venv: Path = VENV) -> int:
    """Run a command to its end; a request to stop is passed on, and its end waited for."""
    stopped_by: list[int] = []
    try:
        words = [str(part) for part in command]
        child = subprocess.Popen(words, cwd=ROOT, env=environment(venv))
    except OSError as error:
        raise SetupError(f"cannot start {command[0]}: {error.strerror}") from error

    def pass_on(number: int, _frame: FrameType | None) -> None:
        stopped_by.append(number)
        if number != signal.SIGINT or not sys.stdin.isatty():  # a terminal has told it already
            child.send_signal(number)

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        status = child.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if stopped_by:
        raise StoppedError(stopped_by[0])
    return status


def become(program: str, *arguments: str) -> NoReturn:
    """Turn into a program of the environment, which so gets our signals and our terminal."""
    path = VENV / "bin" / program
    if not path.exists():
        raise SetupError(f"{path} is missing; remove {VENV} and try again")
    sys.stdout.flush()
    os.chdir(ROOT)
    os.execve(path, [str(path), *arguments], environment())  # noqa: S606 - no shell is wanted


# --- system packages --------------------------------------------------------------------------


def missing_packages() -> list[str]:
    """Name the Debian packages that the tests need and this machine lacks."""
    missing = []
    servers = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    if not any(servers) and shutil.which("initdb") is None:
        missing.append("postgresql")
    if shutil.which("chromium") is None:
        missing.append("chromium")
    if shutil.which("curl") is None:
        missing.append("curl")
    if shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:" + os.environ.get("PATH", "")) is None:
        missing.append("pgbouncer")
    if not any(Path("/usr/lib").glob("*/faketime/libfaketime.so.1")):
        missing.append("libfaketime")
    return missing


def install_packages(packages: Sequence[str]) -> None:
    """Install Debian packages as root or by sudo without a password, else say what to type."""
    if not packages:
        return
    names = " ".join(packages)
    if shutil.which("apt-get") is None:
        raise SetupError(f"please install, with your system's package manager: {names}")
    as_root = root_prefix()
    if as_root is None:
        line = f"sudo apt-get install --no-install-recommends {names}"
        raise SetupError(
            f"{names}: not installed here, and it takes root to do so; type:\n\n    {line}\n"
        )
    say(f"Installing {names}")
    apt = [*as_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    install = [*apt, "install", "--yes", "--no-install-recommends", *packages]
    if call(install) != 0:
        # The machine's list of packages may be empty, or older than the packages.
        call([*apt, "update"])
        if call(install) != 0:
            raise SetupError(f"apt-get could not install {names}; see above")


def root_prefix() -> list[str] | None:
    """Say how to run a command as root; None if we may not."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo is None or call_quietly(sudo, "-n", "true") is None:
        return None
    return [sudo, "-n"]


def call_quietly(*command: str) -> str | None:
    """Run a command and give what it printed; None if it failed."""
    try:
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, timeout=60, cwd=ROOT
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


# --- uv ---------------------------------------------------------------------------------------


def find_uv() -> str | None:
    """Find a uv that is new enough, on PATH or where we put one."""
    for candidate in (shutil.which("uv"), str(TOOLS / "bin" / "uv")):
        if candidate is not None:
            printed = call_quietly(candidate, "--version")
            version = re.match(r"uv (\d+)\.(\d+)", printed or "")
            if version and (int(version[1]), int(version[2])) >= UV_MINIMUM:
                return candidate
    return None


def install_uv() -> str:
    """Put uv into .tools, from the Python package index."""
    say("Installing uv into .tools")
    shutil.rmtree(TOOLS, ignore_errors=True)
    if call([*make_tools(), "install", "--quiet", UV_REQUIREMENT]) != 0:
        shutil.rmtree(TOOLS, ignore_errors=True)
        raise SetupError(
            f"pip could not install {UV_REQUIREMENT}; see above. If uv is installed by other means"
            " (https://docs.astral.sh/uv/), it is taken from PATH"
        )
    return str(TOOLS / "bin" / "uv")


def make_tools() -> list[str]:
    """Make a virtual environment in .tools; gives the pip command that installs into it.

    Debian splits venv's way of getting pip off into a package of its own. Where it is missing, the
    system's pip does as well, if there is one.
    """
    inside = str(TOOLS / "bin" / "python")
    if importlib.util.find_spec("ensurepip") is None and importlib.util.find_spec("pip"):
        if call([sys.executable, "-m", "venv", "--without-pip", TOOLS]) == 0:
            return [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", inside]
    elif importlib.util.find_spec("ensurepip") is None:
        install_packages(["python3-venv"])
    if call([sys.executable, "-m", "venv", TOOLS]) != 0:
        shutil.rmtree(TOOLS, ignore_errors=True)
        raise SetupError(f"{sys.executable} cannot make a virtual environment; see above")
    return [inside, "-m", "pip", "--disable-pip-version-check"]


# --- the environment --------------------------------------------------------------------------


def prepare(groups: Iterable[str] = ()) -> None:
    """Install what uv.lock says, with these dependency groups, unless that is done already."""
    wanted = frozenset(groups)
    found = read_stamp()
    if found is None or found.digest != environment_digest() or not wanted <= found.groups:
        sync(wanted)
        kept = found.groups if found and found.digest == environment_digest() else frozenset()
        stamp = {"digest": environment_digest(), "groups": sorted(wanted | kept)}
        STAMP.write_text(json.dumps(stamp), encoding="utf-8")
    compile_package()


def sync(groups: frozenset[str]) -> None:
    """Let uv make the environment.

    Only the full set of groups removes what is not in it: a demo must not take the tests' tools.
    """
    uv = find_uv() or install_uv()
    say("Installing what callsheet needs into .venv")
    command = [*sync_command(uv, groups), "--compile-bytecode"]
    if groups != ALL_GROUPS:
        command.append("--inexact")
    if not environment_works():
        command += ["--python", choose_python()]
    if call(command) != 0:
        raise SetupError("uv could not install what uv.lock asks for; see above")


def sync_command(uv: str, groups: Iterable[str]) -> list[str]:
    """Word the command that makes an environment from the lock."""
    command = [uv, "sync", "--frozen", "--no-default-groups"]
    for group in sorted(groups):
        command += ["--group", group]
    if not sys.stderr.isatty():
        command.append("--quiet")
    return command


def environment_works() -> bool:
    """Tell whether .venv stands on the Python that it should, so that uv should stay with it."""
    wanted, found = choose_python(), version_of(VENV)
    if found is None or not (VENV / "bin" / "python").exists():
        return False
    if os.sep not in wanted:
        return found in PYTHONS
    return (VENV / "bin" / "python").resolve() == Path(wanted).resolve()


def version_of(environment: Path) -> tuple[int, int] | None:
    """Read which Python a virtual environment was made for; None if it is none."""
    try:
        settings = (environment / "pyvenv.cfg").read_text(encoding="utf-8")
    except OSError:
        return None
    version = re.search(r"^version(?:_info)? *= *(\d+)\.(\d+)", settings, re.MULTILINE)
    return (int(version[1]), int(version[2])) if version else None


def choose_python() -> str:
    """Choose the interpreter for .venv: the system's, else ours, else one on PATH, else uv's own.

    The system's is what callsheet will run on where it is installed: what fails there must not be
    hidden by another that stands before it on PATH.
    """
    system = re.fullmatch(r"python(\d)\.(\d+)", SYSTEM_PYTHON.resolve().name)
    if system and (int(system[1]), int(system[2])) in PYTHONS:
        return str(SYSTEM_PYTHON)
    if sys.version_info[:2] in PYTHONS:
        base = Path(sys.base_prefix) / "bin" / name_of(sys.version_info[:2])
        return str(base) if base.exists() else sys.executable
    found = (find_python(version) for version in PYTHONS)
    return next(filter(None, found), "{}.{}".format(*PYTHONS[0]))


def name_of(version: tuple[int, int]) -> str:
    """Name a Python as its program is named."""
    return "python{}.{}".format(*version)


def find_python(version: tuple[int, int]) -> str | None:
    """Find a Python that answers, on PATH or among pyenv's, whose shims often do not."""
    name = name_of(version)
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    pyenv = sorted(root.glob("versions/{}.{}.*/bin".format(*version)), reverse=True)
    path = map(Path, os.environ.get("PATH", os.defpath).split(os.pathsep))
    for program in (folder / name for folder in (*path, *pyenv)):
        said = call_quietly(str(program), "-c", "import sys; print(sys.version_info[:2])")
        if said is not None and said.strip() == str(version):
            return str(program)
    return None


def environment_digest() -> str:
    """Digest all that decides what .venv holds."""
    digest = hashlib.sha256()
    for file in ("uv.lock", "pyproject.toml"):
        digest.update((ROOT / file).read_bytes())
    digest.update(str((VENV / "bin" / "python").resolve()).encode())
    return digest.hexdigest()


def read_stamp() -> Stamp | None:
    """Read what the environment was last made from; None if unknown or if it does not work."""
    if not environment_works():
        return None
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
        return Stamp(stamp["digest"], frozenset(stamp["groups"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def compile_package() -> None:
    """Compile our own sources, which stay outside .venv, where they changed.

    Some machines forbid Python to write bytecode as it goes; each start would compile all again.
    """
    since = COMPILED.stat().st_mtime if COMPILED.exists() else 0.0
    if all(source.stat().st_mtime <= since for source in PACKAGE.rglob("*.py")):
        return
    COMPILED.touch()
    # What does not compile is reported, better, by whoever imports it.
    call_quietly(str(VENV / "bin" / "python"), "-m", "compileall", "-qq", str(PACKAGE))


# --- the commands -----------------------------------------------------------------------------


def demo(arguments: Sequence[str]) -> NoReturn:
    """Run the main job."""
    prepare()
    become("callsheet", *DEMO, *arguments)


def up(arguments: Sequence[str]) -> NoReturn:
    """Start callsheet."""
    prepare()
    become("callsheet", "up", *arguments)


def test(arguments: Sequence[str]) -> int:
    """Run all checks, then all tests; or pytest alone with arguments."""
    chosen = [argument for argument in arguments if argument != "--keep-going"]
    if chosen not in ([], ["--all"]):
        prepare(ALL_GROUPS)
        return call_tests("pytest", *chosen)
    install_packages(missing_packages())
    prepare(ALL_GROUPS)
    failed = run_checks(keep_going="--keep-going" in arguments)
    if failed and "--keep-going" not in arguments:
        return EXIT_FAILED
    say("== tests")
    tests = call_tests(*ALL_TESTS, *chosen)
    if tests and "--keep-going" not in arguments:
        return tests
    return pythons(()) or tests or (EXIT_FAILED if failed else 0)


def check(arguments: Sequence[str]) -> int:
    """Run all checks."""
    unknown = [argument for argument in arguments if argument != "--keep-going"]
    if unknown:
        raise UsageError(f"check takes only --keep-going, not {unknown[0]!r}")
    prepare(ALL_GROUPS)
    return EXIT_FAILED if run_checks(keep_going="--keep-going" in arguments) else 0


def run_checks(*, keep_going: bool) -> list[str]:
    """Run the checks in order, to the first failure or all; gives the names of those failed."""
    failed = []
    for name, (program, *options) in CHECKS:
        say(f"== {name}")
        started = time.monotonic()
        status = call([VENV / "bin" / program, *options])
        took = f"{time.monotonic() - started:.1f} s"
        say(f"   {'ok' if status == 0 else 'FAILED'}, {took}")
        if status != 0:
            failed.append(name)
            if not keep_going:
                break
    if failed:
        say(f"== failed: {', '.join(failed)}")
    return failed


def call_tests(program: str, *arguments: str) -> int:
    """Run pytest, whose summary has the last word."""
    return 0 if call([VENV / "bin" / program, *arguments]) == 0 else EXIT_FAILED


def pythons(arguments: Sequence[str]) -> int:
    """Run the short set of tests on every other Python that is supported and found."""
    if arguments:
        raise UsageError(f"pythons takes no arguments, not {arguments[0]!r}")
    prepare(ALL_GROUPS)
    failed = []
    for version in PYTHONS:
        if version == version_of(VENV):
            continue
        name, program = name_of(version), find_python(version)
        if program is None:
            say(f"== {name}: passed over, not found on this machine")
            continue
        say(f"== {name}: {program}")
        if not short_tests_pass(program, TOOLS / name):
            failed.append(name)
    if failed:
        say(f"== failed: {', '.join(failed)}")
    return EXIT_FAILED if failed else 0


def short_tests_pass(program: str, venv: Path) -> bool:
    """Bring a Python's own environment up to date and run the short set of tests in it.

    Only what these import is compiled: all of it would take longer than they do.
    """
    sync = sync_command(find_uv() or install_uv(), {"test"})
    if call([*sync, "--python", program], venv) != 0:
        return False
    return call([venv / "bin" / "pytest", "-n", "3", *SHORT_TESTS], venv) == 0


def bench(names: Sequence[str]) -> int:
    """Run benchmarks one after another."""
    scripts = {
        script.stem: script
        for script in sorted((ROOT / "benchmarks").glob("*.py"))
        if not script.stem.startswith("_")
    }
    unknown = [name for name in names if name not in scripts]
    if unknown:
        known = ", ".join(scripts) or "none"
        raise UsageError(f"there is no benchmark {unknown[0]!r}; there are: {known}")
    prepare({"test"})
    failed = []
    for name in names or scripts:
        say(f"== {name}")
        if call([VENV / "bin" / "python", scripts[name]]) != 0:
            failed.append(name)
    if failed:
        say(f"== failed: {', '.join(failed)}")
    return EXIT_FAILED if failed else 0


COMMANDS: Final[dict[str, Callable[[Sequence[str]], int]]] = {
    "demo": demo,
    "up": up,
    "test": test,
    "check": check,
    "pythons": pythons,
    "bench": bench,
}


def choose(command: str) -> Callable[[Sequence[str]], int]:
    """Find a command by its name."""
    if command not in COMMANDS:
        raise UsageError(f"there is no command {command!r}" if command else "say what to run")
    return COMMANDS[command]


def main(arguments: Sequence[str]) -> int:
    """Do what the command line says; gives the exit status."""
    command = arguments[0] if arguments else ""
    if command in ("-h", "--help", "help"):
        print(__doc__)
        return 0
    try:
        return choose(command)(arguments[1:])
    except UsageError as error:
        print(f"run.py: {error}\n{__doc__}", file=sys.stderr)
        return EXIT_USAGE
    except SetupError as error:
        print(f"run.py: {error}", file=sys.stderr)
        return EXIT_FAILED
    except StoppedError as error:
        return error.exit_status
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
