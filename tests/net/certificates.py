"""Certificates for servers of a test, and clients that trust them."""

import datetime as dt
import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Final, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

DAY: Final = dt.timedelta(days=1)


@dataclass
class Authority:
    """Signs certificates for servers of a test; `file` is its own, for who is to trust it."""

    folder: Path
    key: ec.EllipticCurvePrivateKey
    name: x509.Name
    file: Path

    @classmethod
    def make(cls, folder: Path) -> Self:
        """Found an authority whose files lie in a folder."""
        key = ec.generate_private_key(ec.SECP256R1())
        named = _name(f"authority {folder.name}")
        file = folder / "authority.pem"
        signed = _worded(named, key).issuer_name(named).add_extension(_IS_AUTHORITY, critical=True)
        file.write_bytes(_pem(signed.sign(key, hashes.SHA256())))
        return cls(folder, key, named, file)

    def certificate(self, *names: str, ended: bool = False) -> Path:
        """Sign a certificate for host names and addresses; its file holds its key, too."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _worded(_name(names[0]), key, ended=ended).issuer_name(self.name)
        for_names = x509.SubjectAlternativeName([_host(each) for each in names])
        builder = builder.add_extension(for_names, critical=False)
        file = self.folder / f"{names[0]}{'-ended' if ended else ''}.pem"
        file.write_bytes(_key_pem(key) + _pem(builder.sign(self.key, hashes.SHA256())))
        return file


def served_by(certificate: Path) -> ssl.SSLContext:
    """Make the server's side of TLS from a file with a certificate and its key."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate)
    return server


def certify(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make a certificate for `name`: the server's side of TLS, and a client that trusts it."""
    chain = self_signed(folder, name)
    return served_by(chain), ssl.create_default_context(cafile=str(chain))


def self_signed(folder: Path, name: str) -> Path:
    """Make a certificate that vouches for itself; its file holds its key, too."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _worded(_name(name), key).issuer_name(_name(name))
    builder = builder.add_extension(x509.SubjectAlternativeName([_host(name)]), critical=False)
    certificate = builder.add_extension(_IS_AUTHORITY, critical=True).sign(key, hashes.SHA256())
    chain = folder / "chain.pem"
    chain.write_bytes(_key_pem(key) + _pem(certificate))
    return chain


_IS_AUTHORITY: Final = x509.BasicConstraints(ca=True, path_length=None)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def _host(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _worded(
    name: x509.Name, key: ec.EllipticCurvePrivateKey, *, ended: bool = False
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 3 * DAY)
        .not_valid_after(now - DAY if ended else now + DAY)
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
