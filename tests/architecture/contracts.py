"""A kind of import contract that import-linter lacks: a package that only some may import.

Unlike its `protected` contract it may name packages that do not exist yet, and binds the moment
they do.
"""

from collections.abc import Iterable
from typing import cast

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class Reserved(Contract):
    """Nothing but `importers`, and the reserved packages themselves, imports `reserved`.

    Both are lists of packages, ours or not; each stands for everything inside it. Only direct
    imports count: whoever uses an importer does not have to know what that stands on.
    """

    reserved = fields.ListField(subfield=fields.StringField())
    importers = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002, FBT001 - import-linter's own signature
        """Look at every direct import of what is reserved."""
        # import-linter puts what was configured in place of the field.
        reserved = cast("list[str]", self.reserved)
        allowed = [*cast("list[str]", self.importers), *reserved]
        broken = [
            f"{importer} imports {imported}"
            for imported in sorted(graph.modules)
            if _is_within(imported, reserved)
            for importer in sorted(graph.find_modules_that_directly_import(imported))
            if not _is_within(importer, allowed)
        ]
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print each import that is not allowed."""
        for line in check.metadata["broken"]:
            output.print_error(f"- {line}", bold=False)


def _is_within(module: str, packages: Iterable[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)
