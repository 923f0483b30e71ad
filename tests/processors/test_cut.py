import tracemalloc

from hypothesis import example, given, settings
from hypothesis import strategies as st

from processors.cut import AT_A_TIME, Cut, cut
from processors.words import MAX_WORD_CHARS, Words

TWISTED = "abSs1_é.'’ \n,!-\xa0\u00ad\u0308\u200d\u3042😀"
PIECES = [
    *("the", "Turkey’s", "U.S.", "U.S", "e.g.", "U.S.'s", "U.S's", "a's's", "3.A", "a.bc", "Mr."),
    *("4.5", "mi\u00adgrants", "x" * (MAX_WORD_CHARS + 1), "x" * MAX_WORD_CHARS, "-" * 61, "ﬁne"),
    *("…", "?", ".", "\n", "\n\n", "\n \t\n", " ", "’", "'s", "S", "İstanbul", "\ud800", "日本"),
]


def told_plainly(text: str) -> tuple[list[str], list[int], list[int], list[int], int]:
    words = Words(text)
    return words.words, words.starts[: len(words.words)], words.ends, words.breaks, words.lead()


def told(found: Cut) -> tuple[list[str], list[int], list[int], list[int], int]:
    starts, ends = map(list, found.places)
    return found.words, starts, ends, found.breaks, found.lead()


@given(st.one_of(st.text(), st.text(st.sampled_from(TWISTED), max_size=60)))
@example("")
@example("s's.a U.S.A.B it's.a a.b.c.dd x's1 's.a U.S..A U.SA")
def test_the_words_and_sentences_are_those_found_word_by_word(text: str) -> None:
    assert told(cut(text)) == told_plainly(text)


@given(st.lists(st.sampled_from(PIECES), max_size=30))
@example(["the", "-" * 61, "Turkey’s", "\n \t\n", "the", "x" * (MAX_WORD_CHARS + 1)])
def test_so_they_are_of_what_is_rare_and_twisted(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert told(cut(text)) == told_plainly(text)
    assert cut(text).sentence == Words(text).sentence


@given(st.lists(st.sampled_from([*PIECES, " a ", " b "])), st.integers(0, 40))
def test_equal_words_have_equal_keys_and_others_others(pieces: list[str], shift: int) -> None:
    found = cut(" " * shift + " ".join(pieces))
    short = [
        (word, int(key))
        for word, key in zip(found.words, found.keys, strict=True)
        if len(word) <= MAX_WORD_CHARS
    ]
    assert len(set(short)) == len({word for word, _ in short}) == len({key for _, key in short})


def test_a_word_too_long_for_any_phrase_has_no_key() -> None:
    assert cut("x" * MAX_WORD_CHARS).keys[0] != 0
    assert cut("x" * (MAX_WORD_CHARS + 1)).keys.tolist() == [0]


def test_a_long_text_has_the_keys_of_its_words_wherever_they_stand() -> None:
    """It is read by pieces; words stand across their ends as well."""
    text = "one migrant’s boat " * (AT_A_TIME // 8) + "y" * 70_000 + " one"
    found = cut(text)
    keys = cut("one migrant’s boat").keys.tolist()
    assert found.keys[:-2].tolist() == keys * (AT_A_TIME // 8)
    assert found.keys[-2:].tolist() == [0, keys[0]]


@settings(max_examples=10)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=30))
@example(["one", " ", "Turkey’s", ". ", "Two", "\n\n", "日本"])
def test_a_long_text_has_the_words_and_sentences_of_a_short_one(pieces: list[str]) -> None:
    """They are kept otherwise: numbers without an object for each, equal words as one."""
    text = "".join(pieces) + " "
    text *= AT_A_TIME // len(text) + 1
    assert told(cut(text)) == told_plainly(text)
    assert list(cut(text).sentence) == Words(text).sentence


def test_what_facts_ask_of_a_long_text_takes_a_few_bytes_a_character() -> None:
    """A process that meets one long text keeps what memory that took for good."""
    text = "The minister’s plan of 2031 was said to be on its way. " * 4_000
    found = cut(text)
    tracemalloc.start()
    try:
        assert len(found.words) == len(found.places[0]) == len(found.sentence)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 8 * len(text)


@given(st.lists(st.sampled_from(PIECES)), st.lists(st.sampled_from(PIECES)))
def test_two_texts_read_together_are_told_apart_again(first: list[str], second: list[str]) -> None:
    title, text = "".join(first), "".join(second)
    both = cut(f"{title}\n\n{text}")
    count = len(cut(title))
    for part, alone in ((both.first(count, title), title), (both.last(count, text), text)):
        assert told(part) == told_plainly(alone)
        assert part.keys.tolist() == cut(alone).keys.tolist()


@given(st.lists(st.sampled_from(PIECES)), st.integers(0, 60), st.integers(0, 60))
def test_words_of_a_range_begin_in_it_or_touch_it(pieces: list[str], start: int, end: int) -> None:
    found = cut(" ".join(pieces))
    end = max(start, end)
    places = list(enumerate(zip(*found.places, strict=True)))
    assert list(found.between(start, end)) == [at for at, (at_, _) in places if start <= at_ < end]
    if start < end:
        touching = [at for at, (first, last) in places if first < end and last > start]
        assert list(found.touching(start, end)) == touching
