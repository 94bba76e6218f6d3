"""A server for tests of packages, and a batch that it made."""

from collections.abc import Iterator

import pytest

from tests.support.processes import Place, Server, serving

ITEMS = [
    {"scene_id": "S-001", "prompt": "a red boat", "size": "256x256", "variants": 2},
    {"scene_id": "S-002", "prompt": "<script>alert(1)</script>", "size": "256x256"},
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run `callsheet up` on an embedded database."""
    with serving(Place(tmp_path_factory.mktemp("packages"))) as running:
        yield running


@pytest.fixture(scope="module")
def job(server: Server) -> str:
    """Make a batch of three pictures; its id."""
    body = {"items": ITEMS, "name": "Spring launch"}
    batch = str(server.http.post("/batch/images", json=body).json()["batchId"])
    server.wait_for(batch, ["succeeded"])
    return batch
