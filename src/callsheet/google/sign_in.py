"""Signing in to Google as a service account, with the key file that Google gives out for it."""

import base64
import json
import time
from dataclasses import dataclass, field
from typing import Final, Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

TOKEN_URL: Final = "https://oauth2.googleapis.com/token"  # noqa: S105  # an address
TOKEN_S: Final = 3_600
_SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"
_GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """A service account and its private key; `token_url` is where its tokens are given out."""

    mail: str
    private_key: str = field(repr=False)
    project: str
    token_url: str

    @classmethod
    def read(cls, text: str) -> Self:
        """Read a key file. Raises ValueError, which repeats nothing of it."""
        try:
            told = json.loads(text)
        except ValueError:
            raise ValueError("it is not JSON") from None  # which would hold all of it
        if not isinstance(told, dict) or told.get("type", "service_account") != "service_account":
            raise ValueError("it is no service account's key file")
        mail, private = told.get("client_email"), told.get("private_key")
        if not isinstance(mail, str) or not isinstance(private, str):
            raise ValueError("it lacks client_email or private_key")  # noqa: TRY004  # see below
        where = (told.get("project_id", ""), told.get("token_uri", TOKEN_URL))
        return cls(mail, private, *map(str, where))

    def grant(self, audience: str) -> dict[str, str]:
        """Word the form that is traded for a token (RFC 7523). Raises ValueError, see `read`."""
        now = int(time.time())
        claims = {
            "iss": self.mail,
            "scope": _SCOPE,
            "aud": audience,
            "iat": now,
            "exp": now + TOKEN_S,
        }
        head = ".".join(map(_part, ({"alg": "RS256", "typ": "JWT"}, claims)))
        signature = self._key().sign(head.encode(), padding.PKCS1v15(), hashes.SHA256())
        return {"grant_type": _GRANT, "assertion": f"{head}.{_text(signature)}"}

    def _key(self) -> rsa.RSAPrivateKey:
        try:
            key = serialization.load_pem_private_key(self.private_key.encode(), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise ValueError("its private_key cannot be read") from None
        if not isinstance(key, rsa.RSAPrivateKey):
            raise ValueError("its private_key is not RSA")  # noqa: TRY004  # a value in a file
        return key


def _part(told: object) -> str:
    return _text(json.dumps(told, separators=(",", ":")).encode())


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
