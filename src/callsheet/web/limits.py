"""How much of a request is taken: every limit of the web door, in one place."""

from typing import Final

from callsheet.settings import Settings

KILOBYTE: Final = 1024
MEGABYTE: Final = 1024 * KILOBYTE

# Requests and connections; times in seconds.
MOST_HEAD: Final = 64 * KILOBYTE  # request line and headers
HEAD_S: Final = 15.0  # until the head of a request is there
BODY_S: Final = 30.0  # until a body is there, and longer by what has come at this rate:
LEAST_RATE: Final = 16 * KILOBYTE  # bytes per second
LINGER_S: Final = 10.0  # for the rest of a body that is not wanted
STALLED_S: Final = 60.0  # until a client reads on
IDLE_S: Final = 5  # between two requests of a connection
SPARE_FILES: Final = 256  # file descriptors that connections leave for everything else

# Bodies.
MOST_JSON: Final = MEGABYTE
MOST_BATCH: Final = 64 * MEGABYTE
BATCH_BYTES_PER_ROW: Final = 64 * KILOBYTE
MOST_WEBHOOK: Final = 4 * MEGABYTE
MOST_SIGN_IN: Final = 4 * KILOBYTE  # read before anybody is known
MOST_FIELDS: Final = 20  # of a form; an upload has fifteen
AROUND_UPLOAD: Final = MEGABYTE  # what a form has beside its file
COMPOSITE_UPLOAD: Final = "/api/composites/upload"
UPLOADS_AT_ONCE: Final = 4
SHEETS_AT_ONCE: Final = 2  # each may need hundreds of MB while it is parsed

# WebSockets.
MOST_MESSAGE: Final = 64 * KILOBYTE  # that a client sends

# JSON.
INLINE_JSON: Final = 16 * KILOBYTE  # so much is parsed on the loop: a few milliseconds at worst
MOST_PIECE: Final = MEGABYTE  # parsed in one go, which holds up all else for about ten
MOST_DEPTH: Final = 64
MOST_VALUES: Final = 50_000
VALUES_PER_ROW: Final = 64
MOST_ITEMS: Final = 100_000  # of a list right inside the outermost object


def most_bytes(path: str, settings: Settings) -> int:
    """Tell how large the body of a route may be, in bytes; `path` is as the route has it."""
    if path == "/batch/images":
        return min(MOST_BATCH, MOST_JSON + settings.max_rows * BATCH_BYTES_PER_ROW)
    if path in {"/batch/upload", "/batch/quote", COMPOSITE_UPLOAD}:
        return settings.max_upload_bytes + AROUND_UPLOAD
    if path.startswith("/webhooks/"):
        return MOST_WEBHOOK
    if path == "/api/session":
        return MOST_SIGN_IN
    return MOST_JSON


def most_files(path: str) -> int:
    """Tell how many files a form may bring: a sheet, or a scene and its products."""
    return 6 if path == COMPOSITE_UPLOAD else 1


def most_values(path: str, settings: Settings) -> int:
    """Tell how many values the JSON of a route may hold, however deep."""
    rows = settings.max_rows if path == "/batch/images" else 0
    return MOST_VALUES + rows * VALUES_PER_ROW
