"""The import contracts, tried on a small house of the same shape: each one bites."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent.parent

WELL_BUILT = "well-built"


class Breach(NamedTuple):
    """A contract, the module that breaks it, and what that imports."""

    contract: str
    importer: str
    imported: str


BREACHES = [
    Breach(*breach)
    for breach in (
        ("house", "callsheet.jobs.service", "callsheet.takes.model"),
        ("house", "callsheet.kernel.money", "callsheet.ports.models"),
        ("house", "callsheet.jobs.service", "callsheet.blobs.disk"),
        ("house", "callsheet.web.app", "callsheet.cli.main"),
        ("house", "callsheet.blobs.disk", "callsheet.net.fetcher"),
        ("house", "callsheet.utils", "json"),
        ("shelves", "callsheet.blobs.disk", "callsheet.money.model"),
        ("shelves", "callsheet.providers.replicate", "callsheet.takes.model"),
        ("shelves", "callsheet.engine.runner", "callsheet.jobs.model"),
        ("furniture", "callsheet.jobs.model", "callsheet.jobs.store"),
        ("furniture", "callsheet.jobs.store", "callsheet.jobs.service"),
        ("furniture", "callsheet.jobs.errors", "callsheet.jobs.model"),
        ("providers", "callsheet.providers.fal", "callsheet.providers.replicate"),
        ("checks", "callsheet.checks.technical.black", "callsheet.checks.technical.silence"),
        ("checks", "callsheet.checks.semantic.brief", "callsheet.checks.technical.silence"),
        ("sources", "callsheet.sources.csv", "callsheet.sources.google"),
        ("plain", "callsheet.kernel.money", "httpx2"),
        ("plain", "callsheet.jobs.model", "sqlalchemy"),
        ("plain", "callsheet.drawing.errors", "PIL"),
        ("plain", "callsheet.jobs.model", "callsheet.ports.database"),
        ("engine", "callsheet.line.batch", "dbos"),
        ("orders", "callsheet.orders.submitter", "callsheet.jobs.store"),
        ("orders", "callsheet.orders.submitter", "callsheet.intake.model"),
        ("house", "callsheet.orders.submitter", "callsheet.line.batch"),
        ("simulators", "callsheet.cli.main", "callsheet.sim.fal"),
        ("simulators", "callsheet.web.app", "callsheet.sim"),
        ("acyclic", "callsheet.takes.model", "callsheet.takes.routing"),
        ("verbs", "callsheet.web.app", "sqlalchemy"),
        ("verbs", "callsheet.web.app", "callsheet.jobs.store"),
        ("verbs", "callsheet.cli.main", "callsheet.jobs.tables"),
        ("verbs", "callsheet.cli.main", "callsheet.ports.database"),
        ("verbs", "callsheet.cli.main", "callsheet.accounts.provider_keys"),
    )
]

# What is allowed, and must stay so: the contracts are tried on it too.
HOUSE = {
    "callsheet.kernel.money": "",
    "callsheet.ports.models": "import callsheet.kernel.money",
    "callsheet.ports.database": "import sqlalchemy",
    "callsheet.accounts.model": "",
    "callsheet.accounts.provider_keys": "import callsheet.ports.database",
    "callsheet.controls.availability": "import callsheet.ports.database",
    "callsheet.database.connections": "import callsheet.ports.database",
    "callsheet.money.model": "import callsheet.ports.models",
    "callsheet.jobs.errors": "",
    "callsheet.jobs.model": "import callsheet.jobs.errors",
    "callsheet.jobs.store": "import callsheet.ports.database, callsheet.jobs.model",
    "callsheet.jobs.tables": "import callsheet.ports.database",
    "callsheet.jobs.service": "import callsheet.jobs.store",
    "callsheet.takes.model": "import callsheet.jobs.model",
    "callsheet.takes.routing": "import callsheet.takes.model",
    "callsheet.engine.runner": "import dbos",
    "callsheet.blobs.disk": "import callsheet.ports.models",
    "callsheet.net.fetcher": "import httpx2",
    "callsheet.drawing.errors": "",
    "callsheet.intake.model": "",
    "callsheet.delivery.model": "",
    "callsheet.views.state": "",
    "callsheet.catalog.registry": "",
    "callsheet.orders.submitter": "import callsheet.takes.model",
    "callsheet.sources.table": "",
    "callsheet.sources.csv": "import callsheet.sources.table",
    "callsheet.sources.google": "import callsheet.sources.table",
    "callsheet.checks.technical.black": "",
    "callsheet.checks.technical.silence": "",
    "callsheet.checks.semantic.brief": "",
    "callsheet.providers.fal": "import callsheet.ports.models",
    "callsheet.providers.replicate": "import callsheet.ports.models",
    "callsheet.line.batch": "import callsheet.takes.routing, callsheet.engine.runner",
    "callsheet.web.app": "import callsheet.line.batch",
    "callsheet.sim.fal": "import callsheet.sim.replicate",
    "callsheet.sim.replicate": "",
    "callsheet.cli.sim": "import callsheet.sim.fal",
    "callsheet.cli.main": "import callsheet.line.batch, callsheet.cli.sim",
    "callsheet.main": "import callsheet.cli.main, callsheet.web.app",
}


def build(home: Path, modules: dict[str, str]) -> None:
    """Write a package tree, with our contracts beside it."""
    for name, content in modules.items():
        file = home.joinpath("src", *name.split(".")).with_suffix(".py")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    for folder in {file.parent for file in (home / "src").rglob("*.py")}:
        for package in (folder, *folder.parents):
            if package.is_relative_to(home / "src" / "callsheet"):
                (package / "__init__.py").touch()
    shutil.copy(ROOT / ".importlinter", home)
    shutil.copytree(ROOT / "tests" / "architecture", home / "tests" / "architecture")
    (home / "tests" / "__init__.py").touch()


# Importing import-linter costs ten times what one check of so small a house does.
CHECKING = """
import json, multiprocessing, os, sys
from importlinter.cli import lint_imports_command

