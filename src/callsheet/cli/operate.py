"""Commands of an operator: schema, restore, doctor."""

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

import typer
from pydantic import BaseModel, SecretStr

from callsheet.accounts.errors import SealBrokenError
from callsheet.cli.output import facts, out_json, out_table, say
from callsheet.cli.session import run_command, settings_for_command
from callsheet.kernel.environment import heeded
from callsheet.kernel.masking import MASK, is_secret_name, masked_url
from callsheet.line.recovery.result import Restored
from callsheet.ports.master_key import is_address
from callsheet.ports.schema import Standing
from callsheet.settings import FILE, Settings, read_settings
from callsheet.wiring import Callsheet, build

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def migrate(
    check: Annotated[
        bool,
        typer.Option("--check", help="Change nothing: exit 0 if this release can serve as it is."),
    ] = False,
    json: AsJson = False,
) -> None:
    """Bring the database's schema up to date, whatever CALLSHEET_MIGRATE says to servers."""
    if check:
        found = asyncio.run(_standing(settings_for_command()))
    else:

        async def work(cs: Callsheet) -> Standing:
            return await cs.schema()

        found = run_command(work, migrate="auto")
    if json:
        out_json({**asdict(found), "usable": found.is_usable, "problem": found.problem})
    elif found.problem:
        say(found.problem)
    else:
        oldest = f"releases that know {found.oldest} can use it"
        typer.echo(f"the schema is up to date: {found.schema}, {oldest}")
    if found.problem:
        sys.exit(1)


async def _standing(settings: Settings) -> Standing:
    cs = await build(settings)
    try:
        return await cs.schema()
    finally:
        await cs.close()


def restore(json: AsJson = False) -> None:
    """Rebuild jobs that the database does not know from the object store."""

    async def work(cs: Callsheet) -> list[Restored]:
        return [restored async for restored in cs.restorer.restore()]

    found = run_command(work)
    if json:
        out_json(
            [
                {
                    "job": each.job,
                    "rows": each.rows,
                    "pictures": each.pictures,
                    "problem": each.problem,
                }
                for each in found
            ]
        )
    else:
        rows = [[each.job, str(each.rows), str(each.pictures), each.problem] for each in found]
        out_table("", ["job", "#rows", "#pictures", "problem"], rows)
    back = sum(not each.problem for each in found)
    say(f"{back} of {len(found)} jobs are back")


def doctor(json: AsJson = False) -> None:
    """Print every setting with its origin, and check what the house stands on."""
    settings = read_settings()
    shown = {name: [_masked(name, value), _origin(settings, name)] for name, value in settings}

    async def work(cs: Callsheet) -> dict[str, str]:
        checks = await cs.checks()
        try:
            await cs.provider_keys.check_seals()
        except SealBrokenError as broken:
            return {**checks, "provider_keys": str(broken)}
        return {**checks, "provider_keys": "ok"}

    checks = run_command(work)
    if json:
        values = {name: {"value": value, "from": origin} for name, (value, origin) in shown.items()}
        out_json({"settings": values, "checks": checks})
    else:
        out_table("", ["setting", "value", "from"], [[name, *row] for name, row in shown.items()])
        facts(checks)
    if any(check != "ok" for check in checks.values()):
        raise typer.Exit(1)


def _masked(name: str, value: Any) -> str:
    if isinstance(value, SecretStr):
        text = value.get_secret_value().strip()
        if not text:
            return "(made in data_dir)" if name == "master_key" else ""
        return masked_url(text) if is_address(text) else MASK
    if isinstance(value, BaseModel):
        value = dict(value)
    if isinstance(value, Mapping):
        held = {key: _masked(str(key), each) for key, each in value.items() if each is not None}
        return ", ".join(f"{key}={each}" for key, each in held.items() if each)
    if isinstance(value, str) and value and is_secret_name(name):
        return MASK
    return masked_url(str(value))


def _origin(settings: Settings, name: str) -> str:
    if name not in settings.model_fields_set:
        return "default"
    aliases = Settings.model_fields[name].validation_alias
    names = [f"CALLSHEET_{name.upper()}", *getattr(aliases, "choices", ())]
    variables = heeded(os.environ)
    variable = next((each for each in names if each in variables), None)
    return variable or FILE
