"""Opening the sockets on which a process answers."""

import socket
from typing import ClassVar, Final

from callsheet.kernel.errors import CallsheetError, shown

_BACKLOG: Final = 2048


class CannotListenError(CallsheetError):
    """The address to serve on cannot be had."""

    code: ClassVar[str] = "cannot_listen"

    def __init__(self, host: str, port: int, reason: str, choices: str) -> None:
        super().__init__(
            f"cannot listen on {shown(host)!r} port {port}: {reason}; free it or choose another"
            f" with {choices}"
        )


def listen(host: str, port: int, choices: str) -> socket.socket:
    """Open the socket to serve on; `choices` says how to choose another port.

    Raises CannotListenError.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise CannotListenError(host, port, error.strerror or str(error), choices) from error
    # Connections inherit it. The event loop sets it only on sockets that it made itself, and
    # without it each answer on a kept connection waits 40 ms for the client's acknowledgement.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def address_of(listening: socket.socket) -> str:
    """Word where a socket answers."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
