"""Who calls: told by key, by session, or by both ends of a connection, whatever kind it is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from callsheet.accounts.access import SESSION_COOKIE, Call, who_calls
from callsheet.accounts.errors import CrossSiteError, ForbiddenHostError, UnauthorizedError
from callsheet.accounts.model import (
    IDLE,
    LASTS,
    ApiKey,
    Caller,
    Credentials,
    Member,
    Role,
    Session,
)
from callsheet.kernel.ids import LOCAL_WORKSPACE, WorkspaceId

HERE = ("127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1")
ELSEWHERE = ("0.0.0.0", "::", "10.1.1.1", "::ffff:10.1.1.1", "fe80::1%eth0", "", "/run/x.sock")  # noqa: S104  # none is bound
NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
OURS = WorkspaceId("ours")
KEY = ApiKey("key_1", OURS, "maya", Role.ADMIN, "digest", "abcd", NOW, member="mem_1")
MAYA = Member("mem_1", OURS, "Maya", "maya@example.com", Role.EDITOR, NOW)
SESSION = Session("ses_1", "key_1", "digest", NOW, NOW, NOW + LASTS)
BY_KEY, BY_SESSION = Credentials(KEY, MAYA), Credentials(KEY, MAYA, SESSION)
COOKIE = ("cookie", f"theme=dark; {SESSION_COOKIE}=secret")


def call(
    bound: str = "127.0.0.1",
    peer: str = "127.0.0.1",
    method: str = "GET",
    *headers: tuple[str, str],
    is_websocket: bool = False,
) -> Call:
    """Word a request that says nothing wrong but what is given."""
    said = [("host", "localhost"), *headers]
    return Call(bound, peer, method, "1.1", said, is_websocket, "https://sheets.example.com")


@pytest.mark.parametrize("here", HERE)
@pytest.mark.parametrize("elsewhere", ELSEWHERE)
def test_both_ends_must_be_this_machine(here: str, elsewhere: str) -> None:
    """A server bound elsewhere, a peer elsewhere, and a Unix socket's nobody all need a key."""
    local = who_calls(call(here, here), None, is_keyless=True, now=NOW)
    assert local == Caller(LOCAL_WORKSPACE, Role.ADMIN)
    for bound, peer in ((here, elsewhere), (elsewhere, here), (elsewhere, elsewhere)):
        with pytest.raises(UnauthorizedError):
            who_calls(call(bound, peer), None, is_keyless=True, now=NOW)


@pytest.mark.parametrize("is_websocket", [False, True])
def test_nothing_sent_is_nobody_once_there_was_a_key(is_websocket: bool) -> None:  # noqa: FBT001  # a parameter
    """This machine itself needs a key from then on, over either kind of line."""
    with pytest.raises(UnauthorizedError, match="a key is needed"):
        who_calls(call(is_websocket=is_websocket), None, is_keyless=False, now=NOW)


def test_pages_elsewhere_open_no_websocket_without_a_key() -> None:
    """A handshake is a GET for HTTP, and no less than a change: both headers count."""
    for header in (("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")):
        stranger = call("127.0.0.1", "127.0.0.1", "GET", header, is_websocket=True)
        with pytest.raises(ForbiddenHostError):
            who_calls(stranger, None, is_keyless=True, now=NOW)


def test_a_key_goes_before_a_session_and_is_good_from_anywhere() -> None:
    """Where the key decides, neither cookie nor origin matter; its member's role bounds it."""
    headers = (("authorization", "Bearer cs_x"), COOKIE, ("origin", "https://evil.example"))
    sent = call("0.0.0.0", "10.1.1.1", "POST", *headers)  # noqa: S104  # none is bound
    found = who_calls(sent, BY_KEY, is_keyless=False, now=NOW)
    assert found == Caller(OURS, Role.EDITOR, "key_1", "", "mem_1")
    assert (found.credential, found.name) == ("key_1", "mem_1")
    with pytest.raises(UnauthorizedError, match="not valid"):
        who_calls(sent, None, is_keyless=True, now=NOW)


