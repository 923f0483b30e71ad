from processors.classify import classifier
from processors.fitting.phrases import PhraseReader, nested
from tests.processors.test_classify import a_theme

READER = PhraseReader()


def test_words_and_pairs_are_counted_by_place() -> None:
    found = READER.read("New homes", "New homes stand.")
    assert found == {
        ("title", "new"): 1,
        ("title", "new homes"): 1,
        ("title", "homes"): 1,
        ("lead", "new"): 1,
        ("lead", "new homes"): 1,
        ("lead", "homes"): 1,
        ("lead", "homes stand"): 1,
        ("lead", "stand"): 1,
    }


def test_what_stands_after_the_lead_is_body() -> None:
    found = READER.read("", "Filler. " * 100 + "Homes.")
    assert found["body", "homes"] == 1
    assert ("lead", "homes") not in found


def test_countries_and_leaders_stand_under_the_name_of_their_list() -> None:
    found = READER.read("Prime Minister of Saudi Arabia", "")
    assert {phrase for _, phrase in found} == {
        "@leader",
        "@leader of",
        "of",
        "of @country",
        "@country",
    }


def test_no_phrase_reaches_across_the_end_of_a_sentence() -> None:
    assert ("lead", "homes trees") not in READER.read("", "We built homes. Trees grow.")


def test_numbers_and_single_letters_are_no_phrases() -> None:
    assert set(READER.read("2021 a 7th", "")) == set()


def test_what_a_term_has_taken_is_no_phrase() -> None:
    title = "Fishing boats in harbour"
    taken = classifier((a_theme(),)).matches(title, "").get(0, [])
    assert {phrase for _, phrase in READER.read(title, "", taken)} == {
        "in",
        "in harbour",
        "harbour",
    }


def test_one_phrase_is_nested_in_another_by_whole_words() -> None:
    assert nested("homes", ["new homes"])
    assert nested("new homes", ["homes"])
    assert not nested("home", ["new homes"])
