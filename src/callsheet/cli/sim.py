"""`callsheet sim …`: simulators of outside services, for tests, demos and load."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from callsheet.wiring.providers import adapters

app = typer.Typer(help="Simulators of outside services.", no_args_is_help=True)
Certificate = Annotated[
    Path | None,
    typer.Option(help="PEM file with a certificate and its key: https is served.", exists=True),
]


@app.command()
def gcs(
    port: Annotated[int, typer.Option(help="Port on loopback.")] = 18_080,
    bucket: Annotated[list[str] | None, typer.Option(help="A bucket to begin with.")] = None,
) -> None:
    """Serve a simulated Google Cloud Storage on 127.0.0.1."""
    import uvicorn  # noqa: PLC0415  # only who simulates pays for it

    from callsheet.sim.gcs import create_app  # noqa: PLC0415  # see above

    uvicorn.run(create_app(bucket or ["callsheet"]), host="127.0.0.1", port=port)


@app.command()
def secrets(
    port: Annotated[int, typer.Option(help="Port on loopback.")] = 18_081,
    name: Annotated[
        str, typer.Option(help="A secret to begin with, one random version in it.")
    ] = "projects/demo/secrets/callsheet",
) -> None:
    """Serve a simulated Google Secret Manager, and a machine that may read it, on 127.0.0.1."""
    import os  # noqa: PLC0415  # only who simulates pays for it

    import uvicorn  # noqa: PLC0415  # see above

    from callsheet.sim.gcs_keys import ServiceAccount  # noqa: PLC0415  # see above
    from callsheet.sim.google_secrets import Vault, create_app  # noqa: PLC0415  # see above

    account, vault = ServiceAccount.generate(), Vault()
    vault.add(name, os.urandom(32).hex().encode(), account.email)
    uvicorn.run(create_app(account, vault), host="127.0.0.1", port=port)


@app.command()
def replicate(
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 18_001,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    ledger: Annotated[
        Path | None, typer.Option(help="File that keeps every order; one that is there goes on.")
    ] = None,
    webhook_secret: Annotated[
        str | None, typer.Option(help="whsec_ and base64; the same one each time if left out.")
    ] = None,
    api_token: Annotated[
        list[str] | None, typer.Option(help="A token to let in; any, if left out.")
    ] = None,
    run_seconds: Annotated[
        float | None, typer.Option(help="How long predictions run, without a queue; 0 is at once.")
    ] = None,
    creates_per_minute: Annotated[int, typer.Option(help="Limit on new orders; 0 is none.")] = 600,
    others_per_minute: Annotated[int, typer.Option(help="Limit on the rest; 0 is none.")] = 3_000,
    certificate: Certificate = None,
) -> None:
    """Serve a simulated Replicate, with its book and faults below /_admin, open to whoever asks."""
    import uvicorn  # noqa: PLC0415  # only who simulates pays for it

    from callsheet.sim.core.conditions import Conditions  # noqa: PLC0415  # see above
    from callsheet.sim.core.ledger import UnreadableLedgerError  # noqa: PLC0415  # see above
    from callsheet.sim.replicate import BadSecretError, create_app  # noqa: PLC0415  # see above

    conditions = Conditions(
        wall=time.time,
        tokens=frozenset(api_token) if api_token else None,
        creates_per_minute=creates_per_minute,
        others_per_minute=others_per_minute,
    )
    if run_seconds is not None:
        conditions.queue_s, conditions.run_s = 0.0, {"*": run_seconds}
    try:
        service = create_app(conditions, ledger=ledger, webhook_secret=webhook_secret)
    except (BadSecretError, UnreadableLedgerError) as error:
        raise typer.BadParameter(str(error)) from None
    uvicorn.run(service, host=host, port=port, access_log=False, ssl_certfile=certificate)


@app.command()
def provider(
    name: Annotated[str, typer.Argument(help="The provider's name, e.g. runway.")],
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 18_002,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    ledger: Annotated[
        Path | None, typer.Option(help="File that keeps every order; one that is there goes on.")
    ] = None,
    run_seconds: Annotated[
        float | None, typer.Option(help="How long orders run, without a queue; 0 is at once.")
    ] = None,
    signing_key: Annotated[
        str, typer.Option(help="Key that webhooks are signed with, where the account has one.")
    ] = "",
    judge: Annotated[
        Path | None,
        typer.Option(help="Script of how a language model judges pictures.", exists=True),
    ] = None,
    certificate: Certificate = None,
) -> None:
    """Serve any simulated provider, with its book and faults below /_admin, without limits."""
    import importlib  # noqa: PLC0415  # only who simulates pays for it

    import uvicorn  # noqa: PLC0415  # see above

    from callsheet.sim.core.conditions import Conditions  # noqa: PLC0415  # see above
    from callsheet.sim.core.ledger import UnreadableLedgerError  # noqa: PLC0415  # see above

    known = sorted(adapters())
    if name not in known:
        raise typer.BadParameter(f"no provider {name!r}; there are {', '.join(known)}")
    if signing_key and not adapters()[name].signs_by_key:
        raise typer.BadParameter(f"{name} has no key of the account's for webhooks")
    if judge and name != "gemini":
        raise typer.BadParameter(f"{name} judges nothing; gemini does")
    more: dict[str, Any] = {"signing_key": signing_key} if signing_key else {}
    more |= {"judge": judge} if judge else {}
    conditions = Conditions(wall=time.time, creates_per_minute=0, others_per_minute=0)
    if run_seconds is not None:
        conditions.queue_s, conditions.run_s = 0.0, {"*": run_seconds}
    try:
        service = importlib.import_module(f"callsheet.sim.{name}").create_app(
            conditions, ledger=ledger, **more
        )
    except UnreadableLedgerError as error:
        raise typer.BadParameter(str(error)) from None
    uvicorn.run(service, host=host, port=port, access_log=False, ssl_certfile=certificate)
