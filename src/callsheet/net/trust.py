"""Whom we believe to be who they say: authorities of the system, or those an operator named."""

import functools
import re
import ssl
from pathlib import Path
from typing import ClassVar, Final

import httpx2

from callsheet.kernel.errors import InvalidInputError

_NAMED_BY_HASH: Final = re.compile(r"[0-9a-f]{8}\.\d+", re.IGNORECASE)


class UnusableCertificatesError(InvalidInputError):
    """What a setting names as certificates of authorities is not there, or is none."""

    code: ClassVar[str] = "invalid_certificates"

    def __init__(self, setting: str, path: str, reason: str) -> None:
        super().__init__(f"{setting}: {path} holds no certificates that can be used: {reason}")
        self.setting, self.path, self.reason = setting, path, reason


def trusting(*, file: str = "", bundle: str = "", folders: str = "") -> ssl.SSLContext:
    """Make the client's side of TLS, for all connections.

    `bundle` (a PEM file or a folder) and `folders` (parted by ":") are trusted instead of the
    system's authorities, `file` (a PEM file) beside them. The context is a plain one: those that
    Python makes by default judge more strictly from 3.13 on, and refuse many a company's own
    certificates. Raises UnusableCertificatesError.
    """
    if not (file or bundle or folders):
        return _of_the_system()
    if bundle or folders:
        trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    else:
        trusted = httpx2.create_ssl_context(trust_env=False)
    bundles = "CALLSHEET_CA_BUNDLE, SSL_CERT_FILE or REQUESTS_CA_BUNDLE"
    if bundle and Path(bundle).is_dir():
        _add_folders(trusted, bundles, bundle)
    elif bundle:
        _add_file(trusted, bundles, bundle)
    if folders:
        _add_folders(trusted, "CALLSHEET_CA_DIR or SSL_CERT_DIR", folders)
    if file:
        _add_file(trusted, "CALLSHEET_CA_FILE", file)
    return trusted


@functools.cache
def _of_the_system() -> ssl.SSLContext:
    """Trust the system's authorities; to read them takes as long as all else that is wired."""
    return httpx2.create_ssl_context(trust_env=False)


def _add_file(trusted: ssl.SSLContext, setting: str, file: str) -> None:
    try:
        trusted.load_verify_locations(cafile=file)
    except ssl.SSLError as error:
        reason = "it is no PEM file of certificates"
        raise UnusableCertificatesError(setting, file, reason) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it cannot be read"
        raise UnusableCertificatesError(setting, file, reason) from error


def _add_folders(trusted: ssl.SSLContext, setting: str, folders: str) -> None:
    named = [Path(each) for each in folders.split(":") if each]
    try:
        files = [file.name for folder in named for file in folder.iterdir()]
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise UnusableCertificatesError(setting, folders, reason) from error
    if not any(map(_NAMED_BY_HASH.fullmatch, files)):
        reason = "none is named by its hash, as `openssl rehash` names them"
        raise UnusableCertificatesError(setting, folders, reason)
    for folder in named:
        trusted.load_verify_locations(capath=str(folder))
