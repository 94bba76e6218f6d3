"""`callsheet members …`: people in the workspace, whose keys and sessions end with them."""

import getpass
from typing import Annotated, Any

import typer

from callsheet.accounts.model import Member, Role
from callsheet.cli.output import out_json, out_table
from callsheet.cli.session import run_command
from callsheet.kernel.ids import LOCAL_WORKSPACE
from callsheet.wiring import Callsheet

app = typer.Typer(help="Members: add, list, disable, enable.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Who = Annotated[str, typer.Argument(help="The member's id, mem_…, or e-mail address.")]


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="How they are called.")],
    email: Annotated[str, typer.Argument(help="Their e-mail address.")],
    role: Annotated[Role, typer.Option(help="The most that their keys may do.")] = Role.EDITOR,
    json: AsJson = False,
) -> None:
    """Add a person; make their key with: callsheet keys create NAME --member EMAIL."""

    async def work(cs: Callsheet) -> Member:
        return await cs.members.add(LOCAL_WORKSPACE, name, email, role, by=getpass.getuser())

    member = run_command(work)
    if json:
        out_json(_plain(member))
        return
    typer.echo(f"{member.id} ({member.role}) is {member.name} <{member.email}>")


@app.command("list")
def list_members(json: AsJson = False) -> None:
    """List the members, oldest first, the disabled ones too."""

    async def work(cs: Callsheet) -> list[Member]:
        return await cs.members.listed(LOCAL_WORKSPACE)

    found = [_plain(member) for member in run_command(work)]
    if json:
        out_json(found)
        return
    columns = ["id", "name", "e-mail", "role", "added", "disabled"]
    out_table("", columns, [[str(value or "-") for value in each.values()] for each in found])


@app.command()
def disable(member: Who) -> None:
    """End a member's sessions and let their keys let nobody in, at once and everywhere."""

    async def work(cs: Callsheet) -> Member:
        return await cs.members.disable(LOCAL_WORKSPACE, member, by=getpass.getuser())

    found = run_command(work)
    typer.echo(f"{found.email} is disabled; let in again with: callsheet members enable {found.id}")


@app.command()
def enable(member: Who) -> None:
    """Let a disabled member in again, with the keys that they had."""

    async def work(cs: Callsheet) -> Member:
        return await cs.members.enable(LOCAL_WORKSPACE, member, by=getpass.getuser())

    typer.echo(f"{run_command(work).email} is let in")


def _plain(member: Member) -> dict[str, Any]:
    return {
        "id": member.id,
        "name": member.name,
        "email": member.email,
        "role": str(member.role),
        "created_at": member.created_at.isoformat(),
        "disabled_at": member.disabled_at.isoformat() if member.disabled_at else None,
    }
