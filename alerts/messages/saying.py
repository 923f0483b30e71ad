"""What an alert says: made of the alert alone, the same for whoever gets it. Pure."""

from collections.abc import Callable, Hashable
from datetime import datetime

from alerts.digest import surest
from alerts.messages.about import about, best_sentence, day, surest_first, themes_of, title_of
from alerts.messages.changes import reworded
from alerts.messages.facts import fact_lines
from alerts.messages.notes import paragraphs
from alerts.messages.said import DigestSaid, Group, Item, NoteSaid, ReleaseSaid, Said
from alerts.words import clean, one_line
from alerts.zones import local, zone_named
from despatch.model import Alert, Classified, Digest, DigestItem
from despatch.shorten import shorten, shorten_to_sentence

MAX_SUBJECT = 200
MAX_CHANGED = 4_000
MAX_BODY = 10_000
"""Characters of a note's own text."""
MAX_ITEMS = 60
"""Releases that one digest shows; the rest is counted."""
OTHER = "other"
"""What a digest calls the group of its releases that have no theme."""

HEADINGS = {
    "new": "New",
    "revised": "Revised",
    "withdrawn": "Withdrawn",
    "restored": "Back again",
    "gap": "Something may be missing",
    "digest": "Digest",
    "receipt": "Receipt",
    "confirm": "Please confirm",
    "test": "Test",
    "alarm": "Alarm",
    "recovered": "Well again",
}
_LANGUAGES = {"ar": "Arabic", "cy": "Welsh", "de": "German", "es": "Spanish", "fr": "French"}
_LANGUAGES |= {"ga": "Irish", "gd": "Gaelic", "pt": "Portuguese", "ur": "Urdu", "zh": "Chinese"}


def say(alert: Alert, item: Callable[[DigestItem], Item] | None = None) -> Said:
    """Return what an alert says, bounded, but not yet cut to any channel's room.

    `item` says what `say_item` says of a digest's release, where it remembers what that was.
    """
    if alert.classified is not None:
        return _of_release(alert, alert.classified)
    if alert.digest is not None:
        return _of_digest(alert.digest, item or say_item)
    return _of_note(alert)


def subject_of(alert: Alert) -> str:
    """Return one line of at most 200 characters: `New: Visa fees rise (migration)`."""
    if alert.classified is not None:
        return _subject_of_release(alert, alert.classified)
    heading = HEADINGS[alert.event]
    if alert.digest is not None:
        return shorten(f"{heading}: {_counts(alert.digest)}", MAX_SUBJECT)
    return shorten(f"{heading}: {one_line(alert.subject) or 'Despatch'}", MAX_SUBJECT)


def digest_key(digest: Digest) -> tuple[tuple[Classified, ...], Hashable]:
    """Return what decides what a digest says: the releases that it shows, and all else."""
    shown = digest.items[:MAX_ITEMS]
    how = tuple([(one.event, one.changed, one.also) for one in shown])
    total = max(digest.total, len(digest.items))
    decides = (digest.since, digest.until, digest.why, total, digest.by_theme, how)
    return tuple([one.classified for one in shown]), decides


def say_item(one: DigestItem) -> Item:
    """Return what a digest says of one release: the same for whoever has it in theirs."""
    late = ", late" if one.classified.revision.late else ""
    happened = HEADINGS[one.event] + late if one.event != "new" or late else ""
    first = one.changed.partition("\n")[0] if one.event == "revised" else ""
    return Item(
        happened=happened,
        about=about(one.classified, one.also),
        evidence=best_sentence(one.classified),
        changed=shorten_to_sentence(one_line(first), 400),
    )


def period_of(digest: Digest) -> str:
    """Return the days and hours that a digest is about, in its subscriber's zone if it names one.

    `25 November 2026, 08:30 to 26 November 2026, 08:30 (Europe/London)`.
    """
    zone = zone_named(digest.why)
    since, until = local(digest.since, zone), local(digest.until, zone)
    return f"{_moment(since)} to {_moment(until)} ({zone})"


