"""Merging references: a row's first, each picture once, six at most."""

from hypothesis import given
from hypothesis import strategies as st

from callsheet.intake.model import ReferenceDraft
from callsheet.intake.references import (
    DropReason,
    ReferenceFacts,
    ReferenceUse,
    choose_references,
    count_references,
    likeness_distance,
    merge_references,
    near_duplicates,
    uses_of,
)
from callsheet.kernel.digests import sha256_of
from callsheet.ports.pictures import ReferenceMode

STYLE, SUBJECT = ReferenceMode.STYLE_ONLY, ReferenceMode.SUBJECT


def use(key: str, mode: ReferenceMode = STYLE) -> ReferenceUse:
    """Ask for a reference by its key."""
    return ReferenceUse(key, mode, key, key)


def picture(content: str, pixels: str = "", likeness: int = 0) -> ReferenceFacts:
    """Find a picture with these bytes, and these pixels if others have the same."""
    drawn = sha256_of((pixels or content).encode())
    return ReferenceFacts(sha256_of(content.encode()), drawn, f"{likeness:064x}")


USES = st.lists(
    st.builds(use, st.sampled_from("abcdefghij"), st.sampled_from(ReferenceMode)), max_size=12
)
# bytes "1" and "2" are two files of the same pixels
PICTURES = st.sampled_from([picture("1", "x"), picture("2", "x"), *map(picture, "345678")])
FACTS = st.dictionaries(st.sampled_from("abcdefghij"), PICTURES)


@given(row=USES, batch=USES)
def test_merging_keeps_the_first_of_each_address_in_order(
    row: list[ReferenceUse], batch: list[ReferenceUse]
) -> None:
    """The row's come first, each address once with its first mode, and nothing is lost silently."""
    merged = merge_references(row, batch)
    everything = [*row, *batch]

    assert list(merged.uses) == [
        each
        for at, each in enumerate(everything)
        if each.key not in [b.key for b in everything[:at]]
    ]
    assert len(merged.uses) + len(merged.dropped) == len(everything)
    assert merge_references(merged.uses).uses == merged.uses


@given(uses=USES, facts=FACTS, most=st.integers(0, 8))
def test_choosing_never_keeps_a_picture_twice(
    uses: list[ReferenceUse], facts: dict[str, ReferenceFacts], most: int
) -> None:
    """What is kept is in order, within the limit, and differs in address, bytes and pixels."""
    chosen = choose_references(uses, facts, most)
    left = iter(uses)

    assert len(chosen.kept) <= most
    assert all(any(kept is each for each in left) for kept in chosen.kept)
    for names in (
        [each.key for each in chosen.kept],
        [facts[each.key].sha256 for each in chosen.kept],
        [facts[each.key].pixels for each in chosen.kept],
    ):
        assert len(names) == len(set(names))
    assert len(chosen.kept) + len(chosen.dropped) == len(uses)
    assert choose_references(chosen.kept, facts, most).kept == chosen.kept


@given(uses=USES, facts=FACTS)
def test_nothing_is_left_out_while_there_is_room(
    uses: list[ReferenceUse], facts: dict[str, ReferenceFacts]
) -> None:
    """Below the limit, every different picture that was fetched is kept."""
    chosen = choose_references(uses, facts, len(uses))
    wanted = {facts[each.key].pixels for each in uses if each.key in facts}

    assert {facts[each.key].pixels for each in chosen.kept} == wanted


def test_seven_references_of_which_two_are_equal_leave_six() -> None:
    """A repeated picture takes no place: six of seven are kept, and none is over the limit."""
    uses = [use(key) for key in "abcdefg"]
    facts = {key: picture(content) for key, content in zip("abcdefg", "1231456", strict=True)}
    chosen = choose_references(uses, facts, 6)

    assert [each.key for each in chosen.kept] == list("abcefg")
    assert [(each.use.key, each.reason, each.instead) for each in chosen.dropped] == [
        ("d", DropReason.DUPLICATE_BYTES, "a")
    ]


