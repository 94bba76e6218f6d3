"""What every hosted provider's adapter promises, held against its simulator over HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import httpx2
import pytest

from callsheet.kernel.money import Money
from callsheet.ports.hosted import (
    BusyError,
    Ended,
    ForgedWebhookError,
    HostedOrder,
    KeyRefusedError,
    Made,
    ModelGoneError,
    ModeratedError,
    NoCreditError,
    Recourse,
    SubmissionUnknownError,
    Submitted,
    TicketUnknownError,
)
from callsheet.ports.keys import ProviderKey
from callsheet.ports.models import Execution, ModelCard, RefusedError
from callsheet.ports.pictures import ReferenceMode
from callsheet.sim.gcs_keys import ServiceAccount
from callsheet.views.prices import price_table
from callsheet.wiring.providers import adapters
from tests.contracts.providers import CATALOG, PROVIDERS, Bench, bench_of, wired
from tests.support.plain import NO_TLS


@pytest.fixture(params=PROVIDERS)
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    """Wire one provider after the other to its simulator."""
    async with bench_of(request.param) as made:
        yield made


def close(cost: Money, price: Money) -> bool:
    """Tell whether a charge is within a hundredth of a quote."""
    return abs(cost.micros - price.micros) * 100 <= price.micros


async def test_order_is_made_at_the_price_that_was_quoted(bench: Bench) -> None:
    """One call to order; followed to its end, it is a real file, and costs what the card says."""
    order = await bench.order()
    submitted = await bench.provider.submit(order)
    if isinstance(submitted.standing, Made):
        assert bench.provider.answers_hold_outputs == bool(submitted.standing.inline)
    made = await bench.followed(submitted.ticket, submitted.standing)
    assert isinstance(made, Made), made
    content = await bench.content(made)
    assert content[:4] in (b"\x89PNG", b"RIFF", b"\xff\xd8\xff\xe0") or content[4:8] == b"ftyp"
    [booked] = await bench.book()
    price = bench.card.price(bench.card.inputs.model_validate({"prompt": "x"}))
    assert close(Money(booked["charged_micros"]), price), booked
    if made.cost is not None:
        assert close(made.cost, price)


async def test_lost_answers_leave_the_order_in_doubt(bench: Bench) -> None:
    """Whether it was accepted or not: cut off, 500, nonsense or HTML, nobody knows."""
    faults = ("reset_before_accept", "reset_after_accept", "fail_before_accept=500")
    for mark in (*faults, "fail_after_accept=502", "malformed", "html", "hang_after_accept"):
        with pytest.raises(SubmissionUnknownError):
            await bench.provider.submit(await bench.order(mark))
    assert len(await bench.book()) == 5


async def test_unreached_provider_is_busy(bench: Bench) -> None:
    """Where nobody listens, nothing was ordered."""
    async with httpx2.AsyncClient(base_url="http://127.0.0.1:9", verify=NO_TLS) as http:
        provider = wired(adapters()[bench.name], http)
        with pytest.raises(BusyError):
            await provider.submit(await bench.order())


async def test_throttled_orders_wait(bench: Bench) -> None:
    """A limit is no failure: nothing was ordered, and the pause that was asked for is told."""
    with pytest.raises(BusyError) as caught:
        await bench.provider.submit(await bench.order("throttle=7"))
    assert caught.value.retry_after_s == 7
    with pytest.raises(BusyError):
        await bench.provider.submit(await bench.order("throttle_bare=7"))
    assert await bench.book() == []


async def test_wrong_key_is_refused(bench: Bench) -> None:
    """A key that is not taken blocks the provider; a good one passes the test."""
    if not bench.provider.key_setting:
        pytest.skip("a server of our own that asks for no key")
    await bench.provider.check_key(bench.key)
    bench.conditions.change({"tokens": ["another"]})
    wrong = ProviderKey(f"{bench.key.secret}-wrong")
    order = replace(await _worded(bench), key=wrong)
    with pytest.raises(KeyRefusedError, match=f"callsheet keys set {bench.name}"):
        await bench.provider.submit(order)
    with pytest.raises(KeyRefusedError):
        await bench.provider.check_key(wrong)
    assert await bench.book() == []


async def test_vertex_signs_in_with_a_service_account() -> None:
    """Its key file is traded for a token, which is kept; what is no key file is refused."""
    async with bench_of("vertex") as bench:
        account = ServiceAccount.generate()
        elsewhere = {"project_id": "film", "token_uri": "http://127.0.0.1:9/token"}
        key = ProviderKey(account.key_json(**elsewhere))
        for _ in range(2):
            await bench.provider.check_key(key)
        state = (await bench.http.get("/_admin/state")).json()
        assert state["requests"] == {"account": 1, "get": 2}
        for wrong in ('{"type": "authorized_user"}', "{", account.key_json()):
            with pytest.raises(KeyRefusedError):
                await bench.provider.check_key(ProviderKey(wrong))


async def _worded(bench: Bench) -> HostedOrder:
    return await bench.order()


async def test_key_goes_nowhere_but_to_its_provider(bench: Bench) -> None:
    """No other host sees it, and no error tells it."""
    assert bench.provider.download_headers("https://elsewhere.example/x.png", bench.key) == {}
    with pytest.raises(SubmissionUnknownError) as caught:
        await bench.provider.submit(await bench.order("fail_before_accept=500"))
    assert bench.key.secret not in repr(caught.value) + repr(await bench.order())


async def test_empty_account_and_retired_model(bench: Bench) -> None:
    """No credit blocks the provider; a model that is gone says so."""
    if bench.provider.key_setting:
        with pytest.raises(NoCreditError):
            await bench.provider.submit(await bench.order("no_credit"))
    with pytest.raises(ModelGoneError):
        await bench.provider.submit(await bench.order("withdrawn"))


async def test_moderation_is_a_refusal_that_stays(bench: Bench) -> None:
    """At the door or after the work: it is moderated, and never tried again by itself."""
    if not bench.provider.key_setting:
        pytest.skip("a server of our own moderates nothing")
    with pytest.raises(RefusedError):
        await bench.provider.submit(await bench.order("refuse"))
    for mark in ("error=nsfw", "error=sensitive"):
        ended = await _ended(bench, mark)
        assert isinstance(ended.error, ModeratedError), ended


async def test_failed_work_ends_with_its_reason(bench: Bench) -> None:
    """A model that fails is refused for a reason, and costs nothing or what was told."""
    ended = await _ended(bench, "error=memory")
    assert isinstance(ended.error, RefusedError | SubmissionUnknownError)
    assert not isinstance(ended.error, ModeratedError)


async def _ended(bench: Bench, mark: str) -> Ended:
    try:
        submitted = await bench.provider.submit(await bench.order(mark))
    except (RefusedError, SubmissionUnknownError) as error:
        return Ended(error, Money())
    ended = await bench.followed(submitted.ticket, submitted.standing)
    assert isinstance(ended, Ended), ended
    return ended


def at_once(bench: Bench) -> bool:
    """Tell whether an order's answer is all there is."""
    return bench.card.execution is Execution.SYNC


