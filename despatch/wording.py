"""The words of a text as subscriptions compare them. Pure.

Case, accents, points and possessives don't count, and a hyphen stands between two words:
`Türkiye’s` is `turkiye`, `U.S.` is `us`, `small-boat` is `small boat`. A stem is what the Snowball
project's English stemmer leaves of a word: `visa fees` and `visa fee` have the same stems.
"""

import re
import threading
import unicodedata
from functools import lru_cache

import Stemmer

MAX_WORD_CHARS = 60
"""Of a longer run of letters only so many count."""

# A letter or digit, then what may stand inside a word: soft hyphens, joiners, combining accents,
# the points of an abbreviation, an apostrophe before a letter.
_WORD = re.compile(
    r"[^\W_](?:(?:\.[A-Za-z])+\b\.?"
    r"|(?:[^\W_]|[\u00ad\u0300-\u036f\u200c\u200d\u2060\ufeff]|['’](?=[^\W\d_]))*)"
)
_POSSESSIVE = re.compile(r"['’]s$")
_KEPT_WORDS = 100_000
_NO_NAME = frozenset({"and", "the"})

_local = threading.local()  # a stemmer is not shared between threads


def words(text: str) -> list[str]:
    """Return a text's words, folded: `["turkiye", "visa", "fees"]` of `Türkiye’s visa-fees`."""
    return [folded for word in _WORD.findall(text) if (folded := fold(word))]


def placed(text: str) -> list[tuple[str, int, int]]:
    """Return each folded word with its start and end in the text as it was given."""
    found = ((fold(each[0]), each.start(), each.end()) for each in _WORD.finditer(text))
    return [each for each in found if each[0]]


def loose(text: str) -> str:
    """Return a text in which every folded word of its letters a to z and digits can be seen.

    Words may run together in it, so what is not in it is not in the text either; it takes a tenth
    of the time of `words`.
    """
    plain = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").lower()
    return plain.replace(b".", b"").replace(b"'", b"").decode("ascii")


def beginning(stemmed: str) -> str:
    """Return letters with which every word of a stem begins.

    The stemmer adds e, makes i, y or l of what stood there, and makes die, lie, vie of their -ying.
    """
    if len(stemmed) == 3 and stemmed.endswith("ie"):
        return stemmed[0]
    return stemmed[:-1] if len(stemmed) > 1 and stemmed[-1] in "eily" else stemmed


def name_key(name: str) -> str:
    """Return what two spellings of a name share: `The Home Office` and `home office`.

    `&`, “and” and “the” don't count. Empty if the name has no other word.
    """
    return " ".join(word for word in words(name) if word not in _NO_NAME)


@lru_cache(_KEPT_WORDS)
def fold(word: str) -> str:
    """Return a word in lower case, without accents, joiners, points and possessive."""
    word = _POSSESSIVE.sub("", word.casefold()[: 4 * MAX_WORD_CHARS])
    if not (word.isalnum() and word.isascii()):
        plain = "".join(c for c in unicodedata.normalize("NFKD", word) if c.isalnum())
        word = unicodedata.normalize("NFKD", plain.casefold())  # a letter in bold is one only now
    return word[:MAX_WORD_CHARS]


@lru_cache(_KEPT_WORDS)
def stem(word: str) -> str:
    """Return what is left of a folded word without its endings: of `fees` what is left of `fee`."""
    stemmer = getattr(_local, "english", None)
    if stemmer is None:
        stemmer = _local.english = Stemmer.Stemmer("english")
    stemmed: str = stemmer.stemWord(word)
    return stemmed
