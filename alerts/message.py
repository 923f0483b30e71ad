"""What an alert says: subject, text, short text and JSON. Pure; never HTML from a release.

Everything that strangers wrote is cleaned of control characters and cut to a bound. Evidence
words stand between asterisks, so that plain text shows them too.

What a release, an event and a change decide is rendered once, whoever gets it (`shared`); only why
one gets it, how to stop, and the key are written for each.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.digest_text import counted, digest_json, digest_text
from alerts.evidence import evidence_words
from alerts.excerpts import Excerpt, excerpts
from alerts.memo import Memo
from alerts.words import clean, one_line
from despatch.model import Alert, Classified, DeliveryId, Release, ThemeScore
from despatch.shorten import shorten

MAX_SUBJECT = 200
MAX_TITLE = 300
MAX_REASON = 1_500
MAX_CHANGED = 4_000
MAX_SHORT = 300
MAX_BODY = 10_000
"""Characters of a test's or an alarm's own text."""
MARK = "*"
VERSION = 1
"""Of the JSON body: a new shape is a new number."""

_EVENTS = {
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


@dataclass(frozen=True, slots=True)
class ThemeLine:
    """One theme as it is shown: its name, score, words and where they stand."""

    name: str
    score: float
    words: tuple[str, ...]
    excerpts: tuple[Excerpt, ...]
    experimental: bool


@dataclass(frozen=True, slots=True)
class Shared:
    """What an alert says to whoever gets it."""

    subject: str
    text: str
    """All that stands above the reason."""
    release: dict[str, Any] | None
    """As the JSON body has it; not to be changed."""
    release_json: str


_shared: Memo[Shared] = Memo(64)


def shared(alert: Alert) -> Shared:
    """Return what this alert has in common with those about the same release, event and change."""
    if alert.classified is None:
        return _share(alert)
    return _shared.of(alert.classified, (alert.event, alert.changed), lambda: _share(alert))


def subject(alert: Alert) -> str:
    """Return one line of at most 200 characters: `New: Visa fees rise (migration)`."""
    return shared(alert).subject


def _subject(alert: Alert) -> str:
    event = _EVENTS[alert.event]
    if alert.classified is None:
        return shorten(f"{event}: {one_line(alert.subject) or 'Despatch'}", MAX_SUBJECT)
    release = alert.classified.revision.release
    late = ", late" if alert.classified.revision.late else ""
    names = ", ".join(line.name for line in themes(alert.classified))
    tail = shorten(f" ({names})" if names else "", 80)
    head = f"{event}{late}: "
    return head + shorten(one_line(release.title), MAX_SUBJECT - len(head) - len(tail)) + tail


def text(alert: Alert, key: DeliveryId) -> str:
    """Return the plain text: title, source, date, themes, what changed, link, why, how to stop."""
    reason = why(alert) if alert.classified is None else f"Why you get this: {why(alert)}"
    parts = [shared(alert).text, reason, *_stop(alert)]
    return "\n\n".join([*(part for part in parts if part), f"Ref. {key}"])


def _share(alert: Alert) -> Shared:
    if alert.classified is None:
        return Shared(_subject(alert), body(alert), None, "null")
    release = alert.classified.revision.release
    parts = [
        f"{_title(release)}\n{byline(alert.classified)}",
        note(alert),
        changed(alert),
        *(_theme(line) for line in themes(alert.classified)),
        link(release),
    ]
    rows = _release(alert.classified)
    text = "\n\n".join(part for part in parts if part)
    return Shared(_subject(alert), text, rows, json.dumps(rows, ensure_ascii=False))


def body(alert: Alert) -> str:
    """Return what an alert says that is not about one release."""
    if alert.digest is not None:
        return digest_text(alert.digest)
    return clean(shorten(alert.body, MAX_BODY))


def short(alert: Alert) -> str:
    """Return at most 300 characters that end with the link, for channels with little room."""
    if alert.classified is None:
        said = counted(alert.digest) if alert.digest else one_line(alert.body)
        return shorten(f"{subject(alert)}. {said}", MAX_SHORT)
    where = link(alert.classified.revision.release)
    if not where or len(where) > MAX_SHORT - 60:
        return shorten(subject(alert), MAX_SHORT)
    return f"{shorten(subject(alert), MAX_SHORT - len(where) - 1)} {where}"


def fitting(alert: Alert, key: DeliveryId, most: int) -> str:
    """Return the longest of text and short text that has at most `most` characters, cut if none.

    What is cut off is never the link, if the channel has room for it.
    """
    whole = text(alert, key)
    if len(whole) <= most:
        return whole
    brief = short(alert)
    if len(brief) <= most:
        return brief
    where = link(alert.classified.revision.release) if alert.classified else ""
    if where and len(where) + 20 <= most:
        return f"{shorten(subject(alert), most - len(where) - 1)} {where}"
    return shorten(brief, most)


def payload(alert: Alert, key: DeliveryId) -> dict[str, Any]:
    """Return the JSON body, version 1: docs/reference/webhook.md.

    `{"version": 1, "id", "key", "event", "subject", "text", "reason", "created_at",
    "subscriptions": [], "release": {…} or null}`; times are RFC 3339 in UTC.
    """
    return {
        "version": VERSION,
        "id": alert.id,
        "key": key,
        "event": alert.event,
        "subject": subject(alert),
        "text": text(alert, key),
        "reason": why(alert),
        "changed": changed(alert),
        "created_at": _moment(alert.created_at),
        "subscriptions": list(alert.subscriptions),
        "release": shared(alert).release,
    } | ({"digest": digest_json(alert.digest)} if alert.digest else {})


def encoded(alert: Alert, key: DeliveryId) -> bytes:
    """Return `payload` as UTF-8; the release's part of it is not encoded again for each."""
    rest = payload(alert, key)
    del rest["release"]
    head = json.dumps(rest, ensure_ascii=False)
    return f'{head[:-1]}, "release": {shared(alert).release_json}}}'.encode()


