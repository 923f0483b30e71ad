"""Which themes judge: those that were named, or all; an operator hears of those that are wrong.

And of those that nobody can test, for their file has no examples.
"""

import difflib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from despatch import log
from despatch.errors import SettingsError, UsageError
from despatch.model import ThemeId
from despatch.ports import Alarms, Store

if TYPE_CHECKING:
    from processors.themes import Loaded, Theme

WRONG_THEME = "theme "
"""What the key of an alarm about a theme's file begins with; the theme's id follows."""


def choose(loaded: "Loaded", names: Sequence[str], *, experimental: bool) -> "tuple[Theme, ...]":
    """Return the themes of these names; without names, every one that is measured.

    With `experimental`, those that are not measured yet as well. Raises UsageError that names the
    nearest right one, SettingsError for one whose file is wrong.
    """
    known = {str(theme.id): theme for theme in loaded.themes}
    for name in names:
        if name in loaded.faults:
            raise SettingsError(loaded.faults[name])
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f": did you mean {near[0]!r}?" if near else "."
            raise UsageError(f"there is no theme {name!r}{hint} Known: {', '.join(known)}")
    asked = names or [one.id for one in loaded.themes if not one.experimental]
    untried = [one.id for one in loaded.themes if experimental and one.experimental]
    return tuple(known[name] for name in dict.fromkeys([*asked, *untried]))


def untested(loaded: "Loaded") -> Iterator[tuple[ThemeId, str]]:
    """Yield each theme without examples that match, or that miss, and a line: file and fix."""
    for theme in loaded.themes:
        kinds = {"matching": theme.examples.matching, "missing": theme.examples.missing}
        lacks = [f"[[examples.{kind}]]" for kind, some in kinds.items() if not some]
        if lacks:
            yield (
                ThemeId(theme.id),
                f"{loaded.files[theme.id]}: no {' and no '.join(lacks)}, so nothing shows that it "
                f"is right: write some, then: despatch themes test {theme.id}",
            )


def tell_of_untested_themes(loaded: "Loaded") -> None:
    """Warn of each in the log: it judges all the same."""
    for theme, fault in untested(loaded):
        log.get(stage="processors").warning("theme can't be tested", theme=theme, fault=fault)


def tell_of_wrong_themes(loaded: "Loaded", store: Store, alarms: Alarms) -> None:
    """Raise an alarm for each theme that is refused, and end those of themes put right."""
    with store.transaction() as tx:
        open_ = {alarm.key for alarm in tx.alarms() if alarm.key.startswith(WRONG_THEME)}
    for key in open_ - {WRONG_THEME + name for name in loaded.faults}:
        alarms.close(key)
    stays = {str(theme.id) for theme in loaded.themes}
    for name, fault in loaded.faults.items():
        text = "the built-in one judges" if name in stays else "nothing is judged by it"
        alarms.open(
            WRONG_THEME + name,
            f"the theme {name} is refused, and {text}; the others go on. Put it right, then "
            f"start the processors again: {fault}",
        )
