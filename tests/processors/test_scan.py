from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from processors.cut import cut
from processors.gaps import AT_A_TIME
from processors.pattern import Choice, Phrase, choice, name_words, parse
from processors.phrasebook import Phrasebook
from processors.scan import Scanner
from processors.words import MAX_WORD_CHARS, Sentences, Words, fold

LISTS = {
    "country": ["France", "UK", "Turkiye", "United States", "United States of America", "Turkey"]
}


def found(pattern: str, text: str) -> list[str]:
    scanner = Scanner([(phrase, None) for phrase in parse(pattern, LISTS)], LISTS)
    words, matches = scanner.scan(text)
    return [text[words.starts[first] : words.ends[last - 1]] for _what, first, last in matches]


@pytest.mark.parametrize(
    "pattern,text,spans",
    [
        ("migrant*", "Migrants’ boats and a MIGRANT", ["Migrants", "MIGRANT"]),
        ("migrant*", "immigrants", []),
        ("small boat*", "small-boat arrivals", ["small-boat"]),
        ("small boat*", "too small. Boats came", []),
        ("cross* ~2 channel", "crossed the icy Channel", ["crossed the icy Channel"]),
        ("cross* ~2 channel", "crossed the very icy Channel", []),
        ("cross* ~2 channel", "crossed Channel", ["crossed Channel"]),
        ("cross* ~2 channel", "They crossed a Channel", ["crossed a Channel"]),
        ("cross* ~2 channel", "crossed. Channel", []),
        ("cross* ~2 channel", "crossed a Channel Channel", ["crossed a Channel"]),
        ("cross* the ~2 channel", "crossed the Channel", ["crossed the Channel"]),
        ("cross* the ~2 channel", "crossed the icy Channel", ["crossed the icy Channel"]),
        ("cross* the ~2 channel", "crossed icy Channel", []),
        (
            "@country ~2 law",
            "the United States of America has law",
            ["United States of America has law"],
        ),
        ("@country ~1 law", "the United States has no law", []),
        ("@country", "in Türkiye’s capital", ["Türkiye’s"]),
        ("@country", "a turkey for Turkey", ["Turkey"]),
        ("@country", "theUK and U.K.", ["theUK", "U.K."]),
        ("with @country", "with the with United States.", ["with United States"]),
        ("@country law", "United States of America law", ["United States of America law"]),
        ("united states", "the United\xa0States", ["United\xa0States"]),
        ("with @country", "It works with United. States and trade", []),
        ("@country", "They are united. Kingdom come; the United. States’ law", []),
        (
            "of @country",
            "of the United States of. America, of United States.",
            ["of United States"],
        ),
        ("UK", "Uk uk UK", ["UK"]),
        ("joint taskforce|task_force", "a joint task force", ["joint task force"]),
        ("migrant*", "mi\u00adgrants", ["mi\u00adgrants"]),
    ],
)
def test_a_pattern_finds_what_it_says(pattern: str, text: str, spans: list[str]) -> None:
    assert found(pattern, text) == spans


@pytest.mark.parametrize("between", range(14))
@pytest.mark.parametrize("behind", range(3))
def test_a_gap_is_as_wide_as_it_says_wherever_the_text_ends(between: int, behind: int) -> None:
    text = " ".join(["crossed", *["x"] * between, "channel", *["y"] * behind])
    assert [bool(found(f"cross* ~{gap} channel", text)) for gap in range(1, 13)] == [
        between <= gap for gap in range(1, 13)
    ]


@pytest.mark.parametrize("before", [AT_A_TIME - 3, AT_A_TIME - 1, 2 * AT_A_TIME - 2])
@pytest.mark.parametrize("phrase", ["a ~12 b", "a b ~12 b", "france ~12 b"])
def test_a_phrase_is_found_where_a_long_text_is_parted(before: int, phrase: str) -> None:
    begin = phrase.split(" ~")[0]
    text = f"{begin} c. {'x ' * (before - 1 - len(begin.split()))}{begin} {'x ' * 12}b {'x ' * 20}"
    assert found(phrase, text) == [f"{begin} {'x ' * 12}b"]
    assert found(phrase, text + text.replace("b", "c")) == [f"{begin} {'x ' * 12}b"]


def test_a_phrase_that_can_go_on_two_ways_takes_the_one_that_fits() -> None:
    assert found("a ~2 b c", "a b x b c") == ["a b x b c"]


@given(st.lists(st.sampled_from(["aa", "bb", "cc", "."]), max_size=30))
def test_every_phrase_is_found_where_it_stands_and_nowhere_else(tokens: list[str]) -> None:
    """Against the obvious way: look at every pair of neighbours."""
    pairs = list(pairwise(tokens))
    assert len(found("aa bb", " ".join(tokens))) == pairs.count(("aa", "bb"))


