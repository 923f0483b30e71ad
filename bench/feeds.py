"""Feeds to be polled, made up: the same number, the same bytes. Pure."""

import random
from html import escape

from despatch.testing.installation import SUBJECTS

_SENTENCES = tuple(
    sentence.strip()
    for _title, text in SUBJECTS
    for sentence in text.replace("\n\n", " ").split(". ")
)


def a_feed(number: int, entries: int, *, older: int = 0) -> bytes:
    """Return an Atom feed of about 600 bytes an entry, whose texts are those of no other feed.

    `older` is how many of its entries have left its window at the other end: with one more, one
    entry is new and the rest are the same bytes.
    """
    items = "\n".join(_entry(number, entry) for entry in range(older + entries, older, -1))
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">'
        f"<title>Department {number}</title><id>tag:example.gov,2026:{number}</id>"
        f'<link rel="self" href="https://example.gov/{number}.atom"/>'
        f"<updated>{_date(older + entries)}</updated>\n{items}\n</feed>"
    ).encode()


def _entry(feed: int, number: int) -> str:
    chance = random.Random(f"{feed}-{number}")  # noqa: S311 - the same entry each time is wanted
    title, _text = chance.choice(SUBJECTS)
    address = f"https://example.gov/{feed}/news/{number}"
    html = (
        f"<p>{'. '.join(chance.sample(_SENTENCES, 2))}.</p><p>See <a href='/n'>the notes</a>.</p>"
    )
    return (
        f"<entry><id>tag:example.gov,2026:{feed}-{number}</id>"
        f"<title>{title} ({feed}-{number})</title>"
        f'<link rel="alternate" type="text/html" href="{address}"/>'
        f"<updated>{_date(number)}</updated><published>{_date(number)}</published>"
        f"<author><name>Department {feed}</name></author>"
        f'<summary type="html">{escape(html)}</summary></entry>'
    )


def _date(number: int) -> str:
    return f"2026-03-{1 + number // 24 % 28:02}T{number % 24:02}:00:00Z"
