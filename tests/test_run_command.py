"""The two commands, run as a person would, in a small project with a stand-in for uv."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from run import PYTHONS, SHORT_TESTS, SYSTEM_PYTHON, choose_python

ROOT = Path(__file__).parent.parent
CHOSEN = choose_python()
CHOSEN_VERSION = subprocess.run(
    [CHOSEN, "-c", "import sys; print(*sys.version_info[:2], sep='.')"],
    check=True,
    capture_output=True,
    text=True,
).stdout.strip()
OTHERS = ["{}.{}".format(*each) for each in PYTHONS if "{}.{}".format(*each) != CHOSEN_VERSION]
needs_systems_python = pytest.mark.skipif(
    str(SYSTEM_PYTHON) != CHOSEN, reason="the system's Python is not supported"
)

# Writes down how it was called and makes an environment whose programs do the same.
UV = """#!/bin/sh
if [ "$1" = --version ]; then echo "uv 0.13.8 (x86_64-unknown-linux-gnu)"; exit; fi
echo "uv $*" >> calls
venv="$UV_PROJECT_ENVIRONMENT"
mkdir -p "$venv/bin"
ln -sf "$REAL_PYTHON" "$venv/bin/python"
echo "version_info = $REAL_VERSION" > "$venv/pyvenv.cfg"
for program in callsheet ruff mypy lint-imports deptry pytest; do
    printf '#!/bin/sh\\necho "%s $*" >> calls\\ncase " $FAILING " in *" %s "*) exit 3;; esac\\n' \\
        "$program" "$program" > "$venv/bin/$program"
    chmod +x "$venv/bin/$program"
