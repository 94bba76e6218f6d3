"""Large batches, many batches, many workers."""

import concurrent.futures
from pathlib import Path

import pytest

from tests.support.processes import Place, serving, stop
from tests.support.truth import check_books, check_results

pytestmark = pytest.mark.on_either_database


def test_five_thousand_rows(tmp_path: Path, database_url: str) -> None:
    """A batch of 5,000 rows ends with 5,000 pictures and books that agree."""
    with serving(Place(tmp_path, database_url)) as server:
        job = server.submit(5_000)
        state = server.wait_for(job, ["succeeded", "partial", "failed"], timeout_s=90)
        check_results(state, 5_000)
        check_books(database_url, job)


def test_ten_batches_from_five_clients(tmp_path: Path, database_url: str) -> None:
    """Ten batches at once from five clients all end right, none with another's rows."""
    with serving(Place(tmp_path, database_url)) as server:

        def client(number: int) -> list[tuple[str, int]]:
            sizes = (20 + number, 40 + number)
            return [(server.submit(size, variants=2), size) for size in sizes]

        with concurrent.futures.ThreadPoolExecutor(5) as pool:
            jobs = [pair for pairs in pool.map(client, range(5)) for pair in pairs]
        assert len({job for job, _ in jobs}) == 10
        for job, size in jobs:
            state = server.wait_for(job, ["succeeded", "partial", "failed"])
            check_results(state, size, variants=2)
            check_books(database_url, job)


def test_two_workers_share_one_job(tmp_path: Path, postgres_url: str) -> None:
    """Two worker processes on one database make one job together."""
    place = Place(tmp_path, postgres_url)
    with serving(place, "web") as web:
        workers = [place.start("worker"), place.start("worker")]
        job = web.submit(600)
        state = web.wait_for(job, ["succeeded", "partial", "failed"])
        check_results(state, 600)
        check_books(postgres_url, job)
        for worker in workers:
            assert stop(worker) == 0


def test_a_small_job_passes_a_huge_one(tmp_path: Path, database_url: str) -> None:
    """A job of five rows that comes second ends before one of 5,000."""
    with serving(Place(tmp_path, database_url)) as server:
        huge = server.submit(5_000)
        small = server.submit(5)
        server.wait_for(small, ["succeeded"])
        assert server.state(huge, rows=0)["counts"]["succeeded"] < 5_000
        server.http.post(f"/batch/{huge}/cancel")
        server.wait_for(huge, ["cancelled"])
        check_books(database_url, huge)
