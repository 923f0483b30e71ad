from processors.classify import classifier
from processors.fitting.vocabulary import VocabularyReader
from tests.processors.test_classify import a_theme

READER = VocabularyReader()


def test_a_word_counts_once_in_each_of_its_places() -> None:
    found = READER.read("New homes", "New homes, new homes. " + "Filler. " * 100 + "Homes.")
    assert found == {"new": 2, "homes": 3, "filler": 2}


def test_countries_and_leaders_stand_under_the_name_of_their_list() -> None:
    found = READER.read("Prime Minister of Saudi Arabia", "")
    assert set(found) == {"@leader", "of", "@country"}


def test_numbers_and_single_letters_are_no_words() -> None:
    assert set(READER.read("2021 a 7th", "")) == set()


def test_what_a_term_has_taken_is_no_word() -> None:
    title = "Fishing boats in harbour"
    taken = classifier((a_theme(),)).matches(title, "").get(0, [])
    assert set(READER.read(title, "", taken)) == {"in", "harbour"}
