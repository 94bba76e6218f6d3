"""Names an object may have: keys and content types that every store can hold."""

import re

from callsheet.blobs.errors import InvalidContentTypeError
from callsheet.kernel.errors import FieldError, shown
from callsheet.ports.blobs import InvalidKeyError

MAX_KEY_CHARS = 512  # S3 and GCS hold 1,024; the rest is room for a bucket's prefix
MAX_SEGMENT_CHARS = 200  # file systems hold 255; the rest is room for OBJECT_SUFFIX
OBJECT_SUFFIX = ".blob"  # tells an object's file from a folder of the same name on disk

_MAX_CONTENT_TYPE_CHARS = 200
_PRINTABLE = re.compile(r"[ -\[\]-~]*")  # ASCII without control characters and backslash
_CONTENT_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+(?:; *[ -~]+)?", re.ASCII)
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)*")


def checked_key(key: str) -> str:
    """Answer `key` if every store can hold it. Raises InvalidKeyError, which names the rule."""
    if len(key) <= MAX_SEGMENT_CHARS and _PLAIN_KEY.fullmatch(key):
        return key  # nearly every key of ours, in one step
    _check_whole(key)
    *folders, last = key.split("/")
    for folder in folders:
        _check_segment(key, folder)
        if folder.endswith(OBJECT_SUFFIX):
            raise _refused(key, f"a segment before the last ends in {OBJECT_SUFFIX}")
    _check_segment(key, last)
    return key


def checked_prefix(prefix: str) -> str:
    """Answer `prefix` if a key could begin with it: empty, or a key cut off anywhere."""
    _check_whole(prefix)
    *folders, last = prefix.split("/")
    for folder in folders:
        _check_segment(prefix, folder)
    if last:
        _check_segment(prefix, last.rstrip(" .") or last)
    return prefix


def checked_content_type(content_type: str) -> str:
    """Answer `content_type` if it can be sent as a header. Raises InvalidContentTypeError."""
    if len(content_type) > _MAX_CONTENT_TYPE_CHARS or not _CONTENT_TYPE.fullmatch(content_type):
        raise InvalidContentTypeError(content_type)
    return content_type


def _check_whole(key: str) -> None:
    if len(key) > MAX_KEY_CHARS:
        raise _refused(key, f"longer than {MAX_KEY_CHARS} characters")
    if not _PRINTABLE.fullmatch(key):
        raise _refused(key, "only printable ASCII without backslash is allowed")


def _check_segment(key: str, segment: str) -> None:
    if not segment:
        raise _refused(key, "a segment is empty; keys neither begin nor end with a slash")
    if len(segment) > MAX_SEGMENT_CHARS:
        raise _refused(key, f"a segment is longer than {MAX_SEGMENT_CHARS} characters")
    if segment.strip(" .") != segment:
        # ".." leaves the store, dot names are ours on disk, Azure drops a dot at the end
        raise _refused(key, "a segment begins or ends with a dot or a space")


def _refused(key: str, reason: str) -> InvalidKeyError:
    return InvalidKeyError(
        f"key {shown(key)!r} cannot be used: {reason}", [FieldError("key", reason, shown(key))]
    )