class Plainly:
    """The obvious way to find phrases: at each word try each, and fold each word each time."""

    def __init__(self, phrases: list[Phrase], text: str) -> None:
        self.phrases = phrases
        self.words = Words(text, Sentences())
        used = {one for phrase in phrases for step in phrase for one in step.choices}
        self.lists = {one: LISTS[one.word[1:]] for one in used if one.word.startswith("@")}

    def found(self) -> Iterator[tuple[int, int, int]]:
        """Yield number, first and last word of each, twice where it begins in two ways."""
        for at in range(len(self.words.words)):
            for number, phrase in enumerate(self.phrases):
                for after in self._ways(phrase[0].choices, at):
                    last = self._follow(phrase, 1, after, self.words.sentence[at])
                    if last:
                        yield number, at, last

    def _follow(self, phrase: Phrase, step: int, at: int, here: int) -> int:
        if step == len(phrase):
            return at
        for place in range(at, min(at + phrase[step].gap + 1, len(self.words.words))):
            if self.words.sentence[place] != here:
                return 0
            for after in self._ways(phrase[step].choices, place):
                last = self._follow(phrase, step + 1, after, here)
                if last:
                    return last
        return 0

    def _ways(self, choices: tuple[Choice, ...], at: int) -> Iterator[int]:
        """Yield behind which words the choices can end that begin at `at`: a name, the word."""
        names = [
            (len(entry.replace("-", " ").split()), one)
            for one, entries in self.lists.items()
            for entry in entries
            if self._is_name(entry, at)
        ]
        longest = max((length for length, _one in names), default=0)
        if any(length == longest and one in choices for length, one in names):
            yield at + longest
        if any(self._is_word(one, at) for one in choices):
            yield at + 1

    def _is_name(self, entry: str, at: int) -> bool:
        first, *rest = entry.replace("-", " ").split()
        after = self.words.words[at + 1 : at + 1 + len(rest)]
        spelt = name_words(entry).split()[1:]
        return (
            bool(rest)
            and self._fits(choice(first), at)
            and len(set(self.words.sentence[at : at + 1 + len(rest)])) == 1
            and [fold(word).casefold() for word in after] == spelt
        )

    def _is_word(self, one: Choice, at: int) -> bool:
        if not one.word.startswith("@"):
            return self._fits(one, at)
        single = [entry for entry in self.lists[one] if len(entry.replace("-", " ").split()) == 1]
        return any(self._fits(choice(entry), at) for entry in single)

    def _fits(self, form: Choice, at: int) -> bool:
        word = self.words.words[at]
        folded = fold(word)
        key = folded.casefold()
        same = key.startswith(form.word) if form.stem else key == form.word
        capitals = (True, folded[:1].isupper(), folded.isupper())[form.capitals]
        return len(word) <= MAX_WORD_CHARS and same and capitals


@given(st.lists(st.sampled_from(["of", "United", "States", "."]), min_size=20))
@example(["of", "United", ".", "States"])
def test_nothing_is_found_across_the_end_of_a_sentence(tokens: list[str]) -> None:
    text = " ".join(tokens)
    for pattern in ("@country", "of @country", "@country ~3 law", "united states", "the? law"):
        for span in found(pattern, text):
            assert not {".", "!"} & set(span.split())


VOCABULARY = ["joint", "talks", "migrant", "migrants", "immigrant", "of", "the", "with", "law"]
ITEMS = ["joint", "talk*", "migrant*", "mig*", "of", "UK", "Turkey", "@country", "with", "law?"]
LONGER = ["joint|talks", "the|of|with", "united_states|law", "@country|law", "~1", "~3"]
PATTERNS = st.lists(st.sampled_from([*ITEMS, *LONGER]), min_size=1, max_size=5)
TEXTS = st.lists(
    st.one_of(
        st.sampled_from(VOCABULARY),
        st.sampled_from(["UK", "uk", "U.K.", "theUK", "Türkiye’s", "TURKEY", "turkey", "Turkiye"]),
        st.sampled_from(["United", "States", "of", "America", "united", "states"]),
        st.sampled_from([".", ",", "Mr.", "\n\n", "mi\u00adgrants", "with-law", "x" * 61, "…"]),
    ),
    max_size=40,
).map(" ".join)


def test_of_ever_new_words_no_more_are_kept_than_may_be() -> None:
    book = Phrasebook(
        [(phrase, None) for phrase in parse("@country ~2 law", LISTS)], LISTS, kept_words=9
    )
    for n in range(5):
        book.kinds_of(cut(" ".join(f"word{n}{chr(97 + at)}" for at in range(20))))
        assert 0 < len(book) <= 9


@given(st.lists(PATTERNS, min_size=1, max_size=6), TEXTS, st.integers(1, 20))
def test_all_phrases_together_are_found_as_by_looking_for_each_at_each_word(
    patterns: list[list[str]], text: str, kept: int
) -> None:
    """Whatever was learnt of the words before, and however much of it is kept."""
    phrases: list[Phrase] = []
    for parts in patterns:
        try:
            phrases += parse(" ".join(parts), LISTS)
        except ValueError:
            continue
    numbered = [(phrase, number) for number, phrase in enumerate(phrases)]
    scanner = Scanner(numbered, LISTS, kept_words=kept)
    expected = sorted(Plainly(phrases, text).found())
    for _again in range(2):  # the second time with what it has learnt
        found = scanner.scan(text)[1]
        assert sorted(found) == expected
        assert [first for _what, first, _last in found] == sorted(one[1] for one in found)
