"""`callsheet validate`: six checks of a deployment, from outside."""

import asyncio
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from callsheet.cli.handing_over import OutputFolderError, written_whole
from callsheet.cli.output import fail, out_table, say
from callsheet.cli.validating.checks import run_checks
from callsheet.cli.validating.result import Finding
from callsheet.kernel.errors import CallsheetError, FieldError, InvalidInputError


def validate(
    url: Annotated[str, typer.Option("--url", help="Where the deployment is reached.")],
    key: Annotated[
        str, typer.Option(envvar="CALLSHEET_KEY", help="A key of an editor, if it has keys.")
    ] = "",
    timeout_s: Annotated[
        float, typer.Option(min=0.1, max=300, help="Seconds a request may take.")
    ] = 30.0,
    patience: Annotated[
        float, typer.Option(min=0.1, max=3_600, help="Seconds to wait for the picture.")
    ] = 60.0,
    output: Annotated[Path | None, typer.Option(help="Write what was found as JSON.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show every figure.")] = False,
) -> None:
    """Check a deployment as its users meet it; exit 0 if all six checks pass, else 1.

    It makes one dry run of one picture, which costs nothing.
    """
    try:
        findings = asyncio.run(run_checks(_address(url), key, timeout_s, patience))
        if output is not None:
            _write(output, url, findings)
    except CallsheetError as error:
        fail(error)
        raise typer.Exit(2) from error
    rows = [
        [each.name, "ok" if each.passed else "FAILED", _figures(each, whole=verbose)]
        for each in findings
    ]
    out_table(url, ["check", "", "figures"], rows)
    for each in findings:
        for line in each.mend:
            say(f"{each.name}: {line}")
        for line in each.notes if verbose or not each.mend else ():
            say(f"{each.name}: note: {line}")
    passed = sum(each.passed for each in findings)
    typer.echo(f"{passed} of {len(findings)} checks passed")
    sys.exit(0 if passed == len(findings) else 1)


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        message = "write it as https://callsheet.example"
        raise InvalidInputError(f"--url: {message}", [FieldError("--url", message, url)])
    return url


def _figures(finding: Finding, *, whole: bool) -> str:
    shown = list(finding.figures.items())
    return ", ".join(f"{name} {value}" for name, value in (shown if whole else shown[:4]))


def _write(path: Path, url: str, findings: list[Finding]) -> None:
    document: dict[str, Any] = {
        "url": url,
        "at": datetime.now(UTC).isoformat(),
        "passed": all(each.passed for each in findings),
        "checks": [each.document() for each in findings],
    }
    try:
        with written_whole(path) as file:
            file.write(json.dumps(document, indent=2).encode())
    except OSError as error:
        raise OutputFolderError(f"--output: {path}: {error.strerror}") from error
