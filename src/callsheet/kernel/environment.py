"""What an environment holds: settings, and what others put there under the same prefix."""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Final

PREFIX: Final = "CALLSHEET_"
# Kubernetes tells every container of every service: of one that is named `callsheet`, or begins
# with that, under our prefix.
_LINK_NAME: Final = re.compile(
    r"CALLSHEET_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)"
)
_LINK: Final = re.compile(r"(tcp|udp|sctp)://\S+:\d+")


def heeded(environment: Mapping[str, str]) -> dict[str, str]:
    """Leave out what says nothing: empty values (as Compose passes on) and Kubernetes' links."""
    return {
        name: value
        for name, value in environment.items()
        if value.strip() and not _is_link(name.upper(), value.strip())
    }


def _is_link(name: str, value: str) -> bool:
    if not name.startswith(PREFIX):
        return False
    if name.endswith("_PORT") and _LINK.fullmatch(value):
        return True
    return _LINK_NAME.fullmatch(name) is not None


def nearest(name: str, known: Iterable[str]) -> str:
    """Say which known name was probably meant, as the end of a sentence; "" for none."""
    close = get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""
