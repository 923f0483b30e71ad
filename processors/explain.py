"""Why a text belongs to a theme or does not, and what it would take to decide otherwise. Pure.

All of it is in the judgement: bias and weights add up to the log-odds, so whoever takes spans
away, heaviest first, sees which of them the decision hangs on.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from despatch.model import Evidence
from processors.classify import Judgement
from processors.themes import Theme


@dataclass(frozen=True, slots=True)
class Reason:
    """One span, and the name of the term that made it count."""

    evidence: Evidence
    term: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision taken apart."""

    theme: Theme
    judgement: Judgement
    reasons: tuple[Reason, ...]
    """By place: the title's first."""
    margin: float
    """Log-odds beyond the threshold; below 0 what is missing to it."""
    turning: tuple[Reason, ...]
    """The fewest spans without which the decision would be the other one, heaviest first; empty
    where no spans alone would turn it."""

    @property
    def against(self) -> tuple[Reason, ...]:
        """The spans that speak against, heaviest first."""
        return _heaviest(reason for reason in self.reasons if reason.evidence.weight < 0)

    @property
    def threshold(self) -> float:
        """The log-odds from which on it belongs."""
        return self.theme.log_odds_threshold


def explain(judgement: Judgement, theme: Theme) -> Explanation:
    """Return a judgement by this theme taken apart."""
    reasons = tuple(
        Reason(evidence, term)
        for evidence, term in zip(judgement.evidence, judgement.terms, strict=True)
    )
    reasons = tuple(sorted(reasons, key=lambda r: (r.evidence.field != "title", r.evidence.start)))
    margin = judgement.log_odds - theme.log_odds_threshold
    return Explanation(theme, judgement, reasons, margin, _turning(reasons, margin, judgement))


def _turning(reasons: Sequence[Reason], margin: float, judgement: Judgement) -> tuple[Reason, ...]:
    """Return the fewest spans that would have to go."""
    sign = 1 if judgement.belongs else -1
    pulling = _heaviest(reason for reason in reasons if sign * reason.evidence.weight > 0)
    for number, weight in enumerate(accumulate(r.evidence.weight for r in pulling), start=1):
        left = margin - weight
        if (left < 0) if judgement.belongs else (left >= 0):
            return pulling[:number]
    return ()


def _heaviest(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    return tuple(sorted(reasons, key=lambda reason: -abs(reason.evidence.weight)))
