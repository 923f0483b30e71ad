"""Plain subscriptions and releases by the million, made up so that they spread as real ones do.

A few themes, countries and organisations are asked for by most, most by few (Zipf); phrases are
of one to three words, drawn from the vocabulary that releases are written in.
"""

import json
import random
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

PHRASES = 179_000
WORDS = 40_000
RELEASE_CHARS = 5_000

_CONSONANTS, _VOWELS = "bcdfghjklmnprstvwz", "aeiou"


class Spread:
    """Values of which the n-th is drawn 1/n^steepness as often as the first."""

    def __init__(
        self, chance: random.Random, values: Sequence[str], steepness: float = 1.0
    ) -> None:
        self.values = values
        self._chance = chance
        self._weights = list(accumulate(1 / n**steepness for n in range(1, len(values) + 1)))

    def draw(self, count: int) -> list[str]:
        """Return so many, maybe some of them twice."""
        return self._chance.choices(self.values, cum_weights=self._weights, k=count)

    def some(self, most: int) -> list[str]:
        """Return 1 to `most` different ones."""
        return list(dict.fromkeys(self.draw(self._chance.randint(1, most))))


class World:
    """What subscriptions and releases are made of; the same seed makes the same."""

    def __init__(self, seed: int = 1) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - chance, no secret
        words = [self._word() for _ in range(WORDS)]
        self.words = Spread(self.chance, list(dict.fromkeys(words)))
        self.themes = Spread(self.chance, [f"theme-{n}" for n in range(60)])
        self.countries = Spread(self.chance, [f"C{n}" for n in range(200)])
        bodies = [f"Department of {word}" for word in self.words.values[:800]]
        self.organisations = Spread(self.chance, bodies)
        self.phrases = Spread(self.chance, self._phrases(), 0.8)

    def subscriptions(self, count: int) -> Iterator[dict[str, Any]]:
        """Yield subscriptions; a tenth of them bar a phrase."""
        chance = self.chance.random
        for number in range(count):
            made: dict[str, Any] = {"id": f"s-{number:07d}"}
            if chance() < 0.6:
                made["themes"] = self.themes.some(3)
            if chance() < 0.5:
                made["countries"] = self.countries.some(3)
            if chance() < 0.25:
                made["organisations"] = self.organisations.some(2)
            if chance() < 0.5 or len(made) == 1:
                made["keywords"] = self.phrases.some(3)
            if chance() < 0.1:
                made["not_keywords"] = self.phrases.some(1)
            yield made

    def releases(self, count: int) -> Iterator[dict[str, Any]]:
        """Yield releases of 5,000 characters."""
        for number in range(count):
            text = " ".join(self.words.draw(RELEASE_CHARS // 4))[:RELEASE_CHARS]
            yield {
                "id": f"r-{number}",
                "themes": self.themes.some(3),
                "countries": self.countries.some(4),
                "organisations": self.organisations.some(2),
                "text": text.capitalize() + ".",
            }

    def _word(self) -> str:
        syllables = self.chance.randint(2, 4)
        draw = self.chance.choice
        return "".join(draw(_CONSONANTS) + draw(_VOWELS) for _ in range(syllables))

    def _phrases(self) -> list[str]:
        made: dict[str, None] = dict.fromkeys(self.words.values)
        while len(made) < PHRASES:
            made[" ".join(self.words.draw(self.chance.choice((2, 2, 3))))] = None
        phrases = list(made)
        self.chance.shuffle(phrases)
        return phrases


def write(file: Path, rows: Iterator[dict[str, Any]]) -> Path:
    """Write rows as JSONL and return the file."""
    with file.open("w", encoding="utf-8") as opened:
        opened.writelines(json.dumps(row) + "\n" for row in rows)
    return file