def _of_release(alert: Alert, classified: Classified) -> ReleaseSaid:
    lines = () if alert.changes else _changed_lines(alert)
    return ReleaseSaid(
        event=alert.event,
        heading=_heading(alert, classified),
        subject=subject_of(alert),
        about=about(classified, alert.also),
        notes=tuple(_notes(alert, classified)),
        changes=tuple(reworded(one) for one in alert.changes),
        changed=lines,
        more_changes=alert.more_changes,
        themes=themes_of(classified),
        facts=fact_lines(classified.facts),
    )


def _heading(alert: Alert, classified: Classified) -> str:
    return HEADINGS[alert.event] + (", late" if classified.revision.late else "")


def _subject_of_release(alert: Alert, classified: Classified) -> str:
    names = ", ".join(one_line(score.theme) for score in surest_first(classified))
    tail = shorten(f" ({names})" if names else "", 80)
    head = f"{_heading(alert, classified)}: "
    room = MAX_SUBJECT - len(head) - len(tail)
    return head + shorten(title_of(classified.revision.release), room) + tail


def _notes(alert: Alert, classified: Classified) -> list[str]:
    """Return what must be known before reading: withdrawn, restored, late, not in English."""
    said = {
        "withdrawn": "The publisher has withdrawn this.",
        "restored": "The publisher had withdrawn this; it is back.",
    }
    notes = [said[alert.event]] if alert.event in said else []
    details = classified.revision.release.details
    if alert.event == "withdrawn" and details and details.withdrawn_why:
        why = shorten_to_sentence(one_line(details.withdrawn_why), 300)
        notes.append(f"Their notice: {why}")
    if classified.revision.late:
        notes.append("Late: found when a gap was repaired.")
    language = classified.language
    if language and language != "en":
        named = _LANGUAGES.get(language.partition("-")[0], f"the language “{one_line(language)}”")
        english = "; there is an English version" if classified.translation_of else ""
        notes.append(f"It is in {named}{english}. Themes that read English only did not judge it.")
    return notes


def _changed_lines(alert: Alert) -> tuple[str, ...]:
    if alert.changed:
        return tuple(clean(shorten(alert.changed, MAX_CHANGED)).splitlines())
    return ("What changed is not known.",) if alert.event == "revised" else ()


def _of_digest(digest: Digest, item: Callable[[DigestItem], Item]) -> DigestSaid:
    return DigestSaid(
        event="digest",
        heading=HEADINGS["digest"],
        subject=shorten(f"{HEADINGS['digest']}: {_counts(digest)}", MAX_SUBJECT),
        period=period_of(digest),
        why=one_line(digest.why),
        total=max(digest.total, len(digest.items)),
        groups=tuple(_groups(digest, item)),
    )


def _counts(digest: Digest) -> str:
    total = max(digest.total, len(digest.items))
    many = "1 release" if total == 1 else f"{total:,} releases"
    by_theme = [f"{one_line(theme) or OTHER} {count:,}" for theme, count in digest.by_theme]
    return f"{many}: {', '.join(by_theme)}" if by_theme else many


def _groups(digest: Digest, item: Callable[[DigestItem], Item]) -> list[Group]:
    """Return the items by their surest theme, in the order in which the digest has them."""
    items: dict[str, list[Item]] = {str(theme): [] for theme, _count in digest.by_theme}
    for one in digest.items[:MAX_ITEMS]:
        items.setdefault(str(surest(one)[0]), []).append(item(one))
    counts = {str(theme): count for theme, count in digest.by_theme}
    return [
        Group(one_line(name) or OTHER, max(counts.get(name, 0), len(shown)), tuple(shown))
        for name, shown in items.items()
        if shown or counts.get(name)
    ]


def _of_note(alert: Alert) -> NoteSaid:
    body = clean(shorten_to_sentence(alert.body, MAX_BODY))
    return NoteSaid(
        event=alert.event,
        heading=HEADINGS[alert.event],
        subject=subject_of(alert),
        title=one_line(alert.subject) or "Despatch",
        paragraphs=paragraphs(body),
    )


def _moment(at: datetime) -> str:
    return f"{day(at)}, {at:%H:%M}"
