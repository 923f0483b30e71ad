"""The words that speak for a theme, as messages and reasons name them. Pure."""

from alerts.words import listed, one_line
from despatch.model import Evidence, ThemeScore
from despatch.shorten import shorten
from despatch.sureness import percent

MAX_WORDS = 4
"""Evidence words that a reason names."""
MAX_WORD = 60
"""Characters of one of them."""

FAINT = 0.2
"""Log-odds. An ordinary word that fitting found, such as “keep”, adds about 0.1 for each time: it
counts, and whoever reads a message learns nothing from it. `despatch explain` shows all."""


def telling(score: ThemeScore) -> tuple[Evidence, ...]:
    """Return the evidence that a message shows: what is not faint, or all if nothing else is."""
    found = tuple(one for one in score.evidence if one.weight > 0)
    return tuple(one for one in found if one.weight >= FAINT) or found


def evidence_words(score: ThemeScore) -> tuple[str, ...]:
    """Return the words that speak for a theme, heaviest first, each once."""
    heaviest = sorted(telling(score), key=lambda one: (-one.weight, one.field, one.start))
    words = (shorten(one_line(one.text), MAX_WORD) for one in heaviest)
    return tuple({word.lower(): word for word in reversed([w for w in words if w])}.values())[::-1]


def scored(score: ThemeScore) -> str:
    """Return a theme with its score and words: `theme migration, 97% sure: “small boats”`."""
    shown = listed([f"“{word}”" for word in evidence_words(score)[:MAX_WORDS]])
    mark = " (experimental)" if score.experimental else ""
    sure = f"{percent(score.score)} sure"
    return f"theme {score.theme}{mark}, {sure}" + (f": {shown}" if shown else "")
