"""One wish, one order: held against providers that were written from their protocols alone.

For each way in which an order is carried out, a property over what befalls the order, where the
workers die, how the clock is set and how the provider's own books behave. Orders are counted in the
provider's append-only log. Where a provider breaks what docs/why/takes.md says that the
promise rests on, a second order may be there; then somebody hears of it. `pytest --all` makes it
long.
"""

import uuid
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.fakes.answering import AnsweringFake
from tests.fakes.calling import CallingFake, Calls
from tests.fakes.listing import ListingFake, Lists
from tests.fakes.naming import Names, NamingFake
from tests.fakes.serving import Fault, served
from tests.fakes.trial import LATER_POINTS, POINTS, Outcome, Trial, conduct, trials
from tests.support.scale import scaled

KEEPING = [fault for fault in Fault if not fault.accepts or not 400 <= fault.status < 500]
BREAKING = (Lists.LATE, Lists.REPHRASED, Lists.FORGETFUL, Lists.MISDATED)
HONEST = [each for each in Lists if each not in BREAKING]
# what a list may do, and orders whose answer was lost are found in it all the same
PLAIN = (Lists.TRUE, Lists.REWRITTEN, Lists.DELAYED, Lists.SHIFTING, Lists.STRANGERS)
UNSURE_S = 9.0  # three times as long as orders take to settle: by then the harm would be done
STEPS_S = (0, 0, 600, -600)


pytestmark = pytest.mark.timeout(scaled(300, 3_600))


def trial_of(behaviours: Sequence[str]) -> st.SearchStrategy[Trial]:
    """Draw what may befall a wish while the provider keeps to its word."""
    return st.builds(
        Trial,
        fault=st.sampled_from(KEEPING),
        point=st.sampled_from(("", *POINTS)),
        later_point=st.sampled_from(LATER_POINTS),
        step_s=st.sampled_from(STEPS_S),
        behaviour=st.sampled_from(behaviours),
    )


def check(outcome: Outcome, trial: Trial) -> None:
    """Check that each wish was ordered once at most."""
    assert max(outcome.orders.values(), default=0) <= 1, (trial, outcome)
    assert not outcome.told_twice, (trial, outcome)


def test_poll_orders_each_wish_once(tmp_path: Path) -> None:
    """Whatever its list does that shows, or may show: an absence in it is not taken for proof."""
    with served(ListingFake(tmp_path)) as fake:
        assert isinstance(fake, ListingFake)

        @trials(short=3, whole=80)
        @given(trial_of(HONEST))
        @example(Trial(Fault.LOST_AFTER, behaviour=Lists.REWRITTEN))
        @example(Trial(Fault.FAILED_AFTER, behaviour=Lists.DATED))
        @example(Trial(Fault.LOST_AFTER, behaviour=Lists.EMPTY))
        @example(Trial(Fault.LOST_BEFORE, behaviour=Lists.STRANGERS))
        def hold(trial: Trial) -> None:
            fake.lists = Lists(trial.behaviour)
            ends = fake.lists in PLAIN and not trial.step_s
            outcome = conduct(
                tmp_path / uuid.uuid4().hex,
                "",
                fake,
                trial,
                wishes=2 if fake.lists is Lists.EMPTY else 1,  # of which one is known to be made
                ends_s=45 if ends else UNSURE_S,
            )
            check(outcome, trial)
            if ends:
                assert outcome.statuses == {"succeeded"}, (trial, outcome)

        hold()


def test_sync_orders_each_wish_once(tmp_path: Path) -> None:
    """Where nothing can be asked for again, what was lost waits for a person."""
    with served(AnsweringFake(tmp_path)) as fake:

        @trials(short=2, whole=40)
        @given(trial_of([""]))
        @example(Trial(Fault.LOST_AFTER))
        def hold(trial: Trial) -> None:
            folder = tmp_path / uuid.uuid4().hex
            outcome = conduct(folder, "", fake, trial, ends_s=UNSURE_S if trial.step_s else 45)
            check(outcome, trial)
            assert outcome.statuses in ({"succeeded"}, {"in_doubt"})
            assert outcome.waits_for_a_person or trial.step_s or outcome.statuses == {"succeeded"}

        hold()


def test_webhook_orders_each_wish_once(tmp_path: Path) -> None:
    """Only a call that names the take tells of a lost order; silence is never taken for proof."""
    with served(CallingFake(tmp_path)) as fake:
        assert isinstance(fake, CallingFake)

        @trials(short=2, whole=40)
        @given(trial_of(list(Calls)))
        @example(Trial(Fault.LOST_AFTER, behaviour=Calls.FORGED_FIRST))
        def hold(trial: Trial) -> None:
            fake.calls = Calls(trial.behaviour)
            folder = tmp_path / uuid.uuid4().hex
            check(conduct(folder, "", fake, trial, ends_s=UNSURE_S), trial)

        hold()


