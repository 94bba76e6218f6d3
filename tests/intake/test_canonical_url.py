"""Canonical addresses: one spelling for one file, and refusals by name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callsheet.intake.canonical_url import canonical_url, is_address
from callsheet.intake.errors import InvalidReferenceError

PIECES = st.text("aZ09-._~%2e2F/?&=+é:;,'()[]|", max_size=40)


@given(path=PIECES, query=PIECES, host=st.sampled_from(["EXAMPLE.com", "bücher.de", "[::1]", "h"]))
def test_canonical_spelling_is_its_own(path: str, query: str, host: str) -> None:
    """Spelling a canonical address, or the fetch address, again changes no key."""
    first = canonical_url(f"HTTP://{host}:80/{path}?{query}")

    assert canonical_url(first.canonical).canonical == first.canonical
    assert canonical_url(first.fetch).canonical == first.canonical


@given(text=st.text(max_size=60))
def test_any_text_is_an_address_or_a_named_error(text: str) -> None:
    """Whatever the text, it is spelled in plain ASCII or refused by name."""
    for url in (text, f"https://{text}", f"https://example.com/{text}"):
        try:
            found = canonical_url(url)
        except InvalidReferenceError as error:
            assert error.reason  # noqa: PT017 - any text may be fine or not
        else:
            assert found.canonical.isascii()
            assert found.fetch.isascii()


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("HTTPS://Example.COM/a.jpg", "https://example.com/a.jpg"),
        ("https://example.com:443/a.jpg", "https://example.com/a.jpg"),
        ("http://example.com:8080/a.jpg", "http://example.com:8080/a.jpg"),
        ("https://example.com", "https://example.com/"),
        ("https://example.com./a", "https://example.com/a"),
        ("https://example.com/x/../a/./b.jpg", "https://example.com/a/b.jpg"),
        ("https://example.com/x/%2E%2e/a", "https://example.com/a"),
        ("https://example.com/%7euser/%2fa%c3%a9", "https://example.com/~user/%2Fa%C3%A9"),
        ("https://example.com/é", "https://example.com/%C3%A9"),
        ("https://example.com/100%.jpg", "https://example.com/100%25.jpg"),
        ("https://example.com/a?b=2&a=1&b=1", "https://example.com/a?a=1&b=2&b=1"),
        ("https://example.com/a#top", "https://example.com/a"),
        ("https://example.com/a?utm_source=x&v=2&fbclid=y", "https://example.com/a?v=2"),
        ("https://bücher.de/a", "https://xn--bcher-kva.de/a"),
        ("https://BÜCHER.de/a", "https://xn--bcher-kva.de/a"),
        ("http://[0:0::0:1]/a", "http://[::1]/a"),
        ("https://a.example/p?X-Amz-Date=1&X-Amz-Signature=2", "https://a.example/p"),
        ("https://a.example/p?x-goog-expires=1&v=3", "https://a.example/p?v=3"),
        ("https://a.example/p?exp=1&sig=2", "https://a.example/p"),
        ("https://a.example/p?sv=1&se=2&sp=r&sig=3", "https://a.example/p"),
        ("https://a.example/p?sp=r&st=1", "https://a.example/p?sp=r&st=1"),
    ],
)
def test_equal_addresses_are_spelled_alike(url: str, canonical: str) -> None:
    """Case, ports, dots, escapes, order, tracking and signatures make no difference."""
    assert canonical_url(url).canonical == canonical


def test_fetch_address_keeps_its_signature() -> None:
    """What is fetched keeps the query as it was signed, in its order."""
    url = "https://a.example/x%2fy?X-Amz-Signature=2&X-Amz-Date=1&utm_source=z"
    assert canonical_url(f"{url}#part").fetch == url


@pytest.mark.parametrize(
    "url",
    [
        "https://drive.google.com/file/d/1AbCdEfGhIjKl_-9/view?usp=sharing",
        "https://drive.google.com/file/u/1/d/1AbCdEfGhIjKl_-9/edit",
        "https://drive.google.com/open?id=1AbCdEfGhIjKl_-9",
        "https://drive.google.com/uc?export=view&id=1AbCdEfGhIjKl_-9",
        "https://docs.google.com/uc?id=1AbCdEfGhIjKl_-9",
        "https://drive.usercontent.google.com/download?id=1AbCdEfGhIjKl_-9&export=download",
    ],
)
def test_drive_links_become_their_file(url: str) -> None:
    """Every form of a Drive link is the same file, and the file itself is fetched."""
    found = canonical_url(url)

    assert found.canonical == "https://drive.google.com/uc?id=1AbCdEfGhIjKl_-9"
    assert found.fetch == "https://drive.google.com/uc?export=download&id=1AbCdEfGhIjKl_-9"


def test_dropbox_links_become_their_file() -> None:
    """A Dropbox page becomes a download that keeps the key of the share."""
    found = canonical_url("https://www.dropbox.com/scl/fi/abc123/my%20cat.png?rlkey=k9&dl=0&e=1")

    assert found.canonical == "https://www.dropbox.com/scl/fi/abc123"
    assert found.fetch == "https://www.dropbox.com/scl/fi/abc123/my%20cat.png?rlkey=k9&dl=1"
    assert canonical_url("https://www.dropbox.com/s/abc123/x.png?dl=1").canonical == (
        "https://www.dropbox.com/s/abc123"
    )


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://example.com/a", "does not begin with http"),
        ("file:///etc/passwd", "does not begin with http"),
        ("data:image/png;base64,AAAA", "does not begin with http"),
        ("example.com/a.jpg", "does not begin with http"),
        ("", "does not begin with http"),
        ("https:///a.jpg", "does not begin with http"),
        ("https://user:secret@example.com/", "user name or password"),
        ("https://user@example.com/", "user name or password"),
        ("https://example.com:99999/", "its port"),
        ("https://example.com:x/", "its port"),
        ("https://exa mple.com/", "a space"),
        ("https://example.com/a\nb", "a space"),
        ("https://example.com/\u202egpj", "unprintable"),
        ("https://example.com\\@evil.example/", "a backslash"),
        ("https://a..b/", "no host name"),
        ("https://-a.example/", "no host name"),
        ("https://a%00.example/", "no host name"),
        ("https://[::zz]/", "IPv6"),
        ("https://[::1/", "malformed"),
        ("https://faß.de/", "xn-- form"),
        ("https://example.com/" + "a" * 2_048, "longer than 2048"),
    ],
)
def test_what_cannot_be_fetched_is_refused(url: str, reason: str) -> None:
    """Other schemes, credentials and malformed hosts are refused, each with its reason."""
    with pytest.raises(InvalidReferenceError, match=reason) as caught:
        canonical_url(url)
    assert caught.value.code == "invalid_reference"


def test_addresses_and_paths_are_told_apart() -> None:
    """Anything with a scheme is an address; a drive letter is none."""
    assert is_address("https://a.example/x")
    assert is_address("data:image/png,")
    assert not is_address("refs/a.png")
    assert not is_address(r"C:\refs\a.png")
