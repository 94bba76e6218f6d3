"""The client's side of TLS for tests that speak plain HTTP to this machine."""

import ssl
from typing import Final

import httpx2

# Left to itself each client reads all authorities of the system, which costs more than most tests.
NO_TLS: Final[ssl.SSLContext] = httpx2.create_ssl_context(verify=False)
