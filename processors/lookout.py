"""All that some themes look for, and what it means to them. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from processors.lexicon import LISTS
from processors.meanings import Meaning, Meanings
from processors.pattern import Phrase, parse
from processors.themes import Theme


class Lookout:
    """The phrases of some themes, and what each of them means."""

    def __init__(self, themes: Sequence[Theme]) -> None:
        self.phrases: dict[Phrase, Meanings] = defaultdict(Meanings)
        self.meanings: list[Meaning] = []
        """The terms and exclusions of all themes, by their numbers."""
        for number, theme in enumerate(themes):
            self._add(number, theme)

    def _add(self, number: int, theme: Theme) -> None:
        """Put all that a theme looks for under its phrases."""
        for order, term in enumerate(theme.terms):
            near, unless = ((number, name) if name else None for name in (term.near, term.unless))
            self._put(Meaning(number, term, order, near, unless), term.patterns)
        self._put(Meaning(number), theme.exclusions)
        for name, patterns in theme.context.items():
            for phrase in _phrases(patterns):
                self.phrases[phrase].contexts.add((number, name))

    def _put(self, meaning: Meaning, patterns: Iterable[str]) -> None:
        for phrase in _phrases(patterns):
            self.phrases[phrase].numbers.append(len(self.meanings))
        self.meanings.append(meaning)


def _phrases(patterns: Iterable[str]) -> Iterable[Phrase]:
    return (phrase for pattern in patterns for phrase in parse(pattern, LISTS))
