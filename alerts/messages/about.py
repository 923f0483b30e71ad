"""What a message says of one release: title, publisher, date, link, themes. Pure."""

import re
from collections.abc import Iterable
from datetime import date
from urllib.parse import urlsplit

from alerts.evidence import evidence_words
from alerts.excerpts import Excerpt, excerpts
from alerts.messages.said import NO_URL, AboutRelease, Linked, Piece, Pieces, Theme, Url
from alerts.words import listed, one_line
from despatch import model
from despatch.model import Classified, Release, ThemeScore
from despatch.shorten import shorten
from despatch.sureness import percent

MAX_TITLE = 300
MAX_LINK = 2_000
"""Characters of an address; a longer one is shown nowhere: no browser takes it for sure."""
MAX_ALSO = 5
MAX_PUBLISHERS = 3
MAX_WORDS = 8

_UNSAFE = re.compile(r"[\s\"'<>\[\]{}|\\^`\x00-\x20\x7f-\xa0]")


def about(classified: Classified, also: Iterable[model.Linked] = ()) -> AboutRelease:
    """Return what is said of a release wherever it stands."""
    release = classified.revision.release
    return AboutRelease(
        title=title_of(release),
        link=link_of(release.address),
        publisher=publisher_of(release),
        source=source_of(release),
        date=date_of(classified),
        language=classified.language or one_line(release.language or "") or "en",
        also=tuple(
            Linked(shorten(one_line(one.title), 120), link_of(one.address))
            for one in list(also)[:MAX_ALSO]
        ),
    )


def title_of(release: Release) -> str:
    """Return a title on one line; `Untitled` where nothing of it can be shown."""
    return shorten(one_line(release.title), MAX_TITLE) or "Untitled"


def link_of(address: str | None) -> Url:
    """Return an address as it may stand in any message; none, if it is not one of the web."""
    if not address:
        return NO_URL
    found = _UNSAFE.sub(lambda one: _encoded(one[0]), one_line(address))
    if not found.startswith(("https://", "http://")) or len(found) > MAX_LINK:
        return NO_URL
    try:
        return Url(found) if urlsplit(found).hostname else NO_URL
    except ValueError:
        return NO_URL


def publisher_of(release: Release) -> str:
    """Return the publishing organisations, as the publisher's own record names them."""
    known = release.details.organisations if release.details else ()
    names = [shorten(one_line(one.title), 80) for one in known[:MAX_PUBLISHERS]]
    more = len(known) - MAX_PUBLISHERS
    return listed([*names, f"{more} more"] if more > 0 else names)


def source_of(release: Release) -> str:
    """Return where it was read, as people call that: the source's title, else its id."""
    return shorten(one_line(release.source_name), 120) or one_line(release.source)


def date_of(classified: Classified) -> str:
    """Return when it was published: `9 August 2023`, or `seen 9 August 2023, undated`."""
    dated = classified.revision.release.published_at
    if dated:
        return day(dated)
    return f"seen {day(classified.revision.observed_at)}, undated"


def day(at: date) -> str:
    """Return a day as people write it: `9 August 2023`."""
    return f"{at.day} {at:%B} {at.year}"


def themes_of(classified: Classified) -> tuple[Theme, ...]:
    """Return every theme of a release, surest first, with its words and where they stand."""
    return tuple(_theme(score, classified.revision.release) for score in surest_first(classified))


def surest_first(classified: Classified) -> list[ThemeScore]:
    """Return the themes of a release, surest first."""
    return sorted(classified.themes, key=lambda score: (-score.score, score.theme))


def best_sentence(classified: Classified) -> Pieces:
    """Return the sentence of the text that says most for the surest theme; nothing if none does."""
    for score in surest_first(classified)[:1]:
        of_text = tuple(one for one in score.evidence if one.field == "text")
        release = classified.revision.release
        for found in excerpts(score.model_copy(update={"evidence": of_text}), release, 1):
            return pieces(found)
    return ()


def pieces(excerpt: Excerpt) -> Pieces:
    """Return an excerpt as templates show it."""
    return tuple(Piece(words, hit) for words, hit in excerpt.pieces)


def _theme(score: ThemeScore, release: Release) -> Theme:
    return Theme(
        name=one_line(score.theme),
        score=score.score,
        sure=percent(score.score),
        words=evidence_words(score)[:MAX_WORDS],
        excerpts=tuple(pieces(one) for one in excerpts(score, release)),
        experimental=score.experimental,
    )


def _encoded(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode())