def test_each_reason_for_leaving_out_is_told() -> None:
    """Address, bytes, pixels, a failed fetch and the limit are told apart."""
    uses = [use("a"), use("b"), use("c"), use("lost"), use("a"), use("d"), use("e")]
    facts = {
        "a": picture("1", "x"),
        "b": picture("1", "x"),
        "c": picture("2", "x"),
        "d": picture("3"),
        "e": picture("4"),
    }
    chosen = choose_references(uses, facts, 2)

    assert [each.key for each in chosen.kept] == ["a", "d"]
    assert [(each.use.key, each.reason) for each in chosen.dropped] == [
        ("b", DropReason.DUPLICATE_BYTES),
        ("c", DropReason.DUPLICATE_PIXELS),
        ("lost", DropReason.FAILED),
        ("a", DropReason.DUPLICATE_URL),
        ("e", DropReason.OVER_LIMIT),
    ]


def test_first_mode_wins() -> None:
    """A picture named by the row and by the batch is used as the row says."""
    merged = merge_references([use("a", SUBJECT)], [use("a", STYLE), use("b")])

    assert [(each.key, each.mode) for each in merged.uses] == [("a", SUBJECT), ("b", STYLE)]


def test_uses_are_named_by_canonical_address_or_path() -> None:
    """Two spellings of an address, or of a path, have one key; what is fetched stays as written."""
    drafts = [
        ReferenceDraft(source, STYLE)
        for source in (
            "https://A.example/x.png?utm_source=q",
            "https://a.example:443/x.png",
            "refs/../refs/a.png",
        )
    ]
    first, second, third = uses_of(drafts)

    assert first.key == second.key == "https://a.example/x.png"
    assert first.fetch == "https://a.example/x.png?utm_source=q"
    assert (third.key, third.fetch) == ("file:refs/a.png", "refs/../refs/a.png")


def test_counts_follow_the_pictures() -> None:
    """Fifty uses of twelve addresses with six different pictures: 44 dropped, a rate of 0.88."""
    keys = [f"k{number % 12}" for number in range(50)]
    facts = {f"k{number}": picture(str(number % 8), str(number % 6)) for number in range(12)}
    counts = count_references(keys, facts)

    assert (counts.uses, counts.unique_urls, counts.unique_pixels) == (50, 12, 6)
    assert (counts.unique, counts.dropped, counts.dedup_rate) == (6, 44, 0.88)


def test_addresses_not_fetched_count_as_one_picture_each() -> None:
    """Before anything is fetched, and where fetching failed, an address is not called a copy."""
    counts = count_references(["a", "b", "a"], {"a": picture("1")})

    assert (counts.unique_bytes, counts.unique, counts.dropped) == (1, 2, 1)
    assert count_references([], {}).dedup_rate == 0.0


@given(one=st.integers(0, 2**256 - 1), flips=st.sets(st.integers(0, 255), max_size=80))
def test_likeness_counts_differing_bits(one: int, flips: set[int]) -> None:
    """The distance of two hashes is the number of bits that differ, either way round."""
    other = one
    for bit in flips:
        other ^= 1 << bit

    assert likeness_distance(f"{one:064x}", f"{other:064x}") == len(flips)
    assert likeness_distance(f"{other:064x}", f"{one:064x}") == len(flips)


def test_pictures_that_look_alike_are_pointed_out_and_kept() -> None:
    """Up to 60 differing bits two pictures look alike; the hint merges nothing."""
    near, far = (1 << 60) - 1, (1 << 61) - 1
    facts = {"a": picture("1"), "b": picture("2", likeness=near), "c": picture("3", likeness=far)}
    hints = near_duplicates(facts.values())

    assert [hint.distance for hint in hints] == [1, 60]
    assert len(choose_references([use(key) for key in "abc"], facts, 6).kept) == 3


def test_comparing_likeness_has_a_bound() -> None:
    """Of 2,000 pictures that all look alike, 512 are compared."""
    hints = near_duplicates([picture(str(number)) for number in range(2_000)])

    assert len(hints) == 512 * 511 // 2
