"""What a bucket's failure is called, and what is never repeated of it."""

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from callsheet.blobs.buckets import Patience
from callsheet.blobs.cloud import CloudStore
from callsheet.ports.blobs import StoreFullError, StoreUnavailableError

SECRET = b"a secret for the tests of links!"
KEYS = {"region": "eu-west-1", "access_key_id": "AKIAHUSH", "secret_access_key": "hush"}
HASTE = Patience(retries=0)


def answering(server: HTTPServer, status: int, body: str) -> CloudStore:
    """Make a store whose server always answers this."""
    server.expect_request("/bucket/key").respond_with_data(body, status)
    return CloudStore(
        "s3://bucket", SECRET, {**KEYS, "endpoint": server.url_for("")}, patience=HASTE
    )


@pytest.mark.parametrize(
    ("status", "body", "reason", "kind"),
    [
        (
            403,
            "<Error><Code>SignatureDoesNotMatch</Code><StringToSign>AKIAHUSH</StringToSign></Error>",
            "HTTP 403 SignatureDoesNotMatch",
            StoreUnavailableError,
        ),
        (401, "hush", "HTTP 401", StoreUnavailableError),
        (400, "<Error><Code>hush hush</Code></Error>", "HTTP 400", StoreUnavailableError),
        (503, "<Error><Code>SlowDown</Code></Error>", "HTTP 503 SlowDown", StoreUnavailableError),
        (507, "<Code>XMinioStorageFull</Code>", "HTTP 507 XMinioStorageFull", StoreFullError),
        (
            301,
            "<Error><Code>PermanentRedirect</Code></Error>",
            "redirected; is the region or endpoint right?",
            StoreUnavailableError,
        ),
    ],
)
async def test_reason_is_a_status_and_a_code(
    httpserver: HTTPServer,
    status: int,
    body: str,
    reason: str,
    kind: type[StoreUnavailableError],
) -> None:
    """An answer's status and code are told; its text, which may echo our keys, never is."""
    store = answering(httpserver, status, body)
    with pytest.raises(StoreUnavailableError) as caught:
        await store.put("key", b"x", "text/plain")

    assert (type(caught.value), caught.value.reason) == (kind, reason)
    assert "hush" not in str(caught.value).lower()
    assert caught.value.__suppress_context__  # a traceback would print obstore's text


async def test_address_is_amazons_unless_given() -> None:
    """Without an endpoint, a bucket is where its region says, over TLS."""
    store = CloudStore("s3://bucket", SECRET, KEYS, patience=HASTE)
    assert (await store.signed_url("key", 60)).startswith("https://s3.eu-west-1.amazonaws.com/")


async def test_plain_http_is_asked_for(httpserver: HTTPServer) -> None:
    """An endpoint with http:// is taken at its word; no other option is needed."""
    httpserver.expect_request("/bucket/key").respond_with_response(
        Response(b"there", 200, {"Last-Modified": "Mon, 01 Jan 2024 00:00:00 GMT", "ETag": '"e"'})
    )
    store = CloudStore("s3://bucket", SECRET, {**KEYS, "endpoint": httpserver.url_for("")})
    assert await store.get("key") == b"there"
