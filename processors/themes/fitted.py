"""Fitted numbers of a theme: `<id>.fitted.toml` beside the theme's own file.

`despatch themes fit` writes it, a line for each number, so that a change can be read; nobody edits
it. It holds for the rules that it was fitted to and for no others.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

from despatch.errors import SettingsError
from despatch.fingerprint import digest
from despatch.toml import read
from processors.extent import Short
from processors.lexicon import LISTS

if TYPE_CHECKING:
    from processors.themes import Theme

SUFFIX = ".fitted.toml"

Number = Annotated[float, Field(ge=-20, le=20, allow_inf_nan=False)]

_LIST = re.compile(r"@([a-z_]+)")


class FittedWeights(BaseModel):
    """Log-odds that one match adds, by where it stands."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Number = 0.0
    lead: Number = 0.0
    body: Number = 0.0
    quote: Number | None = None
    """Only of a term whose own file has a weight for it."""

    def numbers(self) -> dict[str, float]:
        """Return those that there are by place, in the order of reading."""
        return {place: number for place, number in self if number is not None}


class Fitted(BaseModel):
    """What a fitting found."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    rules: str
    """Hash of the rules that were fitted."""
    labels: int = Field(gt=0)
    belong: int = Field(gt=0)
    """So many of the labelled releases belong."""
    threshold: float = Field(gt=0, lt=1)
    bias: Number
    short: Short = Short()
    terms: dict[str, FittedWeights]
    """Of the theme's own terms, in place of the weights that were set by hand."""
    words: dict[str, Number] = {}
    """Those that fitting found: log-odds that each adds once in the title, lead and body."""


def rules_of(theme: "Theme") -> str:
    """Return the hash of all that is set by hand in a theme, and of the lists that it names."""
    asked = {name for pattern in theme.patterns() for name in _LIST.findall(pattern)}
    lists = [f"{name}={'|'.join(LISTS[name])}" for name in sorted(asked)]
    rules = theme.model_dump_json(exclude={"examples", "title", "description", "experimental"})
    return digest(rules, *lists, length=10)


def apply(theme: "Theme", path: Path) -> "Theme":
    """Return a theme with the numbers of its fitted file.

    Raises SettingsError that says what is wrong with the file, or that the rules have changed.
    """
    fitted = read(Fitted, path, id=theme.id)
    if fitted.rules != rules_of(theme):
        raise SettingsError(
            f"{path}: it was fitted to other rules than {theme.id}.toml has now: "
            f"run `despatch themes fit {theme.id}`, or delete it to use the weights set by hand"
        )
    return applied(theme, fitted)


def applied(theme: "Theme", fitted: Fitted) -> "Theme":
    """Return a theme with fitted weights, words, bias, what is added to it, and threshold."""
    from processors.themes import Theme
    from processors.themes.terms import Term, Weights

    terms = [
        term.model_copy(update={"weights": Weights(**dict(fitted.terms[term.name]))})
        if term.name in fitted.terms
        else term
        for term in theme.terms
    ]
    terms += [
        Term(
            name=f"“{word}”",
            patterns=(word,),
            weights=Weights(title=weight, lead=weight, body=weight),
            found=True,
        )
        for word, weight in fitted.words.items()
    ]
    # Not model_copy: it would copy what was computed of the theme as it was, the stamp too.
    fields = {name: getattr(theme, name) for name in Theme.model_fields}
    changed = {
        "terms": tuple(terms),
        "bias": fitted.bias,
        "short": fitted.short,
        "threshold": fitted.threshold,
    }
    return Theme(**fields | changed)


def written(fitted: Fitted, command: str) -> str:
    """Return the file of a fitting: a line for each term and word, the same at every run."""
    lines = [
        f"# Found by `{command}`.",
        "# Made anew by it, never edited: what is set by hand stands in the theme's own file.",
        "",
        f'rules = "{fitted.rules}"',
        f"labels = {fitted.labels}",
        f"belong = {fitted.belong}",
        f"threshold = {fitted.threshold}",
        f"bias = {fitted.bias}",
        f"short = {{ title = {fitted.short.title}, teaser = {fitted.short.teaser} }}",
        "",
        "[terms]",
        *_lines(fitted.terms),
        "",
        "[words]",
        *(f'"{word}" = {weight}' for word, weight in sorted(fitted.words.items())),
    ]
    return "\n".join(lines) + "\n"


def _lines(weights: Mapping[str, FittedWeights]) -> list[str]:
    lines = []
    for name, by_place in weights.items():
        numbers = ", ".join(
            f"{place} = {number}"
            for place, number in by_place.numbers().items()
            if number or place == "quote"
        )
        lines.append(f'"{name}" = {{ {numbers} }}' if numbers else f'"{name}" = {{}}')
    return lines
