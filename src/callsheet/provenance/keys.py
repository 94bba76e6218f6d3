"""The key that signs, read from files: checked before anything is signed with it."""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import ExtendedKeyUsageOID

from callsheet.provenance.chain import CERTIFICATES, KEY
from callsheet.provenance.errors import (
    CERT_SETTING,
    KEY_SETTING,
    SigningCertificateExpiredError,
    SigningCertificateUseError,
    SigningKeyMismatchError,
    SigningKeyMissingError,
    SigningKeyTypeError,
    SigningKeyUnreadableError,
)

_LEAST_RSA_BITS: Final = 2_048
_MAX_FILE: Final = 1 << 20
_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "es256": hashes.SHA256(),
    "es384": hashes.SHA384(),
    "es512": hashes.SHA512(),
    "ps256": hashes.SHA256(),
}
_CURVES: Final = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
_CLAIM_SIGNING: Final = x509.ObjectIdentifier("1.3.6.1.4.1.62558.2.1")  # C2PA's own purpose
_PURPOSES: Final = frozenset(
    {ExtendedKeyUsageOID.EMAIL_PROTECTION, _CLAIM_SIGNING}
    | {x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")}  # document signing
)


@dataclass(frozen=True, slots=True)
class KeyFileSigner:
    """Signs with a key of a file; implements `ports.provenance.ClaimSigner`."""

    algorithm: str
    certificates: bytes
    key_id: str
    key: PrivateKeyTypes = field(repr=False)

    @property
    def signature_size(self) -> int:
        """How many bytes a signature has."""
        match self.key:
            case ec.EllipticCurvePrivateKey():
                return 2 * _coordinate(self.key)
            case rsa.RSAPrivateKey():
                return self.key.key_size // 8
            case _:
                return 64

    async def sign(self, data: bytes) -> bytes:
        """Sign, in a thread: RSA takes some milliseconds."""
        return await asyncio.to_thread(self._sign, data)

    def _sign(self, data: bytes) -> bytes:
        key = self.key
        if isinstance(key, ec.EllipticCurvePrivateKey):
            signature = key.sign(data, ec.ECDSA(_HASHES[self.algorithm]))
            return cose_signature(signature, _coordinate(key))
        if isinstance(key, rsa.RSAPrivateKey):
            digest = _HASHES[self.algorithm]
            salted = padding.PSS(padding.MGF1(digest), padding.PSS.DIGEST_LENGTH)
            return key.sign(data, salted, digest)
        if isinstance(key, ed25519.Ed25519PrivateKey):
            return key.sign(data)
        raise TypeError(f"no way to sign with {type(key).__name__}")


def cose_signature(der: bytes, coordinate: int) -> bytes:
    """Turn an elliptic curve's signature from DER, as key services give it, into COSE's form."""
    r, s = decode_dss_signature(der)
    return r.to_bytes(coordinate) + s.to_bytes(coordinate)


@dataclass(frozen=True, slots=True)
class KeyFiles:
    """Where key and certificates lie. They are read anew each time: a renewed key counts at once.

    A service that keeps the key, such as a cloud's, is another object with this one verb.
    """

    key: Path
    certificates: Path
    clock: Callable[[], datetime]

    def signer(self) -> KeyFileSigner:
        """Read and check them. Raises a SigningKeyError that says what to do."""
        key = self._key()
        algorithm = _algorithm(key, self.key)
        content = _content(self.certificates, CERT_SETTING)
        try:
            chain = x509.load_pem_x509_certificates(content)
        except ValueError as error:
            raise SigningKeyUnreadableError(CERT_SETTING, self.certificates, str(error)) from error
        self._check(chain[0], key)
        own = chain[0].public_bytes(serialization.Encoding.DER)
        presented = [each for each in chain if each.subject != each.issuer]  # without the root
        pem = b"".join(each.public_bytes(serialization.Encoding.PEM) for each in presented)
        return KeyFileSigner(algorithm, pem, hashlib.sha256(own).hexdigest(), key)

    def _key(self) -> PrivateKeyTypes:
        content = _content(self.key, KEY_SETTING)
        try:
            return serialization.load_pem_private_key(content, None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise SigningKeyUnreadableError(KEY_SETTING, self.key, str(error)) from error

    def _check(self, own: x509.Certificate, key: PrivateKeyTypes) -> None:
        """Refuse a certificate that is another key's, not valid now, or not for signing."""
        if _public(own) != _public(key):
            raise SigningKeyMismatchError(self.certificates)
        begins, ends = own.not_valid_before_utc, own.not_valid_after_utc
        if not begins <= self.clock() <= ends:
            raise SigningCertificateExpiredError(self.certificates, begins, ends)
        reason = _unfit(own)
        if reason:
            raise SigningCertificateUseError(self.certificates, reason)


def keys_in(folder: Path, key: Path | None, certificates: Path | None) -> KeyFiles:
    """Name the files of the signing key and its certificates: those given, or our own chain's."""
    return KeyFiles(key or folder / KEY, certificates or folder / CERTIFICATES, _now)


def _now() -> datetime:
    return datetime.now(UTC)


def _content(path: Path, setting: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_FILE)
    except FileNotFoundError as error:
        raise SigningKeyMissingError(setting, path) from error
    except OSError as error:
        reason = f"it cannot be read ({error.strerror})"
        raise SigningKeyMissingError(setting, path, reason) from error


def _algorithm(key: PrivateKeyTypes, path: Path) -> str:
    """Name the algorithm that goes with a key. Raises SigningKeyTypeError."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, ec.EllipticCurvePrivateKey):
        if key.curve.name in _CURVES:
            return _CURVES[key.curve.name]
        raise SigningKeyTypeError(path, f"a key on the curve {key.curve.name}")
    if isinstance(key, rsa.RSAPrivateKey):
        if key.key_size >= _LEAST_RSA_BITS:
            return "ps256"
        raise SigningKeyTypeError(path, f"an RSA key of {key.key_size} bits")
    raise SigningKeyTypeError(path, f"a {type(key).__name__.removesuffix('PrivateKey')} key")


def _unfit(own: x509.Certificate) -> str:
    """Say why a certificate is not for signing content credentials; "" if it is."""
    try:
        if own.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return "its first certificate is an authority's, not the signer's own"
    except x509.ExtensionNotFound:
        pass  # then it is no authority
    try:
        usage = own.extensions.get_extension_for_class(x509.KeyUsage).value
        purposes = own.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return "its first certificate says not what it is for (key usage, extended key usage)"
    if not usage.digital_signature:
        return "its first certificate is not for digital signatures"
    if not _PURPOSES & set(purposes):
        return "none of its purposes is emailProtection, documentSigning or C2PA claim signing"
    return ""


def _public(holder: x509.Certificate | PrivateKeyTypes) -> bytes:
    return holder.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _coordinate(key: ec.EllipticCurvePrivateKey) -> int:
    return (key.curve.key_size + 7) // 8
