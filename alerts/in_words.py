"""What a filter asks for, in words, for people who never saw a query. Pure."""

from collections.abc import Sequence

from alerts.query import show
from despatch.filter import Choice, Filter, Phrases


def about(asked: Filter) -> str:
    """Return `migration, with “visa fee” or “Albania”`; a query for what can't be said so."""
    themes = asked.themes.any or asked.themes.all
    phrases = asked.phrases.any or asked.phrases.all
    plain = Filter(themes=Choice(any=themes), phrases=Phrases(any=phrases))
    if asked != plain:
        return show(asked)
    parts = [_any_of(themes)] if themes else []
    parts += [f"with {_any_of([f'“{one.text}”' for one in phrases])}"] if phrases else []
    return ", ".join(parts) or "everything"


def _any_of(parts: Sequence[str]) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return ", ".join(parts[:-1]) + " or " + parts[-1]


def topic(asked: Filter) -> str:
    """Return its themes alone: nothing that a stranger typed stands in what we write to others."""
    return _any_of(asked.themes.any or asked.themes.all) or "government releases"
