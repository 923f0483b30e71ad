"""A theme's own examples: does it find and leave what it says, and if not, why. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from despatch.sureness import percent
from processors.classify import classifier
from processors.explain import Explanation, explain
from processors.themes import Example, Theme


@dataclass(frozen=True, slots=True)
class Tried:
    """An example, and what the theme makes of it."""

    kind: Literal["matching", "missing"]
    number: int
    """1 for the first of its kind."""
    example: Example
    explanation: Explanation

    @property
    def passed(self) -> bool:
        """Whether the theme finds what it must find, or leaves what it must leave."""
        return self.explanation.judgement.belongs == (self.kind == "matching")

    @property
    def why(self) -> str:
        """What made the decision, in a sentence."""
        found = self.explanation
        heaviest = sorted(found.reasons, key=lambda reason: -abs(reason.evidence.weight))[:4]
        words = ", ".join(f"“{r.evidence.text}” {r.evidence.weight:+.2f}" for r in heaviest)
        far = f"{abs(found.margin):.2f} {'above' if found.margin >= 0 else 'below'} the threshold"
        shown = f"{percent(found.judgement.score)} sure, {far}"
        return f"{shown}: {words}" if words else f"{shown}: no term of the theme stands in it"


def try_examples(theme: Theme) -> Iterator[Tried]:
    """Yield each example with what the theme makes of it: those that match, then the others."""
    yield from _tried(theme, "matching", theme.examples.matching)
    yield from _tried(theme, "missing", theme.examples.missing)


def _tried(
    theme: Theme, kind: Literal["matching", "missing"], examples: Sequence[Example]
) -> Iterator[Tried]:
    for number, one in enumerate(examples, start=1):
        [judgement] = classifier((theme,)).judge(one.title, one.text)
        yield Tried(kind, number, one, explain(judgement, theme))
