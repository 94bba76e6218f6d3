"""The promises of the adapters over https: once for each way in which a provider works.

The simulators have a certificate of the test's own authority, as a gateway within a company has.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from callsheet.net.fetcher import PublicFetcher
from callsheet.net.trust import trusting
from callsheet.ports.hosted import Made, SubmissionUnknownError
from tests.contracts import test_providers as promises
from tests.contracts.providers import Bench, bench_of
from tests.net.certificates import Authority

# Answered at once, with the output in the answer; polled; called by webhook; asked by our own id.
WAYS = ("openai", "runway", "fal", "runware")
LISTED = "replicate"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Found the test's own authority."""
    return Authority.make(tmp_path)


@pytest.fixture(params=[*WAYS, LISTED])
async def bench(request: pytest.FixtureRequest, authority: Authority) -> AsyncIterator[Bench]:
    """Wire one provider after the other to its simulator, over https."""
    async with bench_of(request.param, authority) as made:
        assert made.http.base_url.scheme == "https"
        yield made


async def test_promises_are_kept_over_https(bench: Bench) -> None:
    """Made at the price, in doubt where the answer was lost, busy, polled again."""
    await promises.test_order_is_made_at_the_price_that_was_quoted(bench)
    await promises.test_throttled_orders_wait(await _emptied(bench))
    await promises.test_lost_answers_leave_the_order_in_doubt(await _emptied(bench))
    if not promises.at_once(bench):
        await promises.test_polls_that_fail_are_repeated(await _emptied(bench))


async def test_lost_order_is_found_over_https(bench: Bench) -> None:
    """By our id, in the list, or by the webhook that it rings."""
    await promises.test_lost_order_is_found_as_promised(bench)


async def test_webhook_of_an_https_order_names_it(authority: Authority) -> None:
    """The order went out over https; its webhook comes as callsheet takes it, over http."""
    async with bench_of("fal", authority) as bench:
        await promises.test_webhook_names_its_order(bench)


async def test_list_is_read_over_https(authority: Authority) -> None:
    """An order whose answer was lost stands in the provider's list."""
    async with bench_of(LISTED, authority) as bench:
        before = datetime.now(UTC) - timedelta(minutes=1)
        order = await bench.order("reset_after_accept")
        with pytest.raises(SubmissionUnknownError):
            await bench.provider.submit(order)
        assert (await bench.provider.listed(before, [order.take], bench.key)).orders


@pytest.mark.parametrize("name", ["runway", "fal", LISTED])
async def test_output_is_downloaded_over_https(name: str, authority: Authority) -> None:
    """By the fetcher that brings outputs home, whose server hangs up or goes on as it likes."""
    async with bench_of(name, authority) as bench:
        submitted = await bench.provider.submit(await bench.order())
        made = await bench.followed(submitted.ticket, submitted.standing)
        assert isinstance(made, Made)
        [url, *_] = made.urls
        assert url.startswith("https://localhost:")
        place = url.split("/")[2]
        fetcher = PublicFetcher(
            allow_hosts=frozenset({place}), tls=trusting(file=str(authority.file))
        )
        headers = dict(bench.provider.download_headers(url, bench.key))
        for _ in range(2):
            async with fetcher.download(
                url, max_bytes=50_000_000, timeout_s=20, headers=headers
            ) as download:
                content = b"".join([block async for block in download.blocks])
            assert content == await bench.content(made)
        await fetcher.close()


async def _emptied(bench: Bench) -> Bench:
    """Let the simulator forget its orders."""
    (await bench.http.post("/_admin/reset")).raise_for_status()
    return bench
