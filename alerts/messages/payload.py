"""The JSON body of a webhook, version 2: docs/reference/webhook.md. A new shape is a new number."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from alerts.evidence import evidence_words
from alerts.excerpts import Excerpt, excerpts
from alerts.messages.about import MAX_WORDS, link_of, surest_first, title_of
from alerts.words import one_line
from despatch import facts as found
from despatch import model
from despatch.frozen import Instant
from despatch.model import Classified

VERSION: Literal[2] = 2
MARK = "*"
"""Stands on both sides of evidence in an excerpt."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


_Clean = Annotated[str, AfterValidator(one_line)]


class LinkedPart(_Part):
    """Somebody or something with a page of its own, or without one."""

    title: _Clean
    link: str | None = None


class ChangePart(_Part):
    """A sentence that changed: `before` is empty if it is new, `now` if it is gone."""

    before: _Clean
    now: _Clean


class ThemePart(_Part):
    """A theme that the release belongs to."""

    theme: str
    experimental: bool = Field(description="Not measured on labels yet.")
    score: float = Field(ge=0, le=1, description="Calibrated: of 100 at 0.9, about 90 are right.")
    words: tuple[str, ...] = Field(description="The words that say so, heaviest first.")
    excerpts: tuple[str, ...] = Field(description="Their sentences; the words stand in asterisks.")


class CountryPart(_Part):
    """A country or territory, by ISO 3166-1."""

    code: str
    name: _Clean
    role: Literal["party", "mentioned"]


class OrganisationPart(_Part):
    """A department, an agency or an international organisation."""

    name: _Clean


class PersonPart(_Part):
    """Somebody in office."""

    name: _Clean
    office: _Clean


class AgreementPart(_Part):
    """What governments or bodies agreed, or are about to."""

    parties: tuple[_Clean, ...]
    instrument: _Clean
    status: Literal["agreed", "signed", "planned", "in talks"]
    about: _Clean


class FigurePart(_Part):
    """A number, with what it measures."""

    value: float
    unit: _Clean
    change: Literal["up", "down"] | None
    of: _Clean
    against: _Clean


class DatePart(_Part):
    """A day, or the days from `on` to `until`."""

    on: date
    until: date | None
    kind: Literal["deadline", "starts", "ends", "event", "mentioned"]


class FactsPart(_Part):
    """What the text says, by docs/reference/facts.md; each kind at most 30."""

    countries: tuple[CountryPart, ...]
    organisations: tuple[OrganisationPart, ...]
    people: tuple[PersonPart, ...]
    agreements: tuple[AgreementPart, ...]
    figures: tuple[FigurePart, ...]
    dates: tuple[DatePart, ...]


class ReleasePart(_Part):
    """One release as it was when the alert was made."""

    id: str
    revision: str
    title: str
    link: str | None = Field(description="https or http; null if it has no address of the web.")
    source: str
    source_title: str = Field(description="What the source is called; empty where nobody says.")
    status: Literal["live", "withdrawn"]
    language: str = Field(description="BCP 47 tag; empty where it can't be told.")
    published_by: tuple[LinkedPart, ...] = Field(
        description="Organisations, by the publisher's record."
    )
    published_at: Instant | None
    updated_at: Instant | None
    observed_at: Instant
    late: bool = Field(description="Found when a gap was repaired.")
    themes: tuple[ThemePart, ...] = Field(description="Surest first.")
    facts: FactsPart | None


class ItemPart(_Part):
    """One release of a digest."""

    event: Literal["new", "revised", "withdrawn", "restored"]
    reason: _Clean
    changed: str
    also: tuple[LinkedPart, ...]
    subscriptions: tuple[str, ...]
    release: ReleasePart


class CountPart(_Part):
    """How many releases have this surest theme."""

    theme: str = Field(description="Empty for those without a theme.")
    count: int


class DigestPart(_Part):
    """What came in a period."""

    since: Instant
    until: Instant
    why: str = Field(description="What made it wait, such as `daily 08:30 Europe/London`.")
    total: int = Field(description="How many there are; `items` may be the first of them.")
    by_theme: tuple[CountPart, ...]
    items: tuple[ItemPart, ...]


