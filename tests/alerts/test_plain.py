"""Plain subscriptions: what a keyword is, and the index's answers against the meaning's."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.plain import PlainRelease, PlainSubscription, folded, marked, meets, stands_in
from alerts.plain_match import PlainMatcher

VALUES = ("a", "b", "c", "ü")
# Few letters, so that words repeat; and what stands between, within and around words.
WRITING = st.text("ab AB-'’.é_\u00ad\u0301\u093f\u200dक\n\x00\u2011İ", max_size=12)


@pytest.mark.parametrize(
    "keyword, text",
    [
        ("visa", "A Visa."),
        ("visa", "the visa's price"),
        ("visa", "visa-free"),
        ("VISA fee", "the visa\n fee"),
        ("visa’s", "the visa's price"),
        ("asylum-seeker", "asylum\u2011seekers and an asylum\u2010seeker"),
        ("c++", "in c++, and"),
        ("u.s.", "the U.S. said"),
        ("türkiye", "Tu\u0308rkiye"),
        ("कि", "कि"),
        ("co\u00adoperate", "cooperate"),
    ],
)
def test_a_keyword_stands_in(keyword: str, text: str) -> None:
    assert stands_in(folded(keyword), folded(text))
    assert marked(folded(keyword)) in marked(folded(text))


@pytest.mark.parametrize(
    "keyword, text",
    [
        ("visa", "visas"),
        ("visa", "e_visa"),
        ("small boat", "small-boat"),
        ("small boat", "small, boat"),
        ("turkiye", "Türkiye"),
        ("क", "कि"),
        ("us", "U.S."[:1]),
        ("", "anything"),
    ],
)
def test_a_keyword_does_not_stand_in(keyword: str, text: str) -> None:
    assert not stands_in(folded(keyword), folded(text))
    assert not keyword or marked(folded(keyword)) not in marked(folded(text))


@given(WRITING, WRITING)
def test_a_marked_keyword_is_a_part_of_the_marked_text_if_the_keyword_stands_in_it(
    keyword: str, text: str
) -> None:
    keyword, text = folded(keyword), folded(text)
    assert stands_in(keyword, text) == bool(keyword and marked(keyword) in marked(text))


@given(st.text(), st.text())
def test_marks_find_whole_words_in_any_script(keyword: str, text: str) -> None:
    keyword, text = folded(keyword), folded(f"{text} {keyword} {text}{keyword}{text}")
    assert stands_in(keyword, text) == bool(keyword and marked(keyword) in marked(text))


def values(most: int = 2) -> st.SearchStrategy[tuple[str, ...] | None]:
    return st.none() | st.lists(st.sampled_from(VALUES), max_size=most).map(tuple)


def keywords(most: int) -> st.SearchStrategy[tuple[str, ...] | None]:
    return st.none() | st.lists(WRITING, max_size=most).map(tuple)


SUBSCRIPTION = st.builds(
    PlainSubscription,
    id=st.integers(0, 30),
    themes=values(),
    countries=values(),
    organisations=values(),
    keywords=keywords(2),
    not_keywords=keywords(1),
)
RELEASE = st.builds(
    PlainRelease,
    id=st.just("r"),
    themes=values(3),
    countries=values(3),
    organisations=values(3),
    text=st.none() | st.lists(WRITING, max_size=5).map(" ".join),
)


def naive(subscriptions: Sequence[PlainSubscription], release: PlainRelease) -> list[str | int]:
    return [one.id for one in subscriptions if meets(one, release)]


@given(st.lists(SUBSCRIPTION, max_size=12), st.lists(RELEASE, max_size=4), st.data())
def test_the_matcher_answers_as_the_meaning_does_while_subscriptions_come_and_go(
    asked: list[PlainSubscription], releases: list[PlainRelease], data: st.DataObject
) -> None:
    matcher, kept = PlainMatcher(), dict[str | int, PlainSubscription]()
    for one in asked:
        kept.pop(one.id, None)
        kept[one.id] = one
        matcher.add(one)
        if data.draw(st.booleans()):
            gone = data.draw(st.sampled_from(sorted(kept, key=str)))
            del kept[gone]
            matcher.remove(gone)
        matcher.settle()
        for release in releases:
            assert list(matcher.ids(matcher.match(release))) == naive([*kept.values()], release)


def test_two_thousand_subscriptions_and_two_hundred_releases_get_the_naive_answers() -> None:
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    chance = random.Random(seed)
    words = ["".join(chance.choices("abcde", k=chance.randint(1, 3))) for _each in range(300)]

    def some(of: Sequence[str], most: int) -> tuple[str, ...]:
        return tuple(chance.choices(of, k=chance.randint(0, most)))

    def phrases(most: int) -> tuple[str, ...]:
        count = chance.randint(0, most)
        return tuple(" ".join(chance.choices(words, k=chance.randint(1, 3))) for _ in range(count))

    def facets(most: int) -> dict[str, tuple[str, ...]]:
        fields = ("themes", "countries", "organisations")
        return {field: some([f"{field}-{n}" for n in range(20)], most) for field in fields}

    subscriptions = [
        PlainSubscription(id=n, **facets(2), keywords=phrases(3), not_keywords=phrases(1))
        for n in range(2_000)
    ]
    releases = [
        PlainRelease(id=n, **facets(12), text=" ".join(chance.choices(words, k=150)))
        for n in range(200)
    ]
    matcher = PlainMatcher()
    for one in subscriptions:
        matcher.add(one)
    matcher.settle()
    matched = 0
    for release in releases:
        expected = naive(subscriptions, release)
        assert list(matcher.ids(matcher.match(release))) == expected
        matched += len(expected)
    assert matched > 1_000, "the cases are too thin to show anything"
