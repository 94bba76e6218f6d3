"""What can be wrong with signing keys, with signing, and with what was signed."""

from datetime import datetime
from pathlib import Path
from typing import ClassVar

from callsheet.kernel.errors import (
    ConflictError,
    FieldError,
    InvalidInputError,
    UnavailableError,
    shown,
)

_INIT = "make a chain with: callsheet provenance init"
_RENEW = "make a new one with: callsheet provenance init --renew"
KEY_SETTING = "CALLSHEET_PROVENANCE_KEY"
CERT_SETTING = "CALLSHEET_PROVENANCE_CERT"


class SigningKeyError(InvalidInputError):
    """Nothing can be signed with the key and certificates that are set up."""

    code: ClassVar[str] = "signing_key"

    def __init__(self, setting: str, path: Path | str, reason: str, advice: str) -> None:
        place = shown(path)
        super().__init__(f"{setting} {place}: {reason}; {advice}", [FieldError(setting, reason)])
        self.reason = reason


class SigningKeyMissingError(SigningKeyError):
    """There is no key, or no certificate, to sign with."""

    code: ClassVar[str] = "signing_key_missing"

    def __init__(self, setting: str, path: Path | str, reason: str = "there is no file") -> None:
        super().__init__(setting, path, reason, _INIT)


class SigningKeyUnreadableError(SigningKeyError):
    """The key or the certificates are there and cannot be read as PEM."""

    code: ClassVar[str] = "signing_key_unreadable"

    def __init__(self, setting: str, path: Path | str, reason: str) -> None:
        super().__init__(setting, path, reason, "give a file in PEM without a password")


class SigningKeyTypeError(SigningKeyError):
    """The key is of a type, or too short, for C2PA to allow it."""

    code: ClassVar[str] = "signing_key_type"

    def __init__(self, path: Path | str, found: str) -> None:
        allowed = "C2PA allows P-256, P-384, P-521, Ed25519 and RSA from 2,048 bits"
        super().__init__(KEY_SETTING, path, f"it holds {found}", f"{allowed}; {_INIT}")


class SigningKeyMismatchError(SigningKeyError):
    """The key is not that of the certificate."""

    code: ClassVar[str] = "signing_key_mismatch"

    def __init__(self, path: Path | str) -> None:
        reason = "its first certificate is not for the key"
        super().__init__(CERT_SETTING, path, reason, f"give the key's own chain; or {_RENEW}")


class SigningCertificateExpiredError(SigningKeyError):
    """The certificate is not valid now."""

    code: ClassVar[str] = "signing_certificate_expired"

    def __init__(self, path: Path | str, begins: datetime, ends: datetime) -> None:
        reason = f"it is valid from {begins:%Y-%m-%d} to {ends:%Y-%m-%d} only"
        super().__init__(CERT_SETTING, path, reason, _RENEW)


class SigningCertificateUseError(SigningKeyError):
    """The certificate is not one for signing content credentials."""

    code: ClassVar[str] = "signing_certificate_use"

    def __init__(self, path: Path | str, reason: str) -> None:
        super().__init__(CERT_SETTING, path, reason, _RENEW)


class ChainExistsError(ConflictError):
    """A chain is there already; nothing was written over."""

    code: ClassVar[str] = "chain_exists"

    def __init__(self, folder: Path) -> None:
        said = f"{shown(folder)} has a chain already: what it signed is verified by it"
        super().__init__(f"{said}; --renew makes a new signing key under the same root")


class SigningKeyUnavailableError(UnavailableError):
    """The service that keeps the signing key does not answer; signing waits."""

    code: ClassVar[str] = "signing_key_unavailable"


class SigningFailedError(ConflictError):
    """A file could not be signed, or what was signed did not hold; it does not leave."""

    code: ClassVar[str] = "signing_failed"

    def __init__(self, sha256: str, reason: str) -> None:
        super().__init__(f"asset {sha256[:16]}… was not signed, and is not delivered: {reason}")
        self.sha256, self.reason = sha256, reason


class SigningOffError(InvalidInputError):
    """A job asks for signing where an operator has switched it off."""

    code: ClassVar[str] = "signing_off"

    def __init__(self) -> None:
        reason = "signing is off here (CALLSHEET_SIGN=never)"
        super().__init__(
            f"sign: {reason}; leave it out, or ask an operator for it",
            [FieldError("sign", reason, "true")],
        )


class NoTakeError(ConflictError):
    """Nothing tells how an asset came about: nothing can be stated of it."""

    code: ClassVar[str] = "asset_without_take"

    def __init__(self, sha256: str) -> None:
        super().__init__(f"asset {sha256[:16]}… was not made here: only what was made is signed")