async def test_polls_that_fail_are_repeated(bench: Bench) -> None:
    """Whatever goes wrong with a question: the answer is to ask again."""
    if at_once(bench):
        pytest.skip("it answers an order at once")
    for mark in ("get_fail=500", "get_reset", "get_malformed", "get_html", "get_throttle=3"):
        submitted = await bench.provider.submit(await bench.order(f"{mark}, run=0.3"))
        with pytest.raises(BusyError):
            await bench.provider.poll(submitted.ticket, bench.key)
        made = await bench.followed(submitted.ticket, submitted.standing)
        assert isinstance(made, Made)


async def test_output_that_is_gone_can_be_asked_for_again(bench: Bench) -> None:
    """An address that has expired says so, and the order still tells where its output lies."""
    submitted = await bench.provider.submit(await bench.order("output=gone"))
    made = await bench.followed(submitted.ticket, submitted.standing)
    assert isinstance(made, Made)
    if made.inline:
        pytest.skip("its output comes within its answer")
    headers = dict(bench.provider.download_headers(made.urls[0], bench.key))
    assert (await bench.http.get(made.urls[0], headers=headers)).status_code == 404
    again = await bench.provider.poll(submitted.ticket, bench.key)
    assert isinstance(again, Made)
    assert again.urls
    assert again.cost == made.cost


