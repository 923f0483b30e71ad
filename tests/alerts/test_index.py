"""The index: it finds what a walk over all subscriptions finds, whatever was added and removed."""

from collections.abc import Mapping, Set
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from alerts.index import Index
from alerts.postings import Postings

VALUES = st.sampled_from("abcd")
FACETS = ("colour", "size")


@dataclass(frozen=True)
class Asked:
    """What one subscription needs (any of each set) and bars."""

    needs: tuple[tuple[str, frozenset[str]], ...]
    bars: tuple[tuple[str, frozenset[str]], ...]

    def met_by(self, offers: Mapping[str, Set[str]]) -> bool:
        return all(offers[facet] & values for facet, values in self.needs) and not any(
            offers[facet] & values for facet, values in self.bars
        )


def some_sets(max_size: int) -> st.SearchStrategy[tuple[tuple[str, frozenset[str]], ...]]:
    """Return pairs of facet and values, those of one facet one after the other."""
    one = st.tuples(st.sampled_from(FACETS), st.frozensets(VALUES, min_size=1, max_size=2))
    return st.lists(one, max_size=max_size).map(lambda found: tuple(sorted(found, key=str)))


ASKED = st.builds(Asked, some_sets(4), some_sets(2))
OFFERS = st.fixed_dictionaries({facet: st.frozensets(VALUES) for facet in FACETS})
# The same few names again and again: added, replaced, removed.
CHANGES = st.lists(st.tuples(st.sampled_from("uvwxyz"), ASKED | st.none()), max_size=20)


def found(index: Index, offers: Mapping[str, Set[str]]) -> list[str | int]:
    return sorted(index.ids(index.match(offers)), key=str)


@given(changes=CHANGES, offers=st.lists(OFFERS, min_size=1, max_size=4))
def test_it_finds_what_a_walk_over_all_subscriptions_finds(
    changes: list[tuple[str, Asked | None]], offers: list[dict[str, frozenset[str]]]
) -> None:
    index, kept = Index(), dict[str, Asked]()
    for name, asked in changes:
        if asked is None:
            index.remove(name)
            kept.pop(name, None)
        else:
            index.add(name, asked.needs, asked.bars)
            kept[name] = asked
        for offer in offers:
            expected = sorted(name for name, asked in kept.items() if asked.met_by(offer))
            assert found(index, offer) == expected
    assert len(index) == len(kept)
    assert all(name in index for name in kept)


def test_who_needs_nothing_matches_everything() -> None:
    index = Index()
    index.add("all", ())
    assert found(index, {}) == ["all"]
    assert found(index, {"colour": {"red"}}) == ["all"]


def test_ids_come_in_the_order_in_which_they_were_added() -> None:
    index = Index()
    for name in ("c", "a", "b"):
        index.add(name, ())
    index.add("c", ())
    assert list(index.ids(index.match({}))) == ["a", "b", "c"]


def test_rows_of_the_removed_and_the_replaced_are_counted() -> None:
    index = Index()
    for _time in range(3):
        index.add("a", ())
    index.remove("a")
    index.remove("a")
    assert (len(index), index.gone) == (0, 3)


def test_a_value_is_told_when_it_is_first_named() -> None:
    told: list[str] = []
    index = Index({"colour": told.append})
    index.add(1, (("colour", ("red", "blue")), ("size", ("s",))), (("colour", ("grey",)),))
    index.add(2, (("colour", ("red",)),))
    assert told == ["red", "blue", "grey"]


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 2_000)), max_size=50),
    st.sets(VALUES),
    st.integers(0, 1_500),
)
def test_postings_hold_every_row_of_short_and_of_long_lists(
    added: list[tuple[str, int]], asked: set[str], many: int
) -> None:
    postings = Postings()
    rows = {value: set[int]() for value in "abcd"}
    for row in range(many):
        postings.add("a", row)
        rows["a"].add(row)
    for value, row in added:
        postings.add((value,), row)
        rows[value].add(row)
        assert set(postings.rows(asked)) == set[int]().union(*(rows[one] for one in asked))


def test_rows_that_come_after_a_long_list_became_a_bitmap_join_it() -> None:
    postings = Postings()
    for row in range(3_000):
        postings.add(("a",), row)
        if row % 1_000 == 0:
            postings.rows({"a"})
    assert set(postings.rows({"a"})) == set(range(3_000))
