"""Opening the object store that a URL names."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote

from callsheet.blobs.buckets import CLOUD_SCHEMES
from callsheet.blobs.cloud import CloudStore
from callsheet.blobs.content import ContentStore
from callsheet.blobs.disk import DiskStore
from callsheet.blobs.errors import (
    InvalidStoreOptionError,
    InvalidStoreUrlError,
    UnknownStoreSchemeError,
)
from callsheet.kernel.private_files import made_folder

SCHEMES = ("file", "memory", *CLOUD_SCHEMES)


def open_store(url: str, *, secret: bytes, options: Mapping[str, str]) -> ContentStore:
    """Make the store for ``file://``, a bare path, ``memory://``, ``s3://``, ``gs://``, ``az://``.

    `secret` signs the links of stores that cannot sign their own; `options` are obstore's
    settings for a bucket. Nothing is contacted yet: `check()` does that.
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        return _on_disk(url, secret, options)
    if scheme == "file":
        return _on_disk(unquote(rest), secret, options)
    if scheme not in SCHEMES:
        raise UnknownStoreSchemeError(scheme, [f"{known}://" for known in SCHEMES])
    return CloudStore(url, secret, options)


def _on_disk(path: str, secret: bytes, options: Mapping[str, str]) -> DiskStore:
    if not path or "\0" in path:
        raise InvalidStoreUrlError("names no folder; write file:///absolute/path or a path")
    for option in options:
        raise InvalidStoreOptionError("file://", option, "a store on disk has no options")
    made_folder(Path(path), "CALLSHEET_STORE_URL")
    return DiskStore(Path(path), secret)
