"""Keys that sign: those C2PA allows do, the others are refused by name with what to do."""

import stat
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from callsheet.media.credentials.client import ProcessCredentials
from callsheet.ports.provenance import State
from callsheet.provenance.chain import make_chain, renew_chain
from callsheet.provenance.errors import (
    ChainExistsError,
    SigningCertificateExpiredError,
    SigningCertificateUseError,
    SigningKeyError,
    SigningKeyMismatchError,
    SigningKeyMissingError,
    SigningKeyTypeError,
    SigningKeyUnreadableError,
)
from callsheet.provenance.keys import KeyFiles, keys_in
from tests.provenance.making import NOW, chain_in, picture, signer_of, statement

_EMAIL = ExtendedKeyUsageOID.EMAIL_PROTECTION


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def credentials() -> AsyncIterator[ProcessCredentials]:
    found = ProcessCredentials(1)
    yield found
    await found.close()


def files_of(
    folder: Path,
    key: PrivateKeyTypes,
    purpose: x509.ObjectIdentifier = _EMAIL,
    certified: PrivateKeyTypes | None = None,
) -> KeyFiles:
    """Write a key, and a certificate for it (or for another) by an authority of its own."""
    authority = ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Authority")])
    own = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Own"),
            x509.NameAttribute(NameOID.COMMON_NAME, "Own signer"),
        ]
    )
    public = (certified or key).public_key()
    no = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False
    )
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
        **no,
    )
    leaf = (
        x509.CertificateBuilder()
        .subject_name(own)
        .issuer_name(issuer)
        .public_key(public)  # type: ignore[arg-type]  # DH keys, which no test here has
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=True)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(public),  # type: ignore[arg-type]
            critical=False,
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()),
            critical=False,
        )
        .sign(authority, hashes.SHA256())
    )
    (folder / "own.pem").write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "own.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, *form))
    return KeyFiles(folder / "own.key", folder / "own.pem", lambda: NOW)


def curve(kind: ec.EllipticCurve) -> PrivateKeyTypes:
    return ec.generate_private_key(kind)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", ["es384", "es512", "ps256", "ed25519"])
async def test_every_kind_of_key_that_c2pa_allows_signs(
    credentials: ProcessCredentials, tmp_path: Path, name: str
) -> None:
    keys: dict[str, PrivateKeyTypes] = {
        "es384": curve(ec.SECP384R1()),
        "es512": curve(ec.SECP521R1()),
        "ps256": rsa.generate_private_key(65_537, 2_048),
        "ed25519": ed25519.Ed25519PrivateKey.generate(),
    }
    signer = files_of(tmp_path, keys[name]).signer()
    assert signer.algorithm == name

    made = await credentials.signed(picture(), statement("image/png"), [], signer)

    read = await credentials.read(made.content or b"", "image/png")
    assert read.state is State.VALID
    assert read.algorithm.casefold() == name


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (curve(ec.SECP256K1()), "secp256k1"),
        (rsa.generate_private_key(65_537, 1_024), "1024 bits"),  # noqa: S505  # it is to be refused
    ],
    ids=["curve", "short"],
)
def test_a_key_of_another_type_is_refused(tmp_path: Path, key: PrivateKeyTypes, said: str) -> None:
    with pytest.raises(SigningKeyTypeError, match=said) as refused:
        files_of(tmp_path, key).signer()
    assert "P-256" in str(refused.value)


def test_a_missing_key_and_missing_certificates_name_their_setting(tmp_path: Path) -> None:
    chain = chain_in(tmp_path / "chain")
    with pytest.raises(SigningKeyMissingError, match=r"CALLSHEET_PROVENANCE_KEY .*provenance init"):
        keys_in(tmp_path, None, None).signer()
    with pytest.raises(SigningKeyMissingError, match="CALLSHEET_PROVENANCE_CERT"):
        keys_in(tmp_path, chain.key, None).signer()


def test_what_is_no_key_is_refused(tmp_path: Path) -> None:
    chain = chain_in(tmp_path / "chain")
    chain.key.write_text("not a key")
    with pytest.raises(SigningKeyUnreadableError, match="PEM without a password"):
        signer_of(chain)
    files = files_of(tmp_path, curve(ec.SECP256R1()))
    files.certificates.write_text("not a certificate")
    with pytest.raises(SigningKeyUnreadableError, match="CALLSHEET_PROVENANCE_CERT"):
        files.signer()


def test_an_expired_certificate_says_from_when_to_when_and_how_to_renew(tmp_path: Path) -> None:
    chain = chain_in(tmp_path)
    later = NOW + timedelta(days=400)
    with pytest.raises(SigningCertificateExpiredError, match="init --renew") as refused:
        KeyFiles(chain.key, chain.certificates, lambda: later).signer()
    assert f"{chain.expires_at:%Y-%m-%d}" in str(refused.value)


def test_another_keys_certificate_is_refused(tmp_path: Path) -> None:
    own, other = curve(ec.SECP256R1()), curve(ec.SECP256R1())
    with pytest.raises(SigningKeyMismatchError):
        files_of(tmp_path, own, certified=other).signer()


def test_a_certificate_for_something_else_is_refused(tmp_path: Path) -> None:
    files = files_of(tmp_path, curve(ec.SECP256R1()), ExtendedKeyUsageOID.SERVER_AUTH)
    with pytest.raises(SigningCertificateUseError, match="emailProtection"):
        files.signer()


def test_a_chain_is_for_its_owner_alone_and_never_written_over(tmp_path: Path) -> None:
    folder = tmp_path / "chain"
    chain = chain_in(folder)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    before = chain.key.read_bytes()
    with pytest.raises(ChainExistsError, match="--renew"):
        make_chain(folder, "Other", NOW)
    assert chain.key.read_bytes() == before


@pytest.mark.asyncio(loop_scope="module")
async def test_a_renewed_key_is_vouched_for_by_the_same_root(
    credentials: ProcessCredentials, tmp_path: Path
) -> None:
    chain = chain_in(tmp_path)
    before = signer_of(chain)
    renewed = signer_of(renew_chain(tmp_path, "Lantern Films", NOW))
    assert renewed.key_id != before.key_id
    made = await credentials.signed(picture(), statement("image/png"), [], renewed)
    read = await credentials.read(made.content or b"", "image/png", chain.root.read_bytes())
    assert read.state is State.TRUSTED


def test_renewing_without_a_chain_says_so(tmp_path: Path) -> None:
    with pytest.raises(SigningKeyError, match="provenance init"):
        renew_chain(tmp_path, "Lantern Films", NOW)
