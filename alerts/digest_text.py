"""A digest in plain text and as JSON: what it is of, how much, then each release. Pure."""

from itertools import groupby
from typing import Any

from alerts.digest import NO_THEME, surest
from alerts.words import one_line
from despatch.model import Digest, DigestItem
from despatch.shorten import shorten

MAX_TITLE = 300

_EVENTS = {"revised": "Revised: ", "withdrawn": "Withdrawn: ", "restored": "Back again: "}


def digest_text(digest: Digest) -> str:
    """Return it, each theme under a heading of its own."""
    parts = [f"{_period(digest)}\n{counted(digest)}"]
    for theme, items in groupby(digest.items, key=lambda item: surest(item)[0]):
        parts += [(theme.upper() if theme != NO_THEME else "OTHER"), *map(_item, items)]
    if digest.total > len(digest.items):
        parts.append(f"… and {digest.total - len(digest.items)} more.")
    return "\n\n".join(parts)


def counted(digest: Digest) -> str:
    """Return how many releases it holds, by theme: `3 releases: migration 2, partnerships 1`."""
    number = "1 release" if digest.total == 1 else f"{digest.total} releases"
    themes = ", ".join(
        f"{theme if theme != NO_THEME else 'other'} {count}" for theme, count in digest.by_theme
    )
    return f"{number}: {themes}" if themes else number


def digest_json(digest: Digest) -> dict[str, Any]:
    """Return it for the body of a webhook; times are RFC 3339 in UTC."""
    return {
        "since": digest.since.isoformat().replace("+00:00", "Z"),
        "until": digest.until.isoformat().replace("+00:00", "Z"),
        "why": digest.why,
        "total": digest.total,
        "by_theme": [{"theme": theme, "count": count} for theme, count in digest.by_theme],
        "items": [
            {
                "event": item.event,
                "title": _title(item),
                "link": _link(item) or None,
                "release": item.classified.revision.release.id,
                "revision": item.classified.revision.id,
                "theme": surest(item)[0],
                "score": surest(item)[1],
                "reason": item.reason,
                "changed": item.changed,
            }
            for item in digest.items
        ],
    }


def _period(digest: Digest) -> str:
    since, until = (f"{at.day} {at:%B %Y, %H:%M}" for at in (digest.since, digest.until))
    return f"From {since} to {until} UTC ({digest.why})"


def _item(item: DigestItem) -> str:
    lines = [f"{_EVENTS.get(item.event, '')}{_title(item)}", _link(item)]
    return "\n".join(line for line in lines if line)


def _title(item: DigestItem) -> str:
    return shorten(one_line(item.classified.revision.release.title), MAX_TITLE)


def _link(item: DigestItem) -> str:
    address = one_line(item.classified.revision.release.address or "").replace(" ", "%20")
    return address if address.startswith(("https://", "http://")) else ""
