"""Themes made up in the likeness of those that ship, to see what a hundred of them cost."""

import random
from collections import Counter
from collections.abc import Sequence

from processors.themes import Most, Term, Theme, Weights

COMMON = 300
"""The most frequent words of the texts are in no made-up phrase: no theme looks for `the`."""

RARE = 3
"""A word that occurs less often is in none either."""

SHORTEST = 4
PHRASES = 12
"""A term; the themes that ship have 8 to 24."""


def made_up(number: int, texts: Sequence[str], like: Sequence[Theme], seed: int = 7) -> list[Theme]:
    """Return so many themes, each with as many terms as one of those that ship, in turn.

    Their phrases are words and neighbours out of the texts, plain, as stems and with gaps, so that
    they are found there about as often as those of real themes.
    """
    chance = random.Random(seed)  # noqa: S311 - nothing secret
    words = [word for text in texts for word in text.split()]
    counted = Counter(word for word in words if word.isalpha() and len(word) >= SHORTEST)
    known = [word for word, times in counted.most_common()[COMMON:] if times >= RARE]
    return [
        _theme(f"made-up-{n}", len(like[n % len(like)].terms), known, chance) for n in range(number)
    ]


def _theme(name: str, terms: int, known: Sequence[str], chance: random.Random) -> Theme:
    return Theme(
        id=name,
        title=name,
        description="Made up.",
        version="1",
        bias=-3.0,
        terms=tuple(_term(f"term {n}", known, chance) for n in range(terms)),
    )


def _term(name: str, known: Sequence[str], chance: random.Random) -> Term:
    return Term(
        name=name,
        patterns=tuple(_phrase(known, chance) for _ in range(PHRASES)),
        weights=Weights(title=3.0, lead=1.2, body=0.4),
        most=Most(lead=2, body=4),
    )


def _phrase(known: Sequence[str], chance: random.Random) -> str:
    first, second, third = (chance.choice(known) for _ in range(3))
    forms = (
        f"{first}",
        f"{first} {second}",
        f"{first[:6]}* {second}|{third}",
        f"{first} ~3 {second}",
    )
    return chance.choices(forms, weights=(1, 3, 3, 2))[0]
