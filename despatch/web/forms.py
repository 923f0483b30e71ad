"""What was typed into a form, as what was meant, or as faults that its reader can mend. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from pydantic import SecretStr, ValidationError

from alerts.addresses import MAX_CHARS, email_address
from despatch.errors import UsageError
from despatch.filter import Choice, Filter, Phrase, Phrases
from despatch.frequency import Frequency
from despatch.frequency import frequency as frequency_of

MAX_BYTES = 16_384
"""Of a form's body."""
MAX_WORDS = 20
_MAX_FIELDS = 200
_AT = "08:30"
_WEEKDAY = "saturday"
_ORDER = ("theme", "words", "every", "address")
"""Of the fields on the page, and so of what is wrong with them."""


class NotAForm(ValueError):
    """The body is no form."""


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form, to be shown again if anything is wrong with it."""

    address: str = ""
    themes: frozenset[str] = frozenset()
    words: str = ""
    every: str = "daily"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was meant."""

    address: SecretStr
    filter: Filter
    frequency: Frequency


@dataclass(frozen=True, slots=True)
class Faults:
    """What is wrong, by the field that it is wrong with."""

    by_field: Mapping[str, str] = field(default_factory=dict)


def fields_of(body: bytes) -> Mapping[str, Sequence[str]]:
    """Return a form's fields (`application/x-www-form-urlencoded`). Raises NotAForm."""
    try:
        pairs = parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            max_num_fields=_MAX_FIELDS,
            errors="strict",
        )
    except ValueError as exc:
        raise NotAForm("the form can't be read") from exc
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def typed_of(fields: Mapping[str, Sequence[str]]) -> Typed:
    """Return what was typed; what is too long to be meant is cut."""

    def one(name: str) -> str:
        return (fields.get(name) or [""])[0]

    return Typed(
        address=one("address").strip()[: MAX_CHARS + 1],
        themes=frozenset(fields.get("theme", ())),
        words=" ".join(one("words").split())[:2_000],
        every=one("every") or "daily",
    )


def wanted_of(typed: Typed, themes: Sequence[str], zone: str) -> Wanted | Faults:
    """Return what was meant, or every fault. `themes` are those that there are."""
    faults: dict[str, str] = {}
    try:
        address = email_address(typed.address)
    except UsageError:
        faults["address"] = "Enter an e-mail address, like name@example.org"
        address = SecretStr("")
    words = [part.strip() for part in typed.words.split(",") if part.strip()]
    try:
        phrases = Phrases(any=tuple(Phrase(text=one) for one in words))
    except ValidationError:
        faults["words"] = "Enter words of letters or digits, with commas between them"
        phrases = Phrases()
    if len(words) > MAX_WORDS:
        faults["words"] = f"Enter {MAX_WORDS} words or phrases at most"
    if typed.themes - set(themes):
        faults["theme"] = "Choose themes from the list"
    elif not typed.themes and not words:
        faults["theme"] = "Choose at least one theme, or enter words to look for"
    every = frequencies(zone).get(typed.every)
    if every is None:
        faults["every"] = "Choose how often you want to be told"
    if faults or every is None:
        return Faults({name: faults[name] for name in _ORDER if name in faults})
    asked = Filter(themes=Choice(any=tuple(sorted(typed.themes))), phrases=phrases)
    return Wanted(address, asked, every)


def frequencies(zone: str) -> Mapping[str, Frequency]:
    """Return the frequencies that are offered, by the word that the form has for each."""
    return {
        "immediate": frequency_of("immediate"),
        "daily": frequency_of(f"daily {_AT} {zone}"),
        "weekly": frequency_of(f"weekly {_WEEKDAY} {_AT} {zone}"),
    }