def themes(classified: Classified) -> tuple[ThemeLine, ...]:
    """Return every theme of a release, surest first, with its words and where they stand."""
    surest = sorted(classified.themes, key=lambda score: (-score.score, score.theme))
    return tuple(_line(score, classified.revision.release) for score in surest)


def byline(classified: Classified) -> str:
    """Return where it is from and when: `govuk, 9 August 2023`."""
    release = classified.revision.release
    dated = release.published_at
    said = f"{dated.day} {dated:%B %Y}" if dated else f"seen {_day(classified)}, undated"
    return f"{one_line(release.source)}, {said}"


def note(alert: Alert) -> str:
    """Return what must be known before reading: withdrawn, restored, late; else nothing."""
    if alert.classified is None:
        return ""
    said = {
        "withdrawn": "The publisher has withdrawn this.",
        "restored": "The publisher had withdrawn this; it is back.",
    }.get(alert.event, "")
    late = "Late: found when a gap was repaired." if alert.classified.revision.late else ""
    return " ".join(part for part in (said, late) if part)


def changed(alert: Alert) -> str:
    """Return what changed in a revised release; empty if nothing is known of it."""
    if alert.changed:
        return "What changed:\n" + clean(shorten(alert.changed, MAX_CHANGED))
    return "What changed is not known." if alert.event == "revised" else ""


def why(alert: Alert) -> str:
    """Return the reason on one line."""
    return shorten(one_line(alert.reason), MAX_REASON)


def stop(alert: Alert) -> str:
    """Return how to be told no more; empty for what no subscription asked for."""
    commands = [f"despatch subscriptions remove {one}" for one in alert.subscriptions[:5]]
    return "To stop: " + "  or  ".join(commands) if commands else ""


def link(release: Release) -> str:
    """Return the release's address; empty if it has none, or not one of the web."""
    address = one_line(release.address or "").replace(" ", "%20")
    return address if address.startswith(("https://", "http://")) else ""


def marked(excerpt: Excerpt) -> str:
    """Return an excerpt with its evidence words between asterisks."""
    return "".join(f"{MARK}{words}{MARK}" if hit else words for words, hit in excerpt.pieces)


def _title(release: Release) -> str:
    return shorten(one_line(release.title), MAX_TITLE)


def _day(classified: Classified) -> str:
    seen = classified.revision.observed_at
    return f"{seen.day} {seen:%B %Y}"


def _line(score: ThemeScore, release: Release) -> ThemeLine:
    return ThemeLine(
        str(score.theme),
        score.score,
        evidence_words(score)[:8],
        excerpts(score, release),
        score.experimental,
    )


def _theme(line: ThemeLine) -> str:
    words = f": {', '.join(line.words)}" if line.words else ""
    mark = "experimental, " if line.experimental else ""
    head = f"Theme {line.name} ({mark}score {line.score:.2f}){words}"
    return "\n".join([head, *(f"  - {marked(excerpt)}" for excerpt in line.excerpts)])


def _stop(alert: Alert) -> list[str]:
    return [stop(alert)] if alert.subscriptions else []


def _release(classified: Classified) -> dict[str, Any]:
    release = classified.revision.release
    return {
        "id": release.id,
        "revision": classified.revision.id,
        "title": _title(release),
        "link": link(release) or None,
        "source": release.source,
        "status": release.status,
        "published_at": _moment(release.published_at),
        "updated_at": _moment(release.updated_at),
        "observed_at": _moment(classified.revision.observed_at),
        "late": classified.revision.late,
        "themes": [
            {
                "theme": line.name,
                "experimental": line.experimental,
                "score": line.score,
                "words": list(line.words),
                "excerpts": [marked(excerpt) for excerpt in line.excerpts],
            }
            for line in themes(classified)
        ],
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat().replace("+00:00", "Z")
