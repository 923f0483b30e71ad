"""Themes: each a TOML file with its rules, its version and its own examples.

A theme adds up: the bias, and the weight of each term for each time that it stands in the title,
the lead or the body, up to so many times. The sum is the log-odds that a release belongs to it.
docs/judgement.md says how to write one.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from despatch.errors import SettingsError, UsageError
from despatch.fingerprint import digest
from despatch.model import ThemeId
from despatch.toml import read
from processors.extent import Extent, Short
from processors.lexicon import LISTS_VERSION
from processors.themes import fitted
from processors.themes.terms import (
    Part,
    Pattern,
    Sentence,
    Term,
    Weight,
)

HERE = Path(__file__).parent

JUDGE_VERSION = "2"
"""Part of every theme's stamp: raised by hand when other code makes something else of a text.

tests/processors/test_judge_version.py notices who forgets.
"""


def _spelt(pattern: str, way_out: str) -> AfterValidator:
    """Return what refuses a text that is not wholly of a form, and says how to write it."""

    def check(given: str) -> str:
        if re.fullmatch(pattern, given) is None:
            raise ValueError(f"{given[:60]!r} {way_out}")
        return given

    return AfterValidator(check)


Language = Annotated[str, _spelt(r"[a-z]{2,3}", "is no language: write two letters, such as en")]
"""The first part of a BCP 47 tag: `en`, `cy`."""


class Example(Part):
    """A short text in our own words, with or without a title."""

    title: str = ""
    text: str


class Examples(Part):
    """What the theme must find, and what it must leave: each runs as a test."""

    matching: tuple[Example, ...] = ()
    missing: tuple[Example, ...] = ()


class Theme(Part):
    """A subject, the rules by which a release belongs to it, and examples."""

    id: Annotated[
        ThemeId,
        _spelt(
            r"[a-z][a-z0-9-]{0,40}",
            "can't be a theme's name: rename the file to small letters, digits and -, at most 41, "
            "a letter first, such as social-care.toml",
        ),
    ]
    """The file's name; part of the name of a topic."""
    title: Sentence
    description: Sentence
    version: Annotated[
        str,
        _spelt(r"[0-9]+(\.[0-9]+)*", "is no version: write digits, such as 2 or 2.1"),
    ]
    experimental: bool = False
    """Not measured on labels yet: judged and told of, and marked wherever it is shown."""
    languages: tuple[Language, ...] = Field(default=("en",), min_length=1)
    """What its terms are written in: a text that is in another language is not judged by it."""
    threshold: float = Field(default=0.5, strict=True, gt=0, lt=1)
    bias: Weight
    """Log-odds of a release in which nothing is found."""
    short: Short = Short()
    """What is added to the bias where only a title, or a title and a teaser, is there."""
    terms: tuple[Term, ...] = Field(min_length=1)
    exclusions: tuple[Pattern, ...] = ()
    """Patterns that cancel the terms they overlap: `bird migration`."""
    context: dict[str, tuple[Pattern, ...]] = Field(default={})
    """Named patterns that terms refer to by `near` and `unless`."""
    examples: Examples = Examples()

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        names = [term.name for term in self.terms]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two terms are called {twice[0]!r}: give each its own name")
        for term in self.terms:
            for asked in (term.near, term.unless):
                if asked is not None and asked not in self.context:
                    known = ", ".join(get_close_matches(asked, self.context) or self.context)
                    raise ValueError(
                        f"the term {term.name!r} refers to the context {asked!r}, which is not "
                        f"there: did you mean {known or 'to add one under [context]'}?"
                    )
        return self

    def reads(self, language: str) -> bool:
        """Tell whether it judges texts in a language; one that is not known is judged."""
        return not language or language in self.languages

    def bias_for(self, extent: Extent) -> float:
        """Return where the sum begins for as much of a release as there is."""
        return self.bias + self.short.added(extent)

    def patterns(self) -> Iterator[str]:
        """Yield every pattern of the theme: of terms, exclusions and contexts."""
        for term in self.terms:
            yield from term.patterns
        yield from self.exclusions
        for patterns in self.context.values():
            yield from patterns

    @cached_property
    def stamp(self) -> str:
        """The version and a hash of all that decides: equal stamps, equal judgement.

        `"1+3fa9c04d51"`; comments and examples don't change it, the shared word lists and
        `JUDGE_VERSION` do.
        """
        rules = self.model_dump_json(exclude={"examples", "title", "description", "experimental"})
        return f"{self.version}+{digest(rules, LISTS_VERSION, JUDGE_VERSION, length=10)}"

    @cached_property
    def log_odds_threshold(self) -> float:
        """The sum of weights and bias from which on a release belongs to the theme."""
        return math.log(self.threshold / (1 - self.threshold))


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the files of some folders came to: those that are right, and why others are not."""

    themes: tuple[Theme, ...]
    files: Mapping[str, Path]
    """Where each theme was read from."""
    faults: Mapping[str, str]
    """By theme: a line for each fault, with file, line, field and fix."""


def read_themes(*folders: Path, as_set: bool = False) -> Loaded:
    """Return the themes of several folders; in a later one, a file takes an earlier one's place.

    Where a fitted file stands beside a theme, its numbers hold; `as_set` asks for those set by
    hand. A wrong file stops nothing: it is among the faults, and what it would have replaced stays.
    """
    themes: dict[str, Theme] = {}
    files: dict[str, Path] = {}
    faults: dict[str, str] = {}
    for path in (path for folder in folders for path in sorted(folder.glob("*.toml"))):
        if path.name.endswith(fitted.SUFFIX):
            continue
        beside = path.with_name(path.stem + fitted.SUFFIX)
        try:
            theme = read(Theme, path, id=path.stem)
            fits = beside.is_file() and not as_set
            themes[path.stem] = fitted.apply(theme, beside) if fits else theme
            files[path.stem] = path
            faults.pop(path.stem, None)
        except SettingsError as exc:
            faults[path.stem] = str(exc)
    return Loaded(tuple(themes.values()), files, faults)


def load_themes(
    folder: Path | None = None, only: Sequence[str] = (), *, as_set: bool = False
) -> tuple[Theme, ...]:
    """Return the themes of a folder's TOML files by id, or only those asked for.

    Without a folder, the themes that come with Despatch; `as_set` asks for the numbers set by hand,
    where there are fitted ones. Raises SettingsError that names each
    wrong file with line, field and fix, and UsageError for a theme that is not there.
    """
    found = read_themes(folder or HERE, as_set=as_set)
    known = {str(theme.id): theme for theme in found.themes}
    paths = sorted({*known, *found.faults})
    if not paths:
        raise SettingsError(f"{folder or HERE} holds no theme: put a file such as housing.toml in")
    for name in only:
        if name not in paths:
            near = get_close_matches(name, paths, 1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise UsageError(f"there is no theme {name!r}: {hint}Known: {', '.join(paths)}")
    chosen = list(dict.fromkeys(only or paths))
    faults = [found.faults[name] for name in chosen if name in found.faults]
    if faults:
        raise SettingsError("\n".join(faults))
    return tuple(known[name] for name in chosen)
