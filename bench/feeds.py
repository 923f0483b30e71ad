"""Feeds to be polled, made up: the same number, the same bytes. Pure."""

import random
from html import escape

from despatch.testing.installation import SUBJECTS

_SENTENCES = tuple(
    sentence.strip()
    for _title, text in SUBJECTS
    for sentence in text.replace("\n\n", " ").split(". ")
)


def a_feed(number: int, entries: int) -> bytes:
    """Return an RSS feed of about 600 bytes an entry, whose texts are those of no other feed."""
    chance = random.Random(number)  # noqa: S311 - the same feed each time is wanted
    items = "".join(_item(number, entry, chance) for entry in range(entries))
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0"><channel>'
        f"<title>Department {number}</title><link>https://example.gov/{number}</link>"
        f"<description>News of department {number}</description>{items}</channel></rss>"
    ).encode()


def _item(feed: int, entry: int, chance: random.Random) -> str:
    title, _text = chance.choice(SUBJECTS)
    address = f"https://example.gov/{feed}/news/{entry}"
    paragraphs = "".join(f"<p>{'. '.join(chance.sample(_SENTENCES, 3))}.</p>" for _ in range(2))
    html = f'{paragraphs}<p>See <a href="{address}/notes">the notes of {feed}-{entry}</a>.</p>'
    return (
        f"<item><title>{title} ({feed}-{entry})</title><link>{address}</link>"
        f'<guid isPermaLink="false">tag:example.gov,2026:{feed}-{entry}</guid>'
        f"<pubDate>Mon, 02 Mar 2026 10:{entry % 60:02}:00 GMT</pubDate>"
        f"<description>{escape(html)}</description></item>"
    )
