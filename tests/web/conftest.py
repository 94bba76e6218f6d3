"""A server for tests of the web door: one process for a module, with the limits people meet."""

import http.server
import threading
from collections.abc import Iterator

import pytest

from tests.support.processes import Place, Server, serving
from tests.web.references import Gallery, Handler


@pytest.fixture(scope="module")
def gallery() -> Iterator[Gallery]:
    """Serve pictures, and what only pretends to be pictures, on loopback."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Gallery(server.server_port)
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, gallery: Gallery) -> Iterator[Server]:
    """Run `callsheet up` on an embedded database, with ten rows to a batch."""
    settings = {"CALLSHEET_MAX_ROWS": "10", "CALLSHEET_FETCH_ALLOW": f'["{gallery.host}"]'}
    with serving(Place(tmp_path_factory.mktemp("web"), settings=settings)) as running:
        yield running
