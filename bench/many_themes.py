"""Themes made up in the likeness of those that ship, to see what a hundred of them cost."""

import random
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from processors.themes import Theme
from processors.themes.terms import Term

COMMON = 300
"""The most frequent words of the texts are in no made-up phrase: no theme looks for `the`."""

RARE = 3
"""A word that occurs less often is in none either."""

SHORTEST = 4

RARER = 5.5
"""Log-odds taken off the bias: then a text belongs to a made-up theme about as often (6.5%) as to
one that ships, though its phrases were drawn at random. They are found about a third as often."""

_Pair = tuple[str, str]


def made_up(number: int, texts: Sequence[str], like: Sequence[Theme], seed: int = 7) -> list[Theme]:
    """Return so many themes, each with the numbers of one of those that ship, in turn.

    Threshold, terms, weights, and how many phrases a term has are the same. The phrases are
    words and neighbours that stand in the texts, the frequent ones more often than the rare, plain,
    as stems and with gaps; contexts and lists of names they have none.
    """
    chance = random.Random(seed)  # noqa: S311 - nothing secret
    words = [word for text in texts for word in text.split()]
    counted = Counter(word for word in words if word.isalpha() and len(word) >= SHORTEST)
    known = {word for word, times in counted.most_common()[COMMON:] if times >= RARE}
    pairs = [(a, b) for a, b in pairwise(words) if a in known and b.isalpha()]
    return [_theme(f"made-up-{n}", like[n % len(like)], pairs, chance) for n in range(number)]


def _theme(name: str, like: Theme, pairs: Sequence[_Pair], chance: random.Random) -> Theme:
    return Theme(
        id=name,
        title=name,
        description="Made up.",
        version="1",
        threshold=like.threshold,
        bias=like.bias - RARER,
        terms=tuple(_term(term, pairs, chance) for term in like.terms),
    )


def _term(like: Term, pairs: Sequence[_Pair], chance: random.Random) -> Term:
    phrases = tuple(_phrase(pairs, chance) for _ in like.patterns)
    return like.model_copy(update={"patterns": phrases, "near": None, "unless": None})


def _phrase(pairs: Sequence[_Pair], chance: random.Random) -> str:
    (first, second), (_, third) = chance.choice(pairs), chance.choice(pairs)
    forms = (
        f"{first}",
        f"{first} {second}",
        f"{first[:6]}* {second}|{third}",
        f"{first} ~3 {second}",
    )
    return chance.choices(forms, weights=(1, 3, 3, 2))[0]