async def test_unknown_ticket(bench: Bench) -> None:
    """A ticket that the provider does not know leaves the take in doubt."""
    if bench.name == "kie":
        pytest.skip("it says of an unknown task what it says of one that is not visible yet")
    submitted = await bench.provider.submit(await bench.order())
    known = submitted.ticket
    strange = known[:-4] + ("0000" if not known.endswith("0000") else "1111")
    with pytest.raises(TicketUnknownError):
        await bench.provider.poll(strange, bench.key)


async def test_stopping_does_no_harm(bench: Bench) -> None:
    """A running order is stopped or goes on; an ended one stays as it is."""
    if at_once(bench):
        pytest.skip("it answers an order at once")
    submitted = await bench.provider.submit(await bench.order("run=0.3"))
    await bench.provider.cancel(submitted.ticket, bench.key)
    ended = await bench.followed(submitted.ticket, submitted.standing)
    assert isinstance(ended, Made) or ended.cancelled
    await bench.provider.cancel(submitted.ticket, bench.key)
    again = await bench.provider.poll(submitted.ticket, bench.key)
    assert type(again) is type(ended)


async def test_lost_order_is_found_as_promised(bench: Bench) -> None:
    """By our id, in the list, or by the webhook; what nobody can find waits for a person."""
    order = await bench.order("reset_after_accept", called=True)
    before = datetime.now(UTC) - timedelta(minutes=1)
    with pytest.raises(SubmissionUnknownError):
        await bench.provider.submit(order)
    [booked] = await bench.book()
    assert booked["take"] in ("", str(order.take)) or booked["take"].startswith(order.take)
    found = await bench.provider.listed(before, [order.take], bench.key)
    match bench.provider.recourse:
        case Recourse.LISTING:
            assert [each.payload for each in found.orders] == [order.payload]
            assert found.complete
            assert not found.unreadable
            assert bench.provider.lists_for_s > 0
        case Recourse.OUR_ID:
            assert [each.take for each in found.orders] == [order.take]
            assert bench.provider.lists_for_s > 0
        case Recourse.WEBHOOK:
            ticket = await _called(bench, order)
            assert bench.provider.webhook_within_s > 0
            await bench.followed(ticket, await bench.provider.poll(ticket, bench.key))
        case Recourse.PERSON:
            assert found.orders == ()
            assert bench.provider.lists_for_s == bench.provider.webhook_within_s == 0


async def _called(bench: Bench, order: HostedOrder) -> str:
    async with asyncio.timeout(10):
        while not bench.caller.calls:  # noqa: ASYNC110  # the simulator rings nobody but it
            await asyncio.sleep(0.01)
    note = await bench.provider.open_webhook(bench.call(0, order), bench.key)
    return note.ticket


async def test_order_sent_again_under_our_id_is_the_same_order(bench: Bench) -> None:
    """A provider that knows orders by our id makes no second one of it."""
    if bench.provider.recourse is not Recourse.OUR_ID or bench.name == "comfyui":
        pytest.skip("it does not refuse a second order under our id, or costs nothing")
    order = await bench.order()
    first, second = [await bench.provider.submit(order) for _ in range(2)]
    assert first.ticket == second.ticket
    assert len(await bench.book()) == 1


