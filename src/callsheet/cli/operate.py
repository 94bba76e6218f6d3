"""Commands of an operator: schema, restore, doctor."""

import os
from typing import Annotated, Any

import typer
from pydantic import SecretStr

from callsheet.accounts.errors import SealBrokenError
from callsheet.cli.output import facts, out_json, out_table, say
from callsheet.cli.session import run_command
from callsheet.line.restore import Restored
from callsheet.ports.master_key import is_address
from callsheet.settings import FILE, Settings, read_settings
from callsheet.wiring import Callsheet

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def migrate() -> None:
    """Bring the database's schema up to date."""

    async def work(cs: Callsheet) -> bool:
        return await cs.schema_is_current()

    run_command(work)
    typer.echo("the schema is up to date")


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
    shown = {
        name: [_masked(name, value), _origin(settings, name)] for name, value in settings if name
    }

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
    if not isinstance(value, SecretStr):
        return str(value)
    text = value.get_secret_value().strip()
    if not text:
        return "(made in data_dir)" if name == "master_key" else ""
    return text if is_address(text) else "********"


def _origin(settings: Settings, name: str) -> str:
    if name not in settings.model_fields_set:
        return "default"
    aliases = Settings.model_fields[name].validation_alias
    names = [f"CALLSHEET_{name.upper()}", *getattr(aliases, "choices", ())]
    variable = next((each for each in names if each in os.environ), None)
    return variable or FILE
