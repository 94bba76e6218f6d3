"""Cutting a client's connection, below HTTP: what ASGI has no word for."""

from starlette.types import Receive


async def cut(receive: Receive) -> None:
    """Close the TCP connection at once, without the rest of the answer."""
    abort(receive)
    await until_gone(receive)


def abort(receive: Receive) -> None:
    """Close the TCP connection at once, and do not wait until it is."""
    # uvicorn's receive is a method of the object that holds the connection
    connection = getattr(receive, "__self__", None)
    if connection is not None:
        connection.transport.abort()


async def until_gone(receive: Receive) -> None:
    """Say nothing until the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