async def test_webhook_names_its_order(bench: Bench) -> None:
    """A webhook that came leads to the order; the same one twice is the same note."""
    if not bench.provider.webhook_within_s:
        pytest.skip("it calls nobody")
    order = await bench.order("webhook=duplicate", called=True)
    submitted = await bench.provider.submit(order)
    assert await _called(bench, order) == submitted.ticket
    note = await bench.provider.open_webhook(bench.call(0, order), bench.key)
    assert note == await bench.provider.open_webhook(bench.call(0, order), bench.key)


async def test_false_webhooks(bench: Bench) -> None:
    """One that is forged, old or nonsense is refused where it could have been signed."""
    if not bench.provider.webhook_within_s:
        pytest.skip("it calls nobody")
    order = await bench.order("webhook=forged", called=True)
    await bench.provider.submit(order)
    async with asyncio.timeout(20):
        while not bench.caller.calls:  # noqa: ASYNC110  # it tells nobody
            await asyncio.sleep(0.01)
    nonsense = replace(bench.call(0, order), body=b"<html>")
    with pytest.raises(ForgedWebhookError):
        await bench.provider.open_webhook(nonsense, bench.key)
    if adapters()[bench.name].signs_webhooks or bench.signing_key:
        with pytest.raises(ForgedWebhookError):
            await bench.provider.open_webhook(bench.call(0, order), bench.key)
        late = datetime.now(UTC) + timedelta(hours=1)
        with pytest.raises(ForgedWebhookError):
            await bench.provider.open_webhook(
                replace(bench.call(1, order), received_at=late), bench.key
            )
        await bench.provider.open_webhook(bench.call(1, order), bench.key)
        for bare in ({}, dict.fromkeys(bench.call(1, order).headers, "9" * 9000)):
            with pytest.raises(ForgedWebhookError):
                await bench.provider.open_webhook(
                    replace(bench.call(1, order), headers=bare), bench.key
                )


async def test_kie_signs_the_task_and_leaves_the_body_open() -> None:
    """A pair of headers is good for its task alone, and once, whatever the body says."""
    async with bench_of("kie") as bench:
        order = await bench.order(called=True)
        await bench.provider.submit(order)
        ticket = await _called(bench, order)
        call = bench.call(0, order)
        note = await bench.provider.open_webhook(call, bench.key)
        told = json.loads(call.body)
        told["data"]["resultJson"] = '{"resultUrls": ["https://evil.example/x.png"]}'
        altered = replace(call, body=json.dumps(told).encode())
        assert await bench.provider.open_webhook(altered, bench.key) == note
        assert note.ticket == ticket
        told["data"]["taskId"] = "another"
        another = replace(call, body=json.dumps(told).encode())
        with pytest.raises(ForgedWebhookError):
            await bench.provider.open_webhook(another, bench.key)
        unsigned = replace(another, signing_key=None, headers={})
        hint = await bench.provider.open_webhook(unsigned, bench.key)
        assert hint.ticket == "jobs:another"


async def test_references_reach_the_model(bench: Bench) -> None:
    """A picture of ours, given as the provider wants it, can be read there."""
    cards = [card for card in CATALOG.cards() if card.provider == bench.name]
    with_reference = [card for card in cards if card.max_references and not card.retires_on]
    if not with_reference:
        pytest.skip("none of its models takes a reference")
    card = min(with_reference, key=lambda card: card.id)
    count = 2 if "input_image_2" in str(card.payload) else 1
    sha = "0" * 64
    mode = min(card.reference_modes)
    references = [{"sha256": sha, "working": sha, "mode": mode}] * count
    submitted = await bench.provider.submit(await bench.order(card=card, references=references))
    made = await bench.followed(submitted.ticket, submitted.standing)
    assert isinstance(made, Made), made


