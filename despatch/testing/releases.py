"""Makers of releases, revisions and classified releases, with every field that can be told."""

from datetime import UTC, datetime
from typing import Any

from despatch.fingerprint import fingerprint, release_id, revision_id
from despatch.model import (
    Cause,
    Classified,
    Evidence,
    Fetched,
    Release,
    Revision,
    SourceId,
    ThemeId,
    ThemeScore,
)

SEEN = datetime(2026, 3, 2, 11, 59, tzinfo=UTC)


def a_release(name: str = "visas", **changed: Any) -> Release:
    """Return a release at `https://example.gov/<name>`; any field can be given."""
    address = changed.pop("address", f"https://example.gov/{name}")
    fields: dict[str, Any] = {
        "id": release_id(address, source="example", entry=name),
        "address": address,
        "source": SourceId("example"),
        "entry": f"tag:example.gov,2026:{name}",
        "title": f"A release about {name}",
        "text": f"The minister spoke about {name}.\n\nMore will follow in spring.",
        "text_kind": "full",
        "text_from": "feed",
        "published_at": SEEN,
    }
    return Release(**(fields | changed))


def a_revision(
    release: Release | None = None, *, number: int = 1, cause: Cause = "new", **changed: Any
) -> Revision:
    """Return the n-th revision of a release; any field can be given."""
    release = release or a_release()
    print_ = fingerprint(release.title, release.text, release.status)
    fields: dict[str, Any] = {
        "id": revision_id(release.id, release.source, number, print_),
        "release": release,
        "cause": cause,
        "fingerprint": print_,
        "number": number,
        "observed_at": SEEN,
        "fetched": Fetched(
            address="https://example.gov/feed.atom", at=SEEN, body_sha256="0" * 64, http_status=200
        ),
    }
    return Revision(**(fields | changed))


def a_classified(
    revision: Revision | None = None, *, themes: tuple[str, ...] = ("migration",), **changed: Any
) -> Classified:
    """Return a classified revision that belongs to `themes`, its title's first word as evidence."""
    revision = revision or a_revision()
    title = revision.release.title
    word = (title.split() or [title])[0]
    evidence = (Evidence(field="title", start=0, end=len(word), text=word, weight=2.0),)
    fields: dict[str, Any] = {
        "id": f"c-{revision.id}",
        "revision": revision,
        "themes": tuple(
            ThemeScore(theme=ThemeId(theme), version="1", score=0.9, evidence=evidence)
            for theme in themes
        ),
        "classified_at": revision.observed_at,
    }
    return Classified(**(fields | changed))
