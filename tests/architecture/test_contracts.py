"""The import contracts, tried on a small house of the same shape: each one bites."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent

# contract, the module that does wrong, what it imports
BREACHES = [
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


def lint(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Check the contracts on the tree in `home`."""
    command = "import sys; from importlinter.cli import lint_imports_command as main; main()"
    return subprocess.run(
        [sys.executable, "-c", command, "--no-cache", "--no-logo", *arguments],
        cwd=home,
        env=os.environ | {"PYTHONPATH": str(home / "src"), "COLUMNS": "500"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_well_built_house_is_kept(tmp_path: Path) -> None:
    """The tree that the breaches below start from breaks no contract."""
    build(tmp_path, HOUSE)

    done = lint(tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 broken" in done.stdout


def test_our_own_house_is_kept() -> None:
    """The product's own imports break no contract."""
    done = lint(ROOT)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("contract", "importer", "imported"), BREACHES)
def test_a_wrong_import_is_found(
    tmp_path: Path, contract: str, importer: str, imported: str
) -> None:
    """One wrong import breaks the contract that is there to forbid it, and is named."""
    broken = HOUSE.get(importer, "") + f"\nimport {imported}\n"
    build(tmp_path, HOUSE | {importer: broken})

    done = lint(tmp_path, "--contract", contract)

    assert done.returncode == 1, done.stderr
    assert " 1 broken" in done.stdout
    assert importer.rpartition(".")[2] in done.stdout