@pytest.mark.parametrize("by", [BY_KEY, BY_SESSION])
@pytest.mark.parametrize("fault", ["revoked", "disabled"])
def test_revoked_keys_and_disabled_members_let_nobody_in(by: Credentials, fault: str) -> None:
    """By key or by session alike, also from this machine itself."""
    gone = (
        replace(by, key=replace(KEY, revoked_at=NOW))
        if fault == "revoked"
        else replace(by, member=replace(MAYA, disabled_at=NOW))
    )
    header = COOKIE if by.session else ("authorization", "cs_x")
    sent = call("127.0.0.1", "127.0.0.1", "GET", header)
    with pytest.raises(UnauthorizedError):
        who_calls(sent, gone, is_keyless=False, now=NOW)


@pytest.mark.parametrize(
    ("later", "is_in"),
    [
        (IDLE - timedelta(seconds=1), True),
        (IDLE, False),
        (LASTS, False),
    ],
)
def test_sessions_end_by_themselves(later: timedelta, is_in: bool) -> None:  # noqa: FBT001  # a parameter
    """When they were not used for a while, and at the latest after a week."""
    sent = call("10.0.0.1", "10.1.1.1", "GET", COOKIE)
    if is_in:
        found = who_calls(sent, BY_SESSION, is_keyless=False, now=NOW + later)
        assert (found.credential, found.key, found.role) == ("ses_1", "key_1", Role.EDITOR)
        return
    with pytest.raises(UnauthorizedError, match="the session has ended"):
        who_calls(sent, BY_SESSION, is_keyless=False, now=NOW + later)
    used = replace(BY_SESSION, session=replace(SESSION, seen_at=NOW + later))
    if later < LASTS:
        who_calls(sent, used, is_keyless=False, now=NOW + later)
    else:
        with pytest.raises(UnauthorizedError):
            who_calls(sent, used, is_keyless=False, now=NOW + later)


OWN = (
    [("sec-fetch-site", "same-origin"), ("origin", "https://behind.a.proxy")],
    [("origin", "http://localhost")],
    [("origin", "https://LOCALHOST")],
    [("origin", "https://sheets.example.com")],
)
FOREIGN: tuple[list[tuple[str, str]], ...] = (
    [],
    [("origin", "null")],
    [("origin", "http://localhost:1")],
    [("origin", "https://evil.example")],
    [("origin", "http://localhost"), ("origin", "http://localhost")],
    [("origin", "https://sheets.example.com.evil.example")],
    [("sec-fetch-site", "same-site"), ("origin", "http://localhost")],
    [("sec-fetch-site", "cross-site")],
    [("sec-fetch-site", "none")],
    [("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")],
)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "websocket"])
@pytest.mark.parametrize("headers", [*OWN, *FOREIGN])
def test_sessions_change_things_from_pages_of_ours(
    method: str, headers: list[tuple[str, str]]
) -> None:
    """The browser must say so, by either header; so it is with the handshake of a WebSocket."""
    is_websocket = method == "websocket"
    verb = "GET" if is_websocket else method
    sent = call("::", "10.1.1.1", verb, COOKIE, *headers, is_websocket=is_websocket)
    if headers in OWN:
        assert who_calls(sent, BY_SESSION, is_keyless=False, now=NOW).session == "ses_1"
        return
    with pytest.raises(CrossSiteError):
        who_calls(sent, BY_SESSION, is_keyless=False, now=NOW)


@pytest.mark.parametrize("headers", FOREIGN)
def test_sessions_look_at_things_from_anywhere(headers: list[tuple[str, str]]) -> None:
    """A link from elsewhere opens a page; what it answers, the browser shows to nobody else."""
    sent = call("::", "10.1.1.1", "GET", COOKIE, *headers)
    assert who_calls(sent, BY_SESSION, is_keyless=False, now=NOW).session == "ses_1"


def test_several_sessions_are_none() -> None:
    """A neighbour under our domain may set a second cookie: which is ours, nobody can say."""
    for cookies in ([COOKIE, COOKIE], [("cookie", f"{SESSION_COOKIE}=a; {SESSION_COOKIE}=b")]):
        with pytest.raises(UnauthorizedError):
            _ = call("::", "10.1.1.1", "GET", *cookies).session
