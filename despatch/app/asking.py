"""What people may ask for in this installation, and the filter that their words mean."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from despatch.app.wiring import App
from despatch.errors import UsageError
from despatch.filter import Filter, of_themes
from despatch.wording import name_key

if TYPE_CHECKING:
    from alerts.query import Known


def known(app: App) -> "Known":
    """Return the themes that are here and the countries there are, to check a query against."""
    from alerts.query import Known
    from processors.facts import find_facts
    from processors.facts.lexicon import COUNTRY_NAMES

    def code(name: str) -> str | None:
        named = find_facts(name, "").countries
        return named[0].code if named else None

    return Known(
        themes=tuple(str(one.id) for one in app.themes),
        countries={name_key(name): code for code, name in COUNTRY_NAMES.items()},
        country_named=code,
    )


def experimental(app: App, filter_: Filter) -> tuple[str, ...]:
    """Return the themes that a filter asks for and that are not measured on labels yet."""
    asked = {*filter_.themes.any, *filter_.themes.all}
    return tuple(str(one.id) for one in app.themes if one.experimental and one.id in asked)


def strange_sources(app: App, filter_: Filter) -> tuple[str, ...]:
    """Return the sources that a filter names and that are not here: a slip, or not added yet."""
    with app.store.transaction() as tx:
        here = {str(source.id) for source, _health, _due in tx.sources()}
    asked = {*filter_.sources.any, *filter_.sources.all, *filter_.sources.none}
    return tuple(sorted(asked - here))


def filter_of(app: App, query: str, themes: Sequence[str] = ()) -> Filter:
    """Return the filter of a query, of themes any of which will do, or of both.

    Raises UsageError that says the way out.
    """
    from alerts.query import parse

    chosen = app.chosen_themes(themes) if themes else ()
    if not query.strip():
        if not chosen:
            raise UsageError(
                "say what to be told of: a query, such as 'theme:migration country:TR', or "
                "--theme migration; * is every release"
            )
        return of_themes(*(str(one.id) for one in chosen))
    read = parse(query, known(app))
    if chosen and (read.themes.any or read.themes.all):
        raise UsageError("name the themes in the query or with --theme, not with both")
    if not chosen:
        return read
    asked = {"any": [str(one.id) for one in chosen], "none": read.themes.none}
    return Filter.model_validate(read.model_dump() | {"themes": asked})
