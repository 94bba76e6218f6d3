"""Making a chain of our own: a root, an intermediate authority, and the key that signs.

Whoever is given the root can verify what we sign; nobody else trusts it. The public list of C2PA
signers needs a certificate from one of its authorities.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from callsheet.kernel.private_files import private_folder
from callsheet.provenance.errors import ChainExistsError, SigningKeyMissingError

ROOT: Final = "root.pem"
KEY: Final = "signing.key"
CERTIFICATES: Final = "signing.pem"
_ROOT_KEY: Final = "root.key"
_AUTHORITY: Final = "intermediate.pem"
_AUTHORITY_KEY: Final = "intermediate.key"
_ROOT_YEARS, _AUTHORITY_YEARS, _LEAF_YEARS = 10, 5, 1
_YEAR: Final = timedelta(days=365)
_EARLIER: Final = timedelta(hours=1)  # for clocks that are behind
_SETTING: Final = "--folder"

Key = ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class Chain:
    """Where a chain lies, and until when its signing certificate is valid."""

    root: Path
    key: Path
    certificates: Path
    expires_at: datetime


def make_chain(folder: Path, organisation: str, now: datetime) -> Chain:
    """Write root, intermediate and signing key with their certificates.

    Raises ChainExistsError, UnusableFolderError.
    """
    private_folder(folder, _SETTING)
    if any((folder / name).exists() for name in (ROOT, KEY, CERTIFICATES)):
        raise ChainExistsError(folder)
    root_key, authority_key = _new_key(), _new_key()
    root_name, authority_name = _name(organisation, "root"), _name(organisation, "intermediate")
    root = _authority(root_name, root_key, root_name, root_key, now, _ROOT_YEARS, below=1)
    authority = _authority(
        authority_name, authority_key, root_name, root_key, now, _AUTHORITY_YEARS, below=0
    )
    for name, key in ((_ROOT_KEY, root_key), (_AUTHORITY_KEY, authority_key)):
        _write(folder / name, _pem_of_key(key))
    _write(folder / _AUTHORITY, _pem(authority))
    chain = _signing(folder, organisation, authority, authority_key, now)
    _write(folder / ROOT, _pem(root))  # last: a folder that has it has all the rest
    return chain


def renew_chain(folder: Path, organisation: str, now: datetime) -> Chain:
    """Make a new signing key under the authority that is there. Raises SigningKeyMissingError."""
    try:
        authority = x509.load_pem_x509_certificate((folder / _AUTHORITY).read_bytes())
        key = serialization.load_pem_private_key((folder / _AUTHORITY_KEY).read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        reason = f"its intermediate authority cannot be read ({error})"
        raise SigningKeyMissingError(_SETTING, folder, reason) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise SigningKeyMissingError(_SETTING, folder, "its intermediate authority is not ours")
    return _signing(folder, organisation, authority, key, now)


def _signing(
    folder: Path, organisation: str, authority: x509.Certificate, authority_key: Key, now: datetime
) -> Chain:
    key = _new_key()
    ends = min(now + _LEAF_YEARS * _YEAR, authority.not_valid_after_utc)
    name = _name(organisation, "content credentials")
    leaf = (
        _certificate(name, key, authority.subject, now, ends)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_files=True), critical=True)
        # what C2PA asks of whoever signs claims, where no list names a purpose of its own
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=True)
        .add_extension(_issued_by(authority_key), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    # the key first: a certificate without its key would be worse than an old pair
    _write(folder / KEY, _pem_of_key(key))
    _write(folder / CERTIFICATES, _pem(leaf) + _pem(authority))
    return Chain(folder / ROOT, folder / KEY, folder / CERTIFICATES, leaf.not_valid_after_utc)


def _authority(
    name: x509.Name,
    key: Key,
    issuer: x509.Name,
    issuer_key: Key,
    now: datetime,
    years: int,
    *,
    below: int,
) -> x509.Certificate:
    return (
        _certificate(name, key, issuer, now, now + years * _YEAR)
        .add_extension(x509.BasicConstraints(ca=True, path_length=below), critical=True)
        .add_extension(_usage(signs_files=False), critical=True)
        .add_extension(_issued_by(issuer_key), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )


def _certificate(
    name: x509.Name, key: Key, issuer: x509.Name, begins: datetime, ends: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins.astimezone(UTC) - _EARLIER)
        .not_valid_after(ends.astimezone(UTC))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _issued_by(key: Key) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def _usage(*, signs_files: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signs_files,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=not signs_files,
        crl_sign=not signs_files,
        encipher_only=False,
        decipher_only=False,
    )


def _name(organisation: str, what: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{organisation} {what}"[:64]),
        ]
    )


def _new_key() -> Key:
    return ec.generate_private_key(ec.SECP256R1())


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _pem_of_key(key: Key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _write(path: Path, content: bytes) -> None:
    """Write a file that only we may read, whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC
    descriptor = os.open(draft, flags, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, 0o600)  # whatever the umask
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
