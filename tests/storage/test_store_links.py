"""Links of our own: given out, verified, altered, expired."""

from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from callsheet.blobs.disk import DiskStore
from callsheet.blobs.errors import InvalidLinkError, LinkExpiredError, WeakSecretError
from callsheet.blobs.links import signed_path, verify_signature

SECRET = b"a secret for the tests of links!"
NOW = 1_800_000_000


def verify(link: str, *, now: float, secret: bytes = SECRET) -> str:
    """Do what the web door does with a link, and answer its key."""
    parts = urlsplit(link)
    key = unquote(parts.path.removeprefix("/blobs/"))
    query = {name: values[0] for name, values in parse_qs(parts.query, strict_parsing=True).items()}
    verify_signature(
        secret, key, exp=query["exp"], sig=query["sig"], name=query.get("name"), now=now
    )
    return key


@pytest.mark.parametrize("name", [None, "Scène 1 & 2.png", "50%?#.png"])
@pytest.mark.parametrize("key", ["assets/ab/abcd", "a b/100% #1?/~[x]+&"])
async def test_link_is_good_until_it_expires(tmp_path: Path, key: str, name: str | None) -> None:
    """A link carries its key and its name through a browser, up to its last second."""
    store = DiskStore(tmp_path, SECRET, clock=lambda: float(NOW))
    link = await store.signed_url(key, 60, name)

    assert verify(link, now=NOW + 59.9) == key
    with pytest.raises(LinkExpiredError) as caught:
        verify(link, now=NOW + 60)
    assert caught.value.expired_at == NOW + 60


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("assets/ab", "assets/aB"),
        (f"exp={NOW}", f"exp={NOW + 1}"),
        ("name=shown", "name=other"),
        ("&name=shown", ""),
        ("sig=", "sig=0"),
        (f"exp={NOW}", "exp=-1"),
        (f"exp={NOW}", "exp=1e99"),
        (f"exp={NOW}", "exp=٣"),
    ],
)
def test_altered_link_is_refused(old: str, new: str) -> None:
    """Changing anything in a link makes it invalid, before its time is looked at."""
    link = signed_path(SECRET, "assets/ab", NOW, "shown")
    assert verify(link, now=NOW - 1) == "assets/ab"
    assert old in link

    with pytest.raises(InvalidLinkError):
        verify(link.replace(old, new), now=NOW + 1000)


def test_another_secret_signs_otherwise() -> None:
    """A link signed with one secret is worth nothing where another is used."""
    with pytest.raises(InvalidLinkError):
        verify(signed_path(SECRET, "key", NOW, None), now=0, secret=b"another secret of 32 letters")


def test_fields_do_not_run_into_each_other() -> None:
    """No key, time and name are signed like another key, time and name."""
    link = signed_path(SECRET, "a\n1", 5, None)
    signature = link.partition("sig=")[2]
    for key, exp, name in (("a", "5", "1"), ("a\n1", "5", ""), ("a", "1", None)):
        with pytest.raises(InvalidLinkError):
            verify_signature(SECRET, key, exp=exp, sig=signature, name=name, now=0)


def test_short_secrets_are_refused(tmp_path: Path) -> None:
    """A secret that could be guessed is refused when the store is made."""
    with pytest.raises(WeakSecretError, match="16"):
        DiskStore(tmp_path, b"short")
