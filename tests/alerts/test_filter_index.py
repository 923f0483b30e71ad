"""The index of filters: it answers as the evaluator does, for any filter and any release."""

import random
from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from alerts.evaluate import matches
from alerts.facets import Facets
from alerts.filter_index import FilterIndex
from alerts.index import Id
from despatch.facts import Country, Facts, Organisation, Person, Span
from despatch.filter import Choice, Filter, Names, Phrase, Phrases
from despatch.model import Classified, Details, Linked, SourceId, ThemeId, ThemeScore
from despatch.testing.releases import a_classified, a_release, a_revision

THEMES = ("migration", "trade", "health")
SCORES = (0.0, 0.5, 0.8, 0.80001, 1.0)
CODES = ("TR", "AL", "FR")
NAMES = ("Home Office", "the home office", "Department & Agency", "Department and Agency", "HMRC")
TYPES = ("press_release", "speech")
SOURCES = ("example", "other")
WORDS = ("visa", "visas", "fee", "fees", "small", "boat", "boats", "Türkiye", "U.S.", "co-operate")
SPAN = (Span(field="text", start=0, end=1, text="T"),)


class Draw:
    """Draws what a filter and a release are made of, by chance or as hypothesis says."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def some(self, of: Sequence[Any], most: int = 2) -> list[Any]:
        return [self.one(of) for _ in range(self._chance.randint(0, most))]

    def one(self, of: Sequence[Any]) -> Any:
        return self._chance.choice(of)

    def writing(self, most: int) -> str:
        between = (" ", " ", ", ", "-", "\n\n")
        return "".join(
            self.one(WORDS) + self.one(between) for _ in range(self._chance.randint(1, most))
        )

    def lists(self, values: Sequence[Any]) -> dict[str, Any]:
        """Return any, all and none of values, mostly not all three."""
        return {
            name: tuple(self.some(values, self.one((0, 0, 1, 2))))
            for name in ("any", "all", "none")
        }

    def phrases(self) -> list[Phrase]:
        return [
            Phrase(
                text=self.writing(2),
                exact=self.one((True, False)),
                where=self.one(("anywhere", "title")),
            )
            for _ in range(6)
        ]

    def filter(self) -> Filter | None:
        """Return a filter, or None if what was drawn contradicts itself."""
        try:
            return Filter(
                themes=Choice(**self.lists(THEMES)),
                countries=Choice(**self.lists(CODES)),
                organisations=Names(**self.lists(NAMES)),
                people=Names(**self.lists(NAMES)) if self.one((True, False)) else Names(),
                document_types=Choice(**self.lists(TYPES)),
                sources=Choice(**self.lists(SOURCES)) if self.one((True, False)) else Choice(),
                phrases=Phrases(**self.lists(self.phrases())),
                minimum_score=self.one((None, None, *SCORES)),
            )
        except ValueError:
            return None

    def classified(self) -> Classified:
        details = Details(
            document_type=self.one((None, *TYPES)),
            organisations=tuple(Linked(title=name) for name in self.some(NAMES)),
        )
        facts = Facts(
            countries=tuple(
                Country(code=code, name=code, role="party", evidence=SPAN)
                for code in self.some(CODES, 3)
            ),
            organisations=tuple(Organisation(name=n, evidence=SPAN) for n in self.some(NAMES)),
            people=tuple(
                Person(name=n, office="Minister", evidence=SPAN) for n in self.some(NAMES)
            ),
        )
        release = a_release(
            title=self.writing(3),
            text=self.writing(12),
            source=SourceId(self.one(SOURCES)),
            details=self.one((None, details)),
        )
        themes = tuple(
            ThemeScore(theme=ThemeId(theme), version="1", score=self.one(SCORES), evidence=())
            for theme in dict.fromkeys(self.some(THEMES, 3))
        )
        found = a_classified(a_revision(release), facts=self.one((None, facts)))
        return found.model_copy(update={"themes": themes})


def naive(filters: dict[Id, Filter], classified: Classified) -> list[Id]:
    return [id_ for id_, one in filters.items() if matches(one, classified) is not None]


@given(st.randoms(use_true_random=False), st.booleans())
def test_it_answers_as_the_evaluator_does_while_filters_come_and_go(
    chance: random.Random, settled: bool
) -> None:
    draw, index, kept = Draw(chance), FilterIndex(), dict[Id, Filter]()
    releases = [draw.classified() for _ in range(2)]
    for _change in range(8):
        id_, made = chance.randint(0, 5), draw.filter()
        kept.pop(id_, None)
        if made is None:
            index.remove(id_)
        else:
            index.add(id_, made)
            kept[id_] = made
        if settled:
            index.settle()
        for release in releases:
            assert list(index.match(Facets(release))) == naive(kept, release)


def test_many_filters_and_releases_get_the_evaluators_answers() -> None:
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    draw = Draw(random.Random(seed))
    index, kept = FilterIndex(), dict[Id, Filter]()
    for id_ in range(400):
        made = draw.filter()
        if made is not None:
            kept[id_] = made
            index.add(id_, made)
    index.settle()
    matched = 0
    for _release in range(25):
        release = draw.classified()
        expected = naive(kept, release)
        assert list(index.match(Facets(release))) == expected
        matched += len(expected)
    assert matched > 100, "the cases are too thin to show anything"


def test_the_empty_filter_matches_everything() -> None:
    index = FilterIndex()
    index.add("all", Filter())
    assert list(index.match(Facets(a_classified(themes=())))) == ["all"]


def test_a_minimum_of_nothing_asks_for_some_theme() -> None:
    index = FilterIndex()
    index.add("any theme", Filter(minimum_score=-0.0))
    assert list(index.match(Facets(a_classified(themes=())))) == []
    assert list(index.match(Facets(a_classified(themes=("trade",))))) == ["any theme"]
