"""Opening stores from what an operator wrote."""

from pathlib import Path

import pytest

from callsheet.blobs.cloud import CloudStore
from callsheet.blobs.disk import DiskStore
from callsheet.blobs.errors import (
    InvalidStoreOptionError,
    InvalidStoreUrlError,
    UnknownStoreSchemeError,
)
from callsheet.blobs.opening import open_store

SECRET = b"a secret for the tests of links!"
S3_KEYS = {"region": "eu-central-1", "access_key_id": "id", "secret_access_key": "hush"}
AZURE_KEYS = {"account_name": "acct", "account_key": "aHVzaA=="}


@pytest.mark.parametrize(
    ("url", "options", "kind", "shown"),
    [
        ("file:///srv/blobs", {}, DiskStore, "file:///srv/blobs"),
        ("file:///srv/my%20blobs", {}, DiskStore, "file:///srv/my%20blobs"),
        ("/srv/blobs", {}, DiskStore, "file:///srv/blobs"),
        ("file://blobs/here", {}, DiskStore, Path("blobs/here").absolute().as_uri()),
        (".callsheet/blobs", {}, DiskStore, Path(".callsheet/blobs").absolute().as_uri()),
        ("memory://", {}, CloudStore, "memory://"),
        ("s3://bucket", S3_KEYS, CloudStore, "s3://bucket"),
        ("s3://bucket/some/folder/", S3_KEYS, CloudStore, "s3://bucket/some/folder"),
        ("gs://bucket/x", {"skip_signature": "true"}, CloudStore, "gs://bucket/x"),
        ("az://container/x", AZURE_KEYS, CloudStore, "az://container/x"),
    ],
)
def test_url_names_the_store(
    url: str, options: dict[str, str], kind: type[object], shown: str
) -> None:
    """Each scheme opens its kind of store, which tells where it is without its keys."""
    store = open_store(url, secret=SECRET, options=options)
    assert (type(store), store.url) == (kind, shown)


@pytest.mark.parametrize("url", ["ftp://host/x", "S3://bucket", "https://bucket.example", "://x"])
def test_unknown_schemes_name_the_known(url: str) -> None:
    """A scheme that we do not have is refused with the list of those that we have."""
    with pytest.raises(UnknownStoreSchemeError) as caught:
        open_store(url, secret=SECRET, options={})
    for scheme in ("file://", "memory://", "s3://", "gs://", "az://"):
        assert scheme in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "file://",
        "s3://",
        "s3:///folder",
        "s3://id:hush@bucket",
        "s3://bucket?secret=hush",
        "s3://bucket/100%25",
        "memory://somewhere",
        "nul\0",
    ],
)
def test_unusable_urls_are_refused_unrepeated(url: str) -> None:
    """A URL that cannot be used is refused without its text, which may hold a password."""
    with pytest.raises(InvalidStoreUrlError) as caught:
        open_store(url, secret=SECRET, options=S3_KEYS if url.startswith("s3") else {})
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "options", "option"),
    [
        ("s3://bucket", {**S3_KEYS, "no_such_thing": "hush"}, "no_such_thing"),
        ("gs://bucket", {"service_account_key": "{hush"}, "service_account_key"),
        ("az://container", {}, "account_name"),
        ("memory://", {"region": "hush"}, "region"),
        ("/srv/blobs", {"region": "hush"}, "region"),
    ],
)
def test_unusable_options_are_named(url: str, options: dict[str, str], option: str) -> None:
    """An option that a store does not know or cannot use is named; its value is not repeated."""
    with pytest.raises(InvalidStoreOptionError) as caught:
        open_store(url, secret=SECRET, options=options)
    assert option in str(caught.value)
    assert "hush" not in f"{caught.value}{caught.value.errors}"


async def test_azure_signs_its_own_links() -> None:
    """An Azure link is made offline, escapes its key and is good for reading only."""
    store = open_store("az://container/x", secret=SECRET, options=AZURE_KEYS)
    link = await store.signed_url("a b/100%", 60)
    assert link.startswith("https://acct.blob.core.windows.net/container/x/a%20b/100%25?")
    assert "sp=r&" in link
