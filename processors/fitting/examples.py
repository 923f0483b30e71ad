"""What a theme finds in labelled releases: what a fitting learns from. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from processors.classify import classifier
from processors.fitting.releases import LabelledRelease, shortened
from processors.fitting.vocabulary import Vocabulary, VocabularyReader
from processors.matches import Match
from processors.themes import Theme
from processors.themes.terms import Place

SHORT_VIEW = 0.3
"""What a release's title alone, or with its first sentences, counts beside its whole text."""

OWN_EXAMPLE = 5.0
"""What one of a theme's own examples counts: they are few, and must come out right."""

Key = tuple[Place, str]
"""A term's name, and where it stands."""


@dataclass(frozen=True, slots=True)
class Example:
    """One view of one release."""

    terms: Counter[Key]
    """How often each of the theme's own terms counts."""
    words: Vocabulary
    """What else stands there."""
    belongs: bool
    importance: float
    publisher: str
    whole: bool = False
    """It is a labelled release as it was read, no shorter view and no example of a theme."""


@dataclass(frozen=True, slots=True)
class Examples:
    """A release as it is, and as feeds would show it."""

    whole: Example
    short: tuple[Example, ...]
    """The views in which the label can still be told."""


def examples(theme: Theme, releases: Sequence[LabelledRelease]) -> tuple[Examples, ...]:
    """Return what each release is to a theme, in their order.

    The shorter views of a release that belongs teach only if the rules set by hand see it there:
    a title does not always say what the text is about.
    """
    ready, reader = classifier((theme,)), VocabularyReader()

    def example(one: LabelledRelease, importance: float, *, whole: bool = False) -> Example:
        matches = ready.matches(one.title, one.text).get(0, [])
        return Example(
            terms=_counted(matches),
            words=reader.read(one.title, one.text, matches),
            belongs=one.labels[theme.id],
            importance=importance,
            publisher=one.publisher,
            whole=whole,
        )

    def can_be_told(view: LabelledRelease) -> bool:
        return not view.labels[theme.id] or ready.judge(view.title, view.text)[0].belongs

    def short(one: LabelledRelease) -> tuple[Example, ...]:
        views = shortened(one) if one.level == "full text" else ()
        return tuple(example(view, SHORT_VIEW) for view in views if can_be_told(view))

    return tuple(Examples(example(one, 1.0, whole=True), short(one)) for one in releases)


def own_examples(theme: Theme) -> tuple[Example, ...]:
    """Return the examples in the theme's own file: they teach in every fitting."""
    ready, reader = classifier((theme,)), VocabularyReader()
    return tuple(
        Example(
            terms=_counted(matches),
            words=reader.read(one.title, one.text, matches),
            belongs=belongs,
            importance=OWN_EXAMPLE,
            publisher="",
        )
        for belongs, kind in ((True, theme.examples.matching), (False, theme.examples.missing))
        for one in kind
        for matches in (ready.matches(one.title, one.text).get(0, []),)
    )


def _counted(matches: Sequence[Match]) -> Counter[Key]:
    counted: Counter[Key] = Counter()
    for match in matches:
        if match.term is not None:
            key = (match.place, match.term.name)
            counted[key] = min(counted[key] + 1, match.most)
    return counted