def test_client_id_orders_each_wish_once(tmp_path: Path) -> None:
    """A name is taken once, so that even a task that is denied for a while is not made twice."""
    with served(NamingFake(tmp_path)) as fake:
        assert isinstance(fake, NamingFake)

        @trials(short=2, whole=40)
        @given(trial_of([Names.KEPT, Names.DENIED]))
        @example(Trial(Fault.LOST_AFTER, behaviour=Names.DENIED))
        def hold(trial: Trial) -> None:
            fake.names = Names(trial.behaviour)
            folder = tmp_path / uuid.uuid4().hex
            outcome = conduct(folder, "", fake, trial, ends_s=UNSURE_S if trial.step_s else 45)
            check(outcome, trial)
            if not trial.step_s:
                assert outcome.statuses == {"succeeded"}, (trial, outcome)

        hold()


def test_wishes_are_ordered_once_over_postgresql(tmp_path: Path, postgres_url: str) -> None:
    """The same holds where the database is a server."""
    with served(ListingFake(tmp_path)) as fake:
        trial = Trial(Fault.LOST_AFTER, "_write_tickets/before commit", "put_back/after commit")
        check(conduct(tmp_path / "one", postgres_url, fake, trial, wishes=3), trial)


def test_person_hears_what_is_wrong_with_a_list(tmp_path: Path) -> None:
    """What proves nothing for ten times as long as orders take to settle is shown to somebody."""
    with served(ListingFake(tmp_path)) as fake:
        assert isinstance(fake, ListingFake)
        fake.lists, fake.settles_s = Lists.DATED, 1
        outcome = conduct(tmp_path / "one", "", fake, Trial(Fault.LOST_AFTER))
    assert outcome.waits_for_a_person
    [take], [order] = outcome.takes, fake.logged()
    assert (
        f"its list shows an order that may be this one ({order['id']})" in take["error"]["message"]
    )


BROKEN = {
    "an order is in the list once it has settled": Trial(Fault.LOST_AFTER, behaviour=Lists.LATE),
    "the list shows the words": Trial(Fault.LOST_AFTER, behaviour=Lists.REPHRASED),
    "the list holds what was sent": Trial(Fault.LOST_AFTER, behaviour=Lists.FORGETFUL),
    "an empty list is empty": Trial(Fault.LOST_AFTER, behaviour=Lists.EMPTY),
    "its clock is within ten minutes": Trial(Fault.LOST_AFTER, behaviour=Lists.MISDATED),
    **{
        f"nothing is accepted with a {fault.status}": Trial(fault, behaviour=Lists.TRUE)
        for fault in Fault
        if fault.accepts and 400 <= fault.status < 500
        if fault is Fault.BUSY_AFTER or scaled(short=False, whole=True)
    },
}


@pytest.mark.parametrize("promise", BROKEN)
def test_list_that_breaks_its_word_is_noticed(tmp_path: Path, promise: str) -> None:
    """The wish is ordered a second time; somebody hears of it, and never of a third."""
    trial = BROKEN[promise]
    with served(ListingFake(tmp_path)) as fake:
        assert isinstance(fake, ListingFake)
        fake.lists = Lists(trial.behaviour)
        outcome = conduct(tmp_path / "one", "", fake, trial, noticed_within_s=40)
    assert list(outcome.orders.values()) == [2]
    assert outcome.statuses == {"succeeded"}
    assert outcome.noticed
    if fake.lists in (Lists.TRUE, Lists.LATE):
        [told] = outcome.told_twice
        assert {told["ticket"], told["has"]} == {order["id"] for order in fake.logged()}


def test_number_of_another_order_is_no_ticket(tmp_path: Path) -> None:
    """Of two orders answered with one id, one is followed; a person is asked about the other."""
    with served(ListingFake(tmp_path)) as fake:
        assert isinstance(fake, ListingFake)
        fake.number = "0" * 26
        outcome = conduct(tmp_path / "one", "", fake, Trial(), wishes=2)
    assert sorted(outcome.orders.values()) == [1, 1]
    assert outcome.statuses == {"succeeded", "in_doubt"}
    assert outcome.waits_for_a_person
    assert {take["error"]["code"] for take in outcome.takes if take["error"]} == {"ticket_repeated"}


def test_webhook_of_a_refused_order_is_noticed(tmp_path: Path) -> None:
    """A queue that takes what it answers 429 to calls about an order that no take has.

    Called before the pause is over, the take has that order and sends no second one.
    """
    with served(CallingFake(tmp_path)) as fake:
        trial = Trial(Fault.BUSY_AFTER)
        outcome = conduct(tmp_path / "one", "", fake, trial, noticed_within_s=40)
    [orders] = outcome.orders.values()
    assert orders in {1, 2}
    assert len(outcome.told_twice) == orders - 1


@pytest.mark.parametrize("names", [Names.DENIED, Names.FORGOTTEN])
def test_names_need_one_of_two_promises(tmp_path: Path, names: Names) -> None:
    """A task that is denied is not made twice under its name; one that is found is not sent again.

    A provider that breaks both promises makes it twice, and nothing tells the two apart.
    """
    with served(NamingFake(tmp_path)) as fake:
        assert isinstance(fake, NamingFake)
        fake.names, fake.denies_s = names, 6.0 if names is Names.DENIED else 0.0
        outcome = conduct(tmp_path / "one", "", fake, Trial(Fault.LOST_AFTER))
    assert outcome.statuses == {"succeeded"}
    assert list(outcome.orders.values()) == [1]
