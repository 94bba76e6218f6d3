"""A Google service account of our own: who may speak to simulated services of Google's."""

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import parse_qsl, quote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

ALGORITHM = "GOOG4-RSA-SHA256"
GOOGLES_HOST = "storage.googleapis.com"  # what obstore signs links for, whatever its base URL
MAX_EXPIRES_S = 7 * 24 * 3600
MOST_ASSERTION_S = 3_600


class SignatureRefusedError(Exception):
    """A token or a signed link is not good; `code` is what Google's XML calls it."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """A key pair and its name."""

    email: str
    private_key: rsa.RSAPrivateKey

    @classmethod
    def generate(cls, email: str = "robot@callsheet-sim.iam.gserviceaccount.com") -> Self:
        """Make an account with a fresh key."""
        return cls(email, rsa.generate_private_key(public_exponent=65537, key_size=2048))

    def key_json(self, **more: str) -> str:
        """Write the key file that a client is configured with; `more` are other fields of it."""
        pem = self.private_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return json.dumps(
            {
                "type": "service_account",
                "client_email": self.email,
                "private_key_id": "sim",
                "private_key": pem.decode(),
                **more,
            }
        )

    def check_token(self, header: str, now: float) -> None:
        """Check a self-signed bearer token. Raises SignatureRefusedError."""
        try:
            head, claims, signature = header.removeprefix("Bearer ").split(".")
            self._verify(_decoded(signature), f"{head}.{claims}".encode())
            told: dict[str, Any] = json.loads(_decoded(claims))
            good = told["iss"] == self.email and told["iat"] - 60 <= now < told["exp"]
        except (ValueError, KeyError, TypeError, InvalidSignature):
            good = False
        if not good:
            raise SignatureRefusedError(401, "AuthenticationRequired", "Invalid token.")

    def check_assertion(self, assertion: str, audience: str, now: float) -> None:
        """Check what is traded for a token (RFC 7523). Raises SignatureRefusedError."""
        try:
            head, claims, signature = assertion.split(".")
            self._verify(_decoded(signature), f"{head}.{claims}".encode())
            told: dict[str, Any] = json.loads(_decoded(claims))
            begun, ends = told["iat"], told["exp"]
            named = told["iss"] == self.email and told["aud"] == audience and bool(told["scope"])
        except (ValueError, KeyError, TypeError, InvalidSignature):
            raise SignatureRefusedError(400, "invalid_grant", "Invalid JWT Signature.") from None
        if not begun - 60 <= now < ends <= begun + MOST_ASSERTION_S:
            message = "Invalid JWT: Token must be a short-lived token (60 minutes)."
            raise SignatureRefusedError(400, "invalid_grant", message)
        if not named:
            raise SignatureRefusedError(400, "invalid_grant", "Invalid JWT: iss, aud or scope.")

    def check_link(self, method: str, raw_path: str, raw_query: str, now: float) -> None:
        """Check a V4 signed link of this account. Raises SignatureRefusedError."""
        fields = dict(parse_qsl(raw_query, keep_blank_values=True))
        signature = fields.pop("X-Goog-Signature", "")
        _check_time(fields, now)
        scope = fields.get("X-Goog-Credential", "").removeprefix(f"{self.email}/")
        query = "&".join(
            f"{quote(name, safe='')}={quote(value, safe='')}"
            for name, value in sorted(fields.items())
        )
        canonical = f"{method}\n{raw_path}\n{query}\nhost:{GOOGLES_HOST}\n\nhost\nUNSIGNED-PAYLOAD"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        signed = f"{ALGORITHM}\n{fields['X-Goog-Date']}\n{scope}\n{digest}"
        try:
            self._verify(bytes.fromhex(signature), signed.encode())
            good = fields.get("X-Goog-SignedHeaders") == "host"  # all that obstore signs
        except (ValueError, InvalidSignature):
            good = False
        if not good:
            message = "Access denied. The request signature we calculated does not match."
            raise SignatureRefusedError(403, "SignatureDoesNotMatch", message)

    def _verify(self, signature: bytes, message: bytes) -> None:
        public_key = self.private_key.public_key()
        public_key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())


def _check_time(fields: dict[str, str], now: float) -> None:
    date, expires = fields.get("X-Goog-Date", ""), fields.get("X-Goog-Expires", "")
    if fields.get("X-Goog-Algorithm") != ALGORITHM or not re.fullmatch(r"\d{1,6}", expires):
        raise SignatureRefusedError(400, "InvalidQueryParameterValue", "Not a V4 signed link.")
    try:
        begun = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise SignatureRefusedError(400, "InvalidQueryParameterValue", "Bad date.") from None
    if not 1 <= int(expires) <= MAX_EXPIRES_S:
        raise SignatureRefusedError(400, "InvalidQueryParameterValue", "Bad X-Goog-Expires.")
    if now >= begun + int(expires):
        raise SignatureRefusedError(400, "ExpiredToken", "The provided token has expired.")


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
