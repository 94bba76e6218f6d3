"""Reading requests: keys and addresses, as every provider has them."""

from starlette.requests import Request


def bearer(request: Request, *schemes: str) -> str:
    """Read a key behind one of some schemes of `Authorization`."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() in schemes else ""


def base_of(request: Request) -> str:
    """Tell the address that the client used."""
    return f"{request.url.scheme}://{request.url.netloc}"
