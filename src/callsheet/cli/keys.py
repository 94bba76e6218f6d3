"""`callsheet keys …`: API keys."""

from typing import Annotated, Any

import typer

from callsheet.accounts.model import ApiKey, Role
from callsheet.cli.output import out_json, out_table, say
from callsheet.cli.session import run_command
from callsheet.wiring import Callsheet

app = typer.Typer(help="API keys: create, list, revoke.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Whose key it is.")],
    role: Annotated[Role, typer.Option(help="What it may do.")] = Role.EDITOR,
    json: AsJson = False,
) -> None:
    """Make a key; its secret is shown once."""

    async def work(cs: Callsheet) -> tuple[ApiKey, str]:
        return await cs.accounts.create(name, role)

    key, secret = run_command(work)
    if json:
        out_json({"id": key.id, "name": key.name, "role": key.role, "secret": secret})
        return
    say(f"{key.id} ({key.role}) for {key.name}. This is shown once; from now on keys are needed:")
    typer.echo(secret)


@app.command("list")
def list_keys(json: AsJson = False) -> None:
    """List all keys, without their secrets."""

    async def work(cs: Callsheet) -> list[ApiKey]:
        return await cs.accounts.listed()

    keys = run_command(work)
    rows: list[dict[str, Any]] = [
        {
            "id": key.id,
            "name": key.name,
            "role": str(key.role),
            "last4": key.last4,
            "created_at": key.created_at.isoformat(),
            "revoked_at": key.revoked_at.isoformat() if key.revoked_at else None,
        }
        for key in keys
    ]
    if json:
        out_json(rows)
        return
    out_table(
        "",
        ["id", "name", "role", "ends in", "created", "revoked"],
        [[str(value or "-")[:26] for value in row.values()] for row in rows],
    )


@app.command()
def revoke(key: Annotated[str, typer.Argument(help="The key's id, key_…")]) -> None:
    """Take a key out of force at once."""

    async def work(cs: Callsheet) -> None:
        await cs.accounts.revoke(key)

    run_command(work)
    typer.echo(f"{key} is revoked")
