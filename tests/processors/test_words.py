import re

from hypothesis import example, given
from hypothesis import strategies as st

from processors.words import LEAD_CHARS, MAX_WORD_CHARS, Sentences, Words, fold


def sentences(text: str) -> list[list[str]]:
    read = Words(text, Sentences())
    found: dict[int, list[str]] = {}
    for word, sentence in zip(read.words, read.sentence, strict=True):
        found.setdefault(sentence, []).append(word)
    return list(found.values())


@given(st.text())
@example("İstanbul’da STRASSE straße ﬁne")
@example("a.b.c.dd \u200b\u2060x\u00ad\u0308")
@example("")
def test_each_word_stands_where_it_says(text: str) -> None:
    read = Words(text, Sentences())
    assert len(read.words) == len(read.sentence)
    assert read.words == [
        text[start:end] for start, end in zip(read.starts, read.ends, strict=False)
    ]
    assert read.sentence == sorted(read.sentence)
    assert 0 <= read.lead() <= len(read.words)


OBVIOUS = re.compile(
    r"\w(?:(?:\.[A-Za-z])+\b\.?"
    r"|[\w\u00ad\u0300-\u036f\u200c\u200d\u2060\ufeff]*(?:['’][sS]\b)?)"
)


@given(st.text(st.sampled_from("abSs1_é.'’ \n-\u00ad\u0308\u200d"), max_size=60))
@example("a.b.cc U.S. U.S U.S.'s s's s’S x's1")
def test_words_are_those_of_the_obvious_pattern(text: str) -> None:
    assert Words(text, Sentences()).words == OBVIOUS.findall(text)


def test_folding_leaves_the_letters_and_their_case() -> None:
    pairs = {
        "Türkiye’s": "Turkiye",
        "U.S.": "US",
        "theUK": "UK",
        "ofHome": "Home",
        "Theresa": "Theresa",
        "mi\u00adgrants": "migrants",
        "U\u0308ber": "Uber",
    }
    assert {word: fold(word) for word in pairs} == pairs


def test_a_point_after_a_title_an_initial_or_a_number_ends_no_sentence() -> None:
    assert sentences("Mr. Smith met Dr. J. Doe on 4.5 of the U.S. budget. They agreed.") == [
        ["Mr", "Smith", "met", "Dr", "J", "Doe", "on", "4", "5", "of", "the", "U.S.", "budget"],
        ["They", "agreed"],
    ]


def test_an_empty_line_ends_a_sentence_and_a_single_line_break_does_not() -> None:
    assert sentences("The 6\nth\nDialogue\n\nNext") == [["The", "6", "th", "Dialogue"], ["Next"]]


def test_a_run_of_letters_too_long_for_a_word_stands_apart() -> None:
    long = "x" * (MAX_WORD_CHARS + 1)
    assert sentences(f"one {long} two") == [["one"], [long, "two"]]


def test_the_lead_ends_with_the_sentence_that_reaches_beyond_its_characters() -> None:
    text = "word " * (LEAD_CHARS // 5 - 1) + "ends here and goes on. After that. And that."
    read = Words(text, Sentences())
    assert read.words[: read.lead()][-1] == "on"
