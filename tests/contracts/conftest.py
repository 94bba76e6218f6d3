"""Object stores to hold to one contract: a folder, memory, S3 (moto) and GCS (ours)."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest

from callsheet.blobs.content import ContentStore
from callsheet.sim import gcs
from callsheet.sim.gcs_keys import ServiceAccount
from tests.contracts.blob_stores import BUCKET, StoreSpec, served
from tests.support.plain import NO_TLS


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """Serve S3."""
    from moto.server import ThreadedMotoServer  # heavy, and most contracts do without

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    httpx2.put(f"{url}/{BUCKET}", verify=NO_TLS).raise_for_status()
    yield url
    server.stop()


@pytest.fixture(scope="session")
def gcs_account() -> ServiceAccount:
    """Be somebody to the simulated Google."""
    return ServiceAccount.generate()


@pytest.fixture(scope="session")
def gcs_server(gcs_account: ServiceAccount) -> Iterator[str]:
    """Serve Google Cloud Storage, with pages small enough to need several."""
    with served(gcs.create_app([BUCKET], gcs_account, page_size=7)) as url:
        yield url


@pytest.fixture
def gcs_spec(gcs_server: str, gcs_account: ServiceAccount) -> StoreSpec:
    """Name a folder of its own for each test."""
    options = {"base_url": gcs_server, "service_account_key": gcs_account.key_json()}
    return StoreSpec("gcs", f"gs://{BUCKET}/{uuid4().hex}", options)


@pytest.fixture
def s3_spec(s3_server: str) -> StoreSpec:
    """Name a folder of its own for each test."""
    keys = {"access_key_id": "AKIATESTS", "secret_access_key": "hush-hush-hush"}
    options = {"endpoint": s3_server, "region": "us-east-1", **keys}
    return StoreSpec("s3", f"s3://{BUCKET}/{uuid4().hex}", options)


@pytest.fixture(params=["disk", "memory", "s3", "gcs"])
def store_spec(request: pytest.FixtureRequest, tmp_path: Path) -> StoreSpec:
    """Go through the kinds of store."""
    match request.param:
        case "disk":
            return StoreSpec("disk", f"file://{tmp_path}/store")
        case "memory":
            return StoreSpec("memory", "memory://")
        case kind:
            found: StoreSpec = request.getfixturevalue(f"{kind}_spec")
            return found


@pytest.fixture
async def store(store_spec: StoreSpec) -> AsyncIterator[ContentStore]:
    """Open one store of each kind in turn."""
    opened = store_spec.open()
    yield opened
    await opened.close()