async def test_every_card_gives_its_references_under_names_that_are_read(bench: Bench) -> None:
    """In each mode that a card takes alone, none goes under a name that its model passes over."""
    if at_once(bench):
        pytest.skip("it would draw them all at once")
    for card in CATALOG.cards():
        if card.provider != bench.name:
            continue
        for mode in sorted(card.reference_modes - {ReferenceMode.LAST_FRAME}):  # needs a first one
            reference = {"sha256": "0" * 64, "working": "0" * 64, "mode": mode}
            given = [reference] * max(card.min_references, 1)
            order = await bench.order("run=600", card, references=given)
            await bench.provider.submit(order)
            booked = (await bench.book())[-1]
            assert booked["unknown_inputs"] == [], (card.id, mode, booked)


async def test_hundred_polls_share_one_pool(bench: Bench) -> None:
    """A hundred questions at once go over no more than a hundred connections, and all come back."""
    if at_once(bench):
        pytest.skip("it answers an order at once")
    submitted: Submitted = await bench.provider.submit(await bench.order())
    await bench.followed(submitted.ticket, submitted.standing)
    patient = wired(adapters()[bench.name], bench.http, settles_s=100)
    polls = (patient.poll(submitted.ticket, bench.key) for _ in range(100))
    assert all(isinstance(each, Made) for each in await asyncio.gather(*polls))


async def test_what_changes_a_price_changes_it_there(bench: Bench) -> None:
    """Each input that changes a card's price changes what its provider sets aside alike."""
    if at_once(bench) or not bench.provider.key_setting:
        pytest.skip("it would draw them all at once, or sends no bill")
    for card in CATALOG.cards():
        if card.provider != bench.name:
            continue
        sample = card.smallest().model_dump(mode="json", include={"references"})
        for row in price_table(card, CATALOG.form(card.id))[1:]:
            order = await bench.order("run=600", card, **sample, **row.inputs)
            await bench.provider.submit(order)
            booked = (await bench.book())[-1]
            assert close(Money(booked["quote_micros"]), row.price), (card.id, row, booked)


async def test_smallest_order_of_every_card_costs_what_it_says(bench: Bench) -> None:
    """It is taken, no word of it is unknown there, and it is charged within a hundredth.

    Where the quote is the most that may be counted, that is so for an order which uses all of it
    up; an ordinary one is charged what was counted, which is less.
    """
    cards = [card for card in CATALOG.cards() if card.provider == bench.name]
    retired = [card for card in cards if card.retires_on and card.retires_on < date(2026, 11, 1)]
    assert cards
    for card in cards:
        if card in retired:
            continue
        price, mark = card.price(card.smallest()), ""
        if card.kind.makes == "audio":  # words may be what is counted
            price = card.price(card.inputs.model_validate({"prompt": "a red mug on oak"}))
        if card.price_is_most:
            for charged in await _charged(bench, card, ""):
                assert Money() < charged < price, (card.id, price, charged)
            mark = f"metered={card.smallest().model_dump()['max_output_tokens']}"
        for charged in await _charged(bench, card, mark):
            assert close(charged, price), (card.id, price, charged)


async def _charged(bench: Bench, card: ModelCard, mark: str) -> set[Money]:
    """Order a card's smallest order: what the provider booked, and what it says that it cost."""
    sample = card.smallest().model_dump(mode="json", include={"references"})
    submitted = await bench.provider.submit(await bench.order(mark, card, **sample))
    made = await bench.followed(submitted.ticket, submitted.standing)
    assert isinstance(made, Made), (card.id, made)
    order = (await bench.book())[-1]
    assert order["unknown_inputs"] == [], (card.id, order["unknown_inputs"])
    booked = Money(order["charged_micros"])
    charged = {booked} if made.cost is None else {booked, made.cost}
    assert len(charged) == 1 or not card.price_is_most, (card.id, charged)  # tokens are exact
    return charged
