"""Certificates that do not hold: found in what a library raised, and told with what to do."""

import ssl
from collections.abc import Iterator
from typing import Final

# What OpenSSL says (X509_V_ERR_*), by what a person can do about it.
_NOT_YET: Final = frozenset({9})
_EXPIRED: Final = frozenset({10})
_ANOTHER_NAME: Final = frozenset({62, 63, 64})


def distrust(error: BaseException, host: str) -> str | None:
    """Say that a host's certificate does not hold, why, and what to do; None if it was not that."""
    for each in _causes(error):
        if isinstance(each, ssl.SSLCertVerificationError):
            why = each.verify_message.rstrip(".")
            return f"the certificate of {host} does not hold ({why}); {_advice(each.verify_code)}"
    return None


def _advice(code: int) -> str:
    if code in _EXPIRED:
        return "whoever runs it must renew it, or this machine's clock is wrong"
    if code in _NOT_YET:
        return "this machine's clock is probably wrong"
    if code in _ANOTHER_NAME:
        return "the address is wrong, or somebody else answers there"
    return "if it is of an authority of your own, name its certificate in CALLSHEET_CA_FILE"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Give an error and what led to it, which libraries keep as its cause or as its argument."""
    waiting: list[BaseException] = [error]
    for each in waiting:
        yield each
        led = (each.__cause__, *each.args)
        waiting += [at for at in led if isinstance(at, BaseException) and at not in waiting]
