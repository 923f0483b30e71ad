"""The program of a child that parses feeds: it loads in half the time of what starts it."""

import json
from dataclasses import fields
from datetime import datetime

from ingest.child import serve
from ingest.entry import Entry
from ingest.feedparse import ParsedFeed, parse_feed
from ingest.hints import to_keep
from ingest.leanparse import use

_OF_FEED = tuple(field.name for field in fields(ParsedFeed))
_OF_ENTRY = tuple(field.name for field in fields(Entry))


def _parse(body: bytes, content_type: str, address: str) -> bytes:
    """Return a feed as JSON, times in ISO 8601."""
    feed = parse_feed(body, content_type, address)
    entries = [{name: getattr(entry, name) for name in _OF_ENTRY} for entry in feed.entries]
    plain = {name: getattr(feed, name) for name in _OF_FEED}
    plain |= {"entries": entries, "hints": to_keep(feed.hints)}
    return json.dumps(plain, default=datetime.isoformat).encode()


if __name__ == "__main__":
    use()
    serve(_parse)