done
"""
RECORDER = '#!/bin/sh\necho "${0##*/} $*" >> calls\n'
WAITING = """#!/bin/sh
trap 'echo told >> calls; exit 1' INT
echo ready >> calls
while :; do sleep 0.1; done
"""


class Project:
    """A copy of run.py beside the files it reads."""

    def __init__(self, home: Path) -> None:
        self.home = home
        package = home / "src" / "callsheet"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("VERSION = 1\n")
        (home / "run.py").write_text((ROOT / "run.py").read_text())
        (home / "uv.lock").write_text("version = 1\n")
        (home / "pyproject.toml").write_text("[project]\nname = 'callsheet'\n")
        self.programs = home / "programs"
        self.programs.mkdir()
        self.add_program("uv", UV)
        for name in ("sh", "cat", "chmod", "ln", "mkdir"):
            (self.programs / name).symlink_to(f"/bin/{name}")
        for name in ("chromium", "pgbouncer", "curl", "initdb"):
            self.add_program(name, "#!/bin/sh\n")

    def add_program(self, name: str, script: str) -> None:
        """Put a program on the PATH of the commands."""
        (self.programs / name).write_text(script)
        (self.programs / name).chmod(stat.S_IRWXU | stat.S_IROTH | stat.S_IXOTH)

    def run(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run run.py with nothing on PATH but this project's programs."""
        return subprocess.run(
            [sys.executable, "run.py", *arguments],
            cwd=self.home,
            env={
                "PATH": str(self.programs),
                "PYENV_ROOT": str(self.home / "pyenv"),
                "REAL_PYTHON": CHOSEN,
                "REAL_VERSION": CHOSEN_VERSION,
                **settings,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def calls(self) -> list[str]:
        """Tell which programs were called since the last time."""
        record = self.home / "calls"
        lines = record.read_text().splitlines() if record.exists() else []
        record.unlink(missing_ok=True)
        return lines


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Make a small project."""
    return Project(tmp_path)


def test_demo_installs_once(project: Project) -> None:
    """The first demo installs what the lock says and runs the job; the second only runs it."""
    first = project.run("demo", "--seed", "7")
    assert first.returncode == 0, first.stderr
    sync, job = project.calls()
    assert sync.startswith("uv sync --frozen --no-default-groups ")
    assert " --compile-bytecode --inexact" in sync
    assert job == "callsheet run examples/launch.csv --out build/launch --seed 7"

    second = project.run("demo")

    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert project.calls() == ["callsheet run examples/launch.csv --out build/launch"]


@pytest.mark.parametrize("file", ["uv.lock", "pyproject.toml"])
def test_a_changed_lock_is_installed(project: Project, file: str) -> None:
    """When what decides the environment changes, it is brought up to date, with its own Python."""
    project.run("demo")
    project.calls()
    with (project.home / file).open("a") as changed:
        changed.write("# changed\n")

    project.run("demo")

    sync, _ = project.calls()
    assert sync.startswith("uv sync")
    assert "--python" not in sync


def test_a_broken_environment_is_made_anew(project: Project) -> None:
    """An environment whose interpreter has gone is installed again."""
    project.run("demo")
    project.calls()
    (project.home / ".venv" / "bin" / "python").unlink()

    project.run("demo")

    sync, _ = project.calls()
    assert sync.startswith("uv sync")
    assert "--python" in sync


@needs_systems_python
def test_the_systems_own_python_is_taken(project: Project) -> None:
    """Whichever Python runs run.py and stands first on PATH: what fails there must be seen."""
    project.add_program("python3", "#!/bin/sh\nexit 9\n")
    project.run("demo")

    assert project.calls()[0].endswith("--python /usr/bin/python3")


@needs_systems_python
def test_the_integration_takes_the_systems_own_python(project: Project) -> None:
    """Whatever stands before it on PATH."""
    project.add_program("python3", "#!/bin/sh\nexit 9\n")
    for name in ("bash", "dirname"):
        (project.programs / name).symlink_to(f"/usr/bin/{name}")
    (project.home / "run.py").write_text("import sys; print(sys.executable, sys.argv)")
    (project.home / ".ci").mkdir()
    (project.home / ".ci" / "run").write_text((ROOT / ".ci" / "run").read_text())

    done = subprocess.run(
        ["/bin/bash", ".ci/run"],
        cwd=project.home,
        env={"PATH": str(project.programs)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "/usr/bin/python3 ['run.py', 'test']\n"


def test_an_environment_of_another_python_is_made_anew(project: Project) -> None:
    """One that was made when another was first on PATH is not kept, supported or not."""
    project.run("demo")
    project.calls()
    another = project.home / "another"
    another.write_text("")
    python = project.home / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to(another)

    project.run("demo")

    assert f"--python {CHOSEN}" in project.calls()[0]


def test_supported_pythons_are_those_of_the_package() -> None:
    """What run.py takes is what can be installed."""
    package = (ROOT / "pyproject.toml").read_text()
    (oldest, *_, newest) = PYTHONS
    assert f'requires-python = ">={oldest[0]}.{oldest[1]},<{newest[0]}.{newest[1] + 1}"' in package


def test_short_tests_run_on_each_other_python_that_answers(project: Project) -> None:
    """What is not there, or does not answer (a shim of a version manager), is passed over aloud."""
    shim, there, away = OTHERS
    project.add_program(f"python{shim}", "#!/bin/sh\necho command not found >&2\nexit 127\n")
    managed = project.home / "pyenv" / "versions" / f"{there}.4" / "bin"
    managed.mkdir(parents=True)
    project.add_program(f"python{there}", "#!/bin/sh\nexit 127\n")
    answer = f"#!/bin/sh\necho '({there.replace('.', ', ')})'\n"
    (managed / f"python{there}").write_text(answer)
    (managed / f"python{there}").chmod(stat.S_IRWXU)

    done = project.run("test")

    assert done.returncode == 0, done.stderr
    *_, tests, sync, short = project.calls()
    assert tests.startswith("pytest -n 4 --dist")
    assert sync.endswith(f"--python {managed}/python{there}")
    assert "--group test" in sync
    assert short.startswith("pytest -n 3 tests/")
    assert (project.home / ".tools" / f"python{there}" / "bin" / "pytest").exists()
    for version in (shim, away):
        assert f"python{version}: passed over" in done.stderr
    failing = project.run("pythons", FAILING="pytest")
    assert failing.returncode == 1
    assert failing.stderr.rstrip().endswith(f"failed: python{there}")


def test_short_tests_that_are_named_are_there() -> None:
    """A test that was moved is not passed over in silence."""
    for test in SHORT_TESTS:
        file, _, name = test.partition("::")
        assert f"def {name}(" in (ROOT / file).read_text() if name else (ROOT / file).is_file()


def test_tools_for_tests_survive_a_demo(project: Project) -> None:
    """A demo asks for no tools, and does not make the next test run install them again."""
    project.run("test")
    project.calls()

    project.run("demo")
    project.run("test")

    assert not [call for call in project.calls() if call.startswith("uv")]


def test_our_own_sources_are_compiled(project: Project) -> None:
    """Where Python may write no bytecode by itself, ours is there after a run, and kept fresh."""
    source = project.home / "src" / "callsheet" / "line.py"
    project.run("demo", PYTHONDONTWRITEBYTECODE="1")

    source.write_text("VERSION = 2\n")
    project.run("demo", PYTHONDONTWRITEBYTECODE="1")

    assert list(source.parent.glob("__pycache__/line.*.pyc"))


def test_checks_run_in_order_and_tests_last(project: Project) -> None:
    """Every check runs once, then pytest in several processes."""
    done = project.run("test")

    assert done.returncode == 0, done.stderr
    sync, *checks, tests = project.calls()
    assert sync.endswith("--group lint --group test") or "--group lint --group test " in sync
    assert "--inexact" not in sync
    names = ["ruff", "ruff", "mypy", "lint-imports", "deptry"]
    assert [call.split()[0] for call in checks] == names
    assert tests.startswith("pytest -n 4")


def test_the_first_failing_check_stops(project: Project) -> None:
    """A failing check is named, nothing runs after it, and the status is 1."""
    done = project.run("test", FAILING="mypy")

    assert done.returncode == 1
    assert project.calls()[-1].startswith("mypy")
    assert done.stderr.rstrip().endswith("failed: types")


def test_keep_going_runs_all_and_still_fails(project: Project) -> None:
    """With --keep-going the tests run too, last, and an earlier failure is not forgotten."""
    done = project.run("test", "--keep-going", FAILING="mypy deptry")

    assert done.returncode == 1
    assert project.calls()[-1].startswith("pytest")
    assert "failed: types, dependencies" in done.stderr


def _heed_interrupts() -> None:
    """Take an interrupt as a terminal gives it: what a shell runs in the background ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_an_interrupt_reaches_what_runs(project: Project) -> None:
    """An interrupted check is told so and waited for, and the status is 130."""
    project.run("check")
    project.calls()
    (project.programs / "sleep").symlink_to("/bin/sleep")
    (project.home / ".venv" / "bin" / "mypy").write_text(WAITING)

    command = subprocess.Popen(
        [sys.executable, "run.py", "check"],
        cwd=project.home,
        env={"PATH": str(project.programs)},
        stdin=subprocess.DEVNULL,
        preexec_fn=_heed_interrupts,  # noqa: PLW1509  # this process has no thread that could mind
    )
    record = project.home / "calls"
    while not record.exists() or "ready" not in record.read_text():
        time.sleep(0.02)
    command.send_signal(signal.SIGINT)

    assert command.wait() == 130
    assert project.calls()[-2:] == ["ready", "told"]


def test_arguments_go_to_pytest_alone(project: Project) -> None:
    """With arguments, pytest runs with these and nothing else does."""
    done = project.run("test", "tests/money", "-k", "hold", FAILING="pytest")

    assert done.returncode == 1
    assert project.calls()[1:] == ["pytest tests/money -k hold"]


def test_all_makes_the_tests_long(project: Project) -> None:
    """With --all alone everything runs as ever, and pytest is told; with more it goes to pytest."""
    assert project.run("test", "--all").returncode == 0
    assert project.calls()[-1].startswith("pytest -n ")

    project.run("test", "--all", "tests/line")

    assert project.calls() == ["pytest --all tests/line"]


def test_check_runs_no_tests(project: Project) -> None:
    """`check` runs the checks and leaves the tests out."""
    assert project.run("check").returncode == 0

    assert not [call for call in project.calls() if call.startswith("pytest")]


def test_an_old_uv_is_not_taken(project: Project) -> None:
    """A uv that is too old is passed over for one in .tools that is new enough."""
    tools = project.home / ".tools" / "bin"
    tools.mkdir(parents=True)
    project.add_program("uv", UV.replace("0.13.8", "0.12.9"))
    (tools / "uv").symlink_to("../../programs/newer")
    project.add_program("newer", UV.replace('"uv $*"', '"newer $*"'))

    project.run("demo")

    assert project.calls()[0].startswith("newer sync")


def test_missing_packages_are_named_with_the_line_to_type() -> None:
    """Who may not install packages is told what to type, and nothing is half done."""
    debian = Path("/usr/bin/python3")
    nobody: dict[str, Any] = (
        {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    )
    with TemporaryDirectory() as folder:
        project = Project(Path(folder))
        project.home.chmod(0o755)
        project.add_program("apt-get", RECORDER)
        (project.programs / "chromium").unlink()

        done = subprocess.run(
            [debian if debian.exists() else sys.executable, "run.py", "test"],
            cwd=project.home,
            env={"PATH": str(project.programs)},
            capture_output=True,
            text=True,
            check=False,
            **nobody,
        )

        assert done.returncode == 1
        assert "\n    sudo apt-get install --no-install-recommends chromium\n" in done.stderr
        assert project.calls() == []


def test_missing_packages_are_installed_by_who_may(project: Project) -> None:
    """As root, or by a sudo that asks for no password, only what is missing is installed."""
    (project.programs / "chromium").unlink()
    (project.programs / "env").symlink_to("/usr/bin/env")
    project.add_program("sudo", '#!/bin/sh\nshift\ncase "$1" in true) exit;; esac\nexec "$@"\n')
    project.add_program("apt-get", RECORDER)

    done = project.run("test")

    assert done.returncode == 0, done.stderr
    apt, *_ = project.calls()
    assert apt == "apt-get -qq install --yes --no-install-recommends chromium"


def test_benchmarks_run_by_name(project: Project) -> None:
    """A benchmark is a script; a helper beside it is none, and an unknown name is refused."""
    folder = project.home / "benchmarks"
    folder.mkdir()
    (folder / "takes.py").write_text("print('takes per second')\n")
    (folder / "_machine.py").write_text("raise SystemExit(9)\n")

    assert project.run("bench").stdout == "takes per second\n"
    refused = project.run("bench", "_machine")

    assert refused.returncode == 2
    assert "there is no benchmark '_machine'; there are: takes" in refused.stderr


@pytest.mark.parametrize("arguments", [[], ["tset"], ["check", "tests/money"]])
def test_wrong_usage_is_2(project: Project, arguments: list[str]) -> None:
    """What makes no sense is refused with the usage, before anything is installed."""
    done = project.run(*arguments)

    assert done.returncode == 2
    assert "python3 run.py demo" in done.stderr
    assert project.calls() == []


def test_a_failing_installation_is_1(project: Project) -> None:
    """When uv fails the job is not tried, and the next run tries to install again."""
    project.add_program("uv", UV.replace('echo "uv $*" >> calls', "exit 2"))

    done = project.run("demo")

    assert done.returncode == 1
    assert "uv could not install" in done.stderr
    assert project.calls() == []
