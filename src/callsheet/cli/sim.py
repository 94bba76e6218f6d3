"""`callsheet sim …`: simulators of outside services, for tests, demos and load."""

from typing import Annotated

import typer

app = typer.Typer(help="Simulators of outside services.", no_args_is_help=True)


@app.command()
def gcs(
    port: Annotated[int, typer.Option(help="Port on loopback.")] = 18_080,
    bucket: Annotated[list[str] | None, typer.Option(help="A bucket to begin with.")] = None,
) -> None:
    """Serve a simulated Google Cloud Storage on 127.0.0.1."""
    import uvicorn  # noqa: PLC0415  # only who simulates pays for it

    from callsheet.sim.gcs import create_app  # noqa: PLC0415  # see above

    uvicorn.run(create_app(bucket or ["callsheet"]), host="127.0.0.1", port=port)