def check(home, arguments):
    os.chdir(home)
    sys.path.insert(0, "src")
    with open("said", "w") as said:
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
    lint_imports_command(["--no-cache", "--no-logo", *arguments])

forks = multiprocessing.get_context("fork")
for home, arguments in json.load(sys.stdin):
    process = forks.Process(target=check, args=(home, arguments))
    process.start()
    process.join()
    print(process.exitcode)
"""


def lint(asked: Sequence[tuple[Path, Sequence[str]]]) -> list[tuple[int, str]]:
    """Check trees of modules, each in a process of its own: exit status and what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", CHECKING],
        env=os.environ | {"COLUMNS": "500"},
        input=json.dumps([(str(home), arguments) for home, arguments in asked]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    statuses = map(int, done.stdout.split())
    said = [(home / "said").read_text() for home, _ in asked]
    return list(zip(statuses, said, strict=True))


def name_of(breach: Breach) -> str:
    """Name the folder of a breach."""
    return "-".join(breach)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, tuple[int, str]]:
    """Check the well built house and every breach of it: exit status and what was printed."""
    folder = tmp_path_factory.mktemp("houses")
    asked: list[tuple[Path, Sequence[str]]] = [(folder / WELL_BUILT, ())]
    build(folder / WELL_BUILT, HOUSE)
    for breach in BREACHES:
        contract, importer, imported = breach
        home = folder / name_of(breach)
        build(home, HOUSE | {importer: HOUSE.get(importer, "") + f"\nimport {imported}\n"})
        asked.append((home, ("--contract", contract)))
    return dict(zip((home.name for home, _ in asked), lint(asked), strict=True))


def test_a_well_built_house_is_kept(told: Mapping[str, tuple[int, str]]) -> None:
    """The house that the breaches below start from breaks no contract."""
    status, said = told[WELL_BUILT]

    assert status == 0, said
    assert " 0 broken" in said


@pytest.mark.parametrize("breach", BREACHES, ids=name_of)
def test_a_wrong_import_is_found(told: Mapping[str, tuple[int, str]], breach: Breach) -> None:
    """One wrong import breaks the contract that is there to forbid it, and is named."""
    status, said = told[name_of(breach)]

    assert status == 1, said
    assert " 1 broken" in said
    assert breach.importer.rpartition(".")[2] in said
