"""`callsheet keys …`: API keys that let people in, and providers' keys that orders go out with."""

import sys
from typing import Annotated, Any

import typer

from callsheet.accounts.key_ring import KeyFacts
from callsheet.accounts.model import ANY_USE, SERVER, ApiKey, Role
from callsheet.cli.output import out_json, out_table, say
from callsheet.cli.session import run_command
from callsheet.kernel.ids import LOCAL_WORKSPACE
from callsheet.wiring import Callsheet

app = typer.Typer(
    help="API keys (create, revoke), providers' keys (set, test, remove, reseal), list of both.",
    no_args_is_help=True,
)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Provider = Annotated[str, typer.Argument(help="The provider's name, e.g. replicate.")]
Scope = Annotated[str, typer.Argument(help="The use, e.g. text_to_video; any: every other use.")]
ForServer = Annotated[
    bool, typer.Option("--server", help="For every workspace that has no key of its own.")
]
BY = "the command line"


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Whose key it is.")],
    role: Annotated[Role, typer.Option(help="What it may do.")] = Role.EDITOR,
    member: Annotated[
        str, typer.Option(help="The member whose key it is, by id or e-mail address.")
    ] = "",
    json: AsJson = False,
) -> None:
    """Make an API key; its secret is shown once. A member's may do what their role may, at most."""

    async def work(cs: Callsheet) -> tuple[ApiKey, str]:
        return await cs.accounts.create(name, role, member=member)

    key, secret = run_command(work)
    if json:
        out_json({"id": key.id, "name": key.name, "role": key.role, "secret": secret})
        return
    say(f"{key.id} ({key.role}) for {key.name}. This is shown once; from now on keys are needed:")
    typer.echo(secret)


@app.command("list")
def list_keys(json: AsJson = False) -> None:
    """List all API keys and all providers' keys, without their secrets."""

    async def work(cs: Callsheet) -> tuple[list[ApiKey], list[KeyFacts]]:
        return await cs.accounts.listed(), await cs.provider_keys.listed(LOCAL_WORKSPACE)

    keys, facts = run_command(work)
    ours: list[dict[str, Any]] = [
        {
            "id": key.id,
            "name": key.name,
            "role": str(key.role),
            "last4": key.last4,
            "created_at": key.created_at.isoformat(),
            "revoked_at": key.revoked_at.isoformat() if key.revoked_at else None,
            "member": key.member or None,
        }
        for key in keys
    ]
    theirs: list[dict[str, Any]] = [
        {
            "provider": each.provider,
            "scope": each.scope,
            "owner": each.owner,
            "last4": each.last4,
            "updated_at": each.updated_at.isoformat() if each.updated_at else None,
            "opens": each.opens,
        }
        for each in facts
    ]
    if json:
        out_json({"api_keys": ours, "provider_keys": theirs})
        return
    columns = ["id", "name", "role", "ends in", "created", "revoked", "member"]
    out_table("API keys", columns, [_cells(row) for row in ours])
    columns = ["provider", "use", "whose", "ends in", "set", "opens"]
    rows = [{**row, "opens": "yes" if row["opens"] else "no"} for row in theirs]
    out_table("Providers' keys", columns, [_cells(row) for row in rows])


def _cells(row: dict[str, Any]) -> list[str]:
    return [str(value or "-")[:26] for value in row.values()]


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(help="The key's id, key_…")],
    leave_open: Annotated[
        bool,
        typer.Option(
            "--open", help="Even the last one: then this machine itself needs no key any more."
        ),
    ] = False,
) -> None:
    """Take an API key out of force at once."""

    async def work(cs: Callsheet) -> bool:
        return await cs.accounts.revoke(key, leave_open=leave_open)

    is_open = run_command(work)
    typer.echo(f"{key} is revoked")
    if is_open:
        say("no key is in force: this machine itself is let in without one, nobody else is")


@app.command("set")
def set_key(provider: Provider, scope: Scope = ANY_USE, server: ForServer = False) -> None:
    """Keep a provider's key, sealed; it is asked for, or read from standard input."""
    if sys.stdin.isatty():
        secret = typer.prompt(f"Key for {provider} ({scope})", hide_input=True)
    else:
        secret = sys.stdin.readline()

    async def work(cs: Callsheet) -> None:
        owner = SERVER if server else LOCAL_WORKSPACE
        await cs.key_control.set(owner, provider, scope, secret.strip(), by=BY)

    run_command(work)
    typer.echo(f"the key for {provider} ({scope}) is set; try it: callsheet keys test {provider}")


@app.command("test")
def try_key(provider: Provider, scope: Scope = ANY_USE) -> None:
    """Try the key that would be used, at no cost."""

    async def work(cs: Callsheet) -> None:
        await cs.key_control.test(LOCAL_WORKSPACE, provider, scope, by=BY)

    run_command(work)
    typer.echo(f"{provider} takes the key for {scope}")


@app.command("remove")
def remove_key(provider: Provider, scope: Scope = ANY_USE, server: ForServer = False) -> None:
    """Let a provider's key go."""

    async def work(cs: Callsheet) -> None:
        owner = SERVER if server else LOCAL_WORKSPACE
        await cs.key_control.remove(owner, provider, scope, by=BY)

    run_command(work)
    typer.echo(f"the key for {provider} ({scope}) is gone")


@app.command()
def reseal() -> None:
    """Seal all keys and secrets of webhooks under the master key in force, after it changed."""

    async def work(cs: Callsheet) -> list[str]:
        return [
            *await cs.provider_keys.reseal(by=BY),
            *await cs.customer_webhooks.reseal(by=BY),
        ]

    for place in run_command(work):
        typer.echo(f"sealed anew: {place}")
    typer.echo("every key is sealed under the master key in force")
