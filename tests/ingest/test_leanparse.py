"""feedparser as the children use it gives, value for value, what it gives as it comes."""

import json
import random
import subprocess
import sys
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path

FEEDS = Path(__file__).parent.parent / "data" / "feeds"

_COMPARING = """
import base64, io, json, sys, warnings
import feedparser
from ingest.leanparse import use

warnings.simplefilter("ignore")

def parsed(body):
    try:
        found = feedparser.parse(
            io.BytesIO(body),
            response_headers={"content-type": "application/xml"},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception as exc:
        return repr(exc)
    return repr(found)

bodies = [base64.b64decode(line) for line in sys.stdin]
before = list(map(parsed, bodies))
use()
after = list(map(parsed, bodies))
print(json.dumps([[a, b] for a, b in zip(before, after, strict=True)]))
"""

_ATOM, _XHTML = "http://www.w3.org/2005/Atom", "http://www.w3.org/1999/xhtml"
_SPACES = (
    f"xmlns='{_ATOM}'",
    f"xmlns:a='{_ATOM}'",
    f"xmlns:h='{_XHTML}'",
    "xmlns:dc='http://purl.org/dc/elements/1.1/'",
    "xmlns:media='http://search.yahoo.com/mrss/'",
    "xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'",
    "xmlns:own='https://example.gov/own'",
    "xmlns:xlink='http://www.w3.org/1999/xlink'",
    "xml:base='https://example.gov/x/'",
    "xml:lang='en-GB'",
)
_TAGS = (
    *("title", "link", "id", "guid", "summary", "description", "content", "updated", "published"),
    *("pubDate", "author", "name", "email", "category", "a:title", "dc:date", "dc:creator"),
    *("media:content", "own:thing", "h:div", "h:p", "enclosure", "source", "image", "url"),
)
_ATTRIBUTES = (
    "",
    "",
    " type='html'",
    " type='xhtml'",
    " type='text/plain'",
    " mode='base64'",
    " rel='alternate' href='/news/1'",
    " term='x' label='y'",
    f" xmlns='{_XHTML}'",
    " xmlns='https://example.gov/late'",
    " xmlns:late='https://example.gov/late'",
    " xml:lang='cy'",
    " xlink:href='https://example.gov'",
    " isPermaLink='false'",
)
_TEXTS = (
    "Visa rules",
    " &lt;p&gt;Boats &amp;amp; borders&lt;/p&gt; ",
    "<![CDATA[<b>Treaty</b> signed]]>",
    "<div xmlns='http://www.w3.org/1999/xhtml'><p>One<br/>two</p></div>",
    "<svg xmlns='http://www.w3.org/2000/svg'><g>drawn</g></svg>",
    "2026-03-02T09:00:00Z",
    "2026-13-45T99:00:00Z",
    "Mon, 02 Mar 2026 09:00:00 GMT",
    "https://example.gov/a?b=1&amp;c=2",
    "T&#xFC;rkiye <!-- not said --> &#x2019;",
    "dGV4dA==",
)


def made_up(number: int) -> bytes:
    """Return a document in which elements, attributes and namespaces meet that seldom do."""
    chance = random.Random(number)

    def element(depth: int) -> str:
        tag = chance.choice(_TAGS)
        inner = "".join(
            element(depth + 1) if depth < 3 and chance.random() < 0.3 else chance.choice(_TEXTS)
            for _ in range(chance.randint(0, 2))
        )
        return f"<{tag}{chance.choice(_ATTRIBUTES)}>{inner}</{tag}>"

    spaces = " ".join(chance.sample(_SPACES, chance.randint(4, len(_SPACES))))
    items = "".join(
        f"<{item}>{''.join(element(0) for _ in range(6))}</{item}>"
        for item in chance.choices(("entry", "item", "a:entry"), k=3)
    )
    root = chance.choice(("feed", "rss", "a:feed"))
    return f"<{root} {spaces}><title>x</title>{items}</{root}>".encode()


def both_ways(bodies: Sequence[bytes]) -> list[tuple[str, str]]:
    """Parse in a process of its own, as feedparser comes and then as the children use it."""
    done = subprocess.run(
        [sys.executable, "-c", _COMPARING],
        input="\n".join(b64encode(body).decode() for body in bodies),
        capture_output=True,
        text=True,
        check=True,
    )
    return [(before, after) for before, after in json.loads(done.stdout)]


def test_on_every_fixture() -> None:
    bodies = [path.read_bytes() for path in sorted(FEEDS.iterdir()) if path.is_file()]

    assert [before for before, _ in both_ways(bodies)] == [after for _, after in both_ways(bodies)]


def test_on_documents_in_which_everything_meets() -> None:
    bodies = [made_up(number) for number in range(400)]

    pairs = both_ways(bodies)

    different = [n for n, (before, after) in enumerate(pairs) if before != after]
    assert [(made_up(n), *pairs[n]) for n in different[:1]] == []
    assert sum("'title'" in before for before, _ in pairs) > 300
