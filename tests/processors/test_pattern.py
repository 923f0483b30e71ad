import pytest

from processors.pattern import MAX_GAP, MAX_WORDS, Choice, Step, parse

LISTS = {"country": ["France", "Saudi Arabia"]}


def test_a_pattern_is_read_word_by_word() -> None:
    assert parse("illegal|irregular ~2 Migrant* to @country", LISTS) == (
        (
            Step((Choice("illegal"), Choice("irregular"))),
            Step((Choice("migrant", stem=True, capitals=1),), gap=2),
            Step((Choice("to"),)),
            Step((Choice("@country"),)),
        ),
    )


def test_a_word_that_may_be_absent_makes_two_phrases() -> None:
    assert [len(phrase) for phrase in parse("free? trade deal")] == [3, 2]


def test_a_choice_of_two_words_is_a_phrase_of_its_own() -> None:
    assert {len(phrase) for phrase in parse("joint taskforce|task_force")} == {2, 3}


@pytest.mark.parametrize(
    "pattern,told",
    [
        ("", "empty"),
        ("migra(nt|tion)", "not regular expressions"),
        ("(a+)+b", "not regular expressions"),
        ("a.*b", "not regular expressions"),
        ("mi*", "3 letters"),
        ("~3 migrant", "begins with a gap"),
        ("migrant ~3", "ends with a gap"),
        (f"a ~{MAX_GAP + 1} b", "~1 to ~12"),
        ("a ~x b", "~1 to ~12"),
        ("a ~2 b ~2 c ~2 d", "2 gaps"),
        ("a " * (MAX_WORDS + 1), "12 words"),
        ("a? b?", "every word may be absent"),
        ("a|b_c " * 7, "64 phrases"),
        ("@contry", "@country"),
    ],
)
def test_a_bad_pattern_is_refused_with_what_to_write_instead(pattern: str, told: str) -> None:
    with pytest.raises(ValueError, match=told.replace("*", r"\*")):
        parse(pattern, LISTS)
