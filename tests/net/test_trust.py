"""Whom we trust: the system's authorities, and those that an operator named, or the start ends."""

import shutil
import subprocess
from pathlib import Path

import httpx2
import pytest
from tests.net.certificates import Authority, served_by
from tests.net.test_sockets import answer, client, serving

from callsheet.net.trust import UnusableCertificatesError, trusting
from callsheet.settings import read_settings
from callsheet.wiring import build
from callsheet.wiring.providers import trusted_authorities

NAMES = ("CALLSHEET_CA_FILE", "CALLSHEET_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
FOLDERS = ("CALLSHEET_CA_DIR", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Found an authority."""
    return Authority.make(tmp_path)


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what this machine says of authorities."""
    for name in (*NAMES, *FOLDERS):
        monkeypatch.delenv(name, raising=False)


def hashed(authority: Authority) -> Path:
    """Make a folder in which the authority's certificate is named by its hash."""
    folder = authority.folder / "hashed"
    folder.mkdir()
    shutil.copy(authority.file, folder / "authority.pem")
    subprocess.run(["openssl", "rehash", folder], check=True, capture_output=True)
    return folder


async def is_trusted(authority: Authority) -> bool:
    """Ask a server with a certificate of that authority, as the settings in force say."""
    trusted = trusted_authorities(read_settings())
    server = served_by(authority.certificate("localhost"))
    async with serving(answer, server) as port, client(trusted) as http:
        try:
            return (await http.get(f"https://localhost:{port}")).text == "1"
        except httpx2.ConnectError:
            return False


@pytest.mark.parametrize("name", NAMES)
async def test_named_file_is_trusted(
    name: str, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a setting of ours, or by one that other tools know."""
    assert not await is_trusted(authority)
    monkeypatch.setenv(name, str(authority.file))
    assert await is_trusted(authority)


@pytest.mark.parametrize("name", FOLDERS)
async def test_named_folder_is_trusted(
    name: str, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alone or among several."""
    folder = str(hashed(authority))
    monkeypatch.setenv(name, folder if name == "REQUESTS_CA_BUNDLE" else f"/tmp:{folder}")  # noqa: S108
    assert await is_trusted(authority)


def test_our_file_is_trusted_beside_the_systems(authority: Authority) -> None:
    """A bundle replaces the system's; our own file adds to whatever there is."""
    alone = trusting(bundle=str(authority.file)).cert_store_stats()["x509_ca"]
    assert alone == 1
    systems = trusting().cert_store_stats()["x509_ca"]
    assert trusting(file=str(authority.file)).cert_store_stats()["x509_ca"] == systems + 1


@pytest.mark.parametrize("name", [*NAMES, "CALLSHEET_CA_DIR", "SSL_CERT_DIR"])
@pytest.mark.parametrize("kind", ["missing", "empty", "words", "another kind"])
async def test_what_is_no_certificate_ends_the_start(
    name: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one sentence, which names the setting and the path."""
    path = tmp_path / "named"
    wants_folder = name.endswith("_DIR")
    match kind:
        case "empty" if wants_folder:
            path.mkdir()
        case "empty":
            path.touch()
        case "words":
            path.write_text("no certificate\n")
        case "another kind" if not wants_folder:
            path.mkdir()
        case "another kind":
            path.touch()
    monkeypatch.setenv(name, str(path))
    with pytest.raises(UnusableCertificatesError) as caught:
        await build(read_settings(data_dir=tmp_path / "data"))
    said = str(caught.value)
    assert name in said
    assert str(path) in said
    assert "\n" not in said