class SharedPart(_Part):
    """What is the same for whoever gets the alert."""

    version: Literal[2] = VERSION
    event: Literal[
        "new", "revised", "withdrawn", "restored",
        "gap", "digest", "receipt", "confirm", "test", "alarm", "recovered",
    ]  # fmt: skip
    subject: str = Field(max_length=200, description="One line.")
    changed: str = Field(description="What changed in a revised release, in words; else empty.")
    changes: tuple[ChangePart, ...] = Field(description="The same, sentence by sentence.")
    more_changes: int = Field(description="How many changed sentences there are besides.")
    also: tuple[LinkedPart, ...] = Field(description="Who published the same.")
    release: ReleasePart | None = Field(description="Null for all that is not about one release.")
    digest: DigestPart | None = Field(description="Null for all but a digest.")


class Body(SharedPart):
    """The body of one POST."""

    id: str = Field(description="The alert's: the same for all channels that it goes over.")
    key: str = Field(description="The delivery's: the same for every try.")
    created_at: Instant
    text: str = Field(description="The whole alert as plain text.")
    reason: str = Field(description="Why you get this.")
    subscriptions: tuple[str, ...] = Field(description="Ids of those that asked for it.")
    manage: str | None = Field(description="A page to look at and change subscriptions.")
    unsubscribe: str | None = Field(description="An address that ends them by one POST.")


def shared_part(alert: model.Alert, subject: str) -> SharedPart:
    """Return what is the same for whoever gets an alert; of a digest, without its releases."""
    return SharedPart(
        event=alert.event,
        subject=subject,
        changed=alert.changed,
        changes=tuple(ChangePart(before=one.before, now=one.now) for one in alert.changes),
        more_changes=alert.more_changes,
        also=linked(alert.also),
        release=release_part(alert.classified) if alert.classified else None,
        digest=_digest(alert.digest) if alert.digest else None,
    )


def release_part(classified: Classified) -> ReleasePart:
    """Return a release as a webhook's body has it."""
    release = classified.revision.release
    organisations = release.details.organisations if release.details else ()
    return ReleasePart(
        id=release.id,
        revision=classified.revision.id,
        title=title_of(release),
        link=link_of(release.address) or None,
        source=release.source,
        source_title=one_line(release.source_title),
        status=release.status,
        language=classified.language or one_line(release.language or ""),
        published_by=linked(organisations),
        published_at=release.published_at,
        updated_at=release.updated_at,
        observed_at=classified.revision.observed_at,
        late=classified.revision.late,
        themes=tuple(_theme(one, release) for one in surest_first(classified)),
        facts=_facts(classified.facts) if classified.facts else None,
    )


def marked(excerpt: Excerpt) -> str:
    """Return an excerpt with its evidence words between asterisks."""
    return "".join(f"{MARK}{words}{MARK}" if hit else words for words, hit in excerpt.pieces)


def _theme(score: model.ThemeScore, release: model.Release) -> ThemePart:
    return ThemePart(
        theme=score.theme,
        experimental=score.experimental,
        score=score.score,
        words=evidence_words(score)[:MAX_WORDS],
        excerpts=tuple(marked(one) for one in excerpts(score, release)),
    )


def _facts(facts: found.Facts) -> FactsPart:
    """Return all facts without the words they were read from."""
    plain = facts.model_dump(exclude={kind: {"__all__": {"evidence"}} for kind in _KINDS})
    return FactsPart.model_validate(plain)


_KINDS = tuple(FactsPart.model_fields)


def linked(these: Sequence[model.Linked]) -> tuple[LinkedPart, ...]:
    """Return titles and addresses as a webhook's body has them."""
    return tuple(LinkedPart(title=one.title, link=link_of(one.address) or None) for one in these)


def _digest(digest: model.Digest) -> DigestPart:
    return DigestPart(
        since=digest.since,
        until=digest.until,
        why=digest.why,
        total=max(digest.total, len(digest.items)),
        by_theme=tuple(CountPart(theme=theme, count=count) for theme, count in digest.by_theme),
        items=(),
    )
