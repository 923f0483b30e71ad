"""A phrase is found where its words stand one after the other, and nowhere else."""

from hypothesis import given
from hypothesis import strategies as st

from alerts.facets import Facets, Found
from despatch.filter import Phrase
from despatch.testing.releases import a_classified, a_release, a_revision
from despatch.wording import placed, stem

WORDS = [
    "visa",
    "Visas",
    "fee",
    "fées",
    "U.S.",
    "skies",
    "sky",
    "policy",
    "policies",
    "É\u0301t",
    "’",
]
TEXTS = st.lists(st.sampled_from([*WORDS, "-", ".", "\n\n", "\u00ad"]), max_size=8).map(" ".join)
PHRASES = st.builds(
    Phrase,
    text=st.lists(st.sampled_from(WORDS[:-1]), min_size=1, max_size=3).map(" ".join),
    exact=st.booleans(),
    where=st.sampled_from(["anywhere", "title"]),
)


def naively(phrase: Phrase, field: str, text: str) -> Found | None:
    there = placed(text)
    words = [word if phrase.exact else stem(word) for word, _start, _end in there]
    wanted = list(phrase.words())
    for at in range(len(words) - len(wanted) + 1):
        if words[at : at + len(wanted)] == wanted:
            return Found(field, there[at][1], there[at + len(wanted) - 1][2])
    return None


@given(TEXTS, TEXTS, PHRASES)
def test_a_phrase_is_found_where_one_word_after_the_other_says_so(
    title: str, text: str, phrase: Phrase
) -> None:
    facets = Facets(a_classified(a_revision(a_release(title=title or "x", text=text))))
    expected = naively(phrase, "title", title)
    if expected is None and phrase.where == "anywhere":
        expected = naively(phrase, "text", text)
    assert facets.find(phrase) == expected
