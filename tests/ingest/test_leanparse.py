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
    "xmlns:itunes='http://www.itunes.com/DTDs/PodCast-1.0.dtd'",
    "xmlns:content='http://purl.org/rss/1.0/modules/content/'",
    "version='2.0'",
    "xmlns:xlink='http://www.w3.org/1999/xlink'",
    "xml:base='https://example.gov/x/'",
    "xml:lang='en-GB'",
)
_TAGS = (
    *("title", "link", "id", "guid", "summary", "description", "content", "updated", "published"),
    *("pubDate", "author", "name", "email", "category", "a:title", "dc:date", "dc:creator"),
    *("media:content", "own:thing", "h:div", "h:p", "enclosure", "source", "image", "url"),
    *("rights", "subtitle", "info", "language", "textInput", "width", "comments", "a:link"),
    *("media:title", "itunes:keywords", "contributor", "uri", "issued", "modified", "svg"),
    *("content:encoded", "managingEditor", "generator", "h:title", "own:title", "dc:rights"),
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
    " base='https://example.gov/base/'",
    " xml:base='/deeper/'",
    " lang='de_AT'",
    " xml:lang=''",
    " Rel='SELF' Type='Text/HTML' HREF='relative'",
    " href='https:///example.gov//a'",
    " xlink:type='simple' type='application/xhtml+xml'",
    " url='/u' uri='/v' length='7'",
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
    "https:////example.gov/too/many",
    "relative/to/something",
    "caf&#xC3;&#xA9;",
    "caf&#xC3;&#xA9; &#x93;quoted&#x94; &#x85;",
    "Tom &amp;amp; &lt;b&gt;Jerry&lt;/b&gt;",
    "plain &lt;/unknown&gt; &amp;nbsp;",
    "one@example.gov (Ms One)",
    "   ",
    "migration, visas",
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

    # One in ten lacks some of what its prefixes need: that is left to the lenient parser.
    least = len(_SPACES) if chance.random() < 0.9 else 6
    spaces = " ".join(
        each
        for each in chance.sample(_SPACES, least)
        if each.startswith("xmlns:") or chance.random() < 0.5
    )
    head = "".join(element(1) for _ in range(chance.randint(0, 3)))
    items = "".join(
        f"<{item}>{''.join(element(0) for _ in range(8))}</{item}>"
        for item in chance.choices(("entry", "item", "a:entry"), k=3)
    )
    root = chance.choice(("feed", "rss", "a:feed"))
    return f"<{root} {spaces}><title>x</title>{head}{items}{head}</{root}>".encode()


RARE = (
    # What ends an image or a text input that nobody closed.
    f"<feed xmlns='{_ATOM}'><image><url>u</url><own/><title>t</title><url>v</url></image>"
    "<entry><image><link>l</link><own/><link>m</link></image><title>e</title></entry></feed>",
    "<rss version='2.0'><channel><textInput><name>n</name><own>o</own><name>m</name></textInput>"
    "<item><title>e</title></item><textInput><own/><title>t</title></textInput></channel></rss>",
    # A root within a root, in a language; and the other way round.
    f"<feed xmlns='{_ATOM}' xml:lang='cy'><feed/><entry xml:lang='de'><feed/></entry></feed>",
    "<rss><channel><item><rss/><language>fr</language><rss/><title>e</title></item></channel></rss>",
    # A prefix that means something else from here on.
    "<rss xmlns:dc='http://purl.org/dc/elements/1.1/'><channel><item><dc:date>2026</dc:date>"
    "<x xmlns:dc='https://example.gov/own'><dc:date>2027</dc:date></x></item></channel></rss>",
    "<rss><channel><item xmlns:z='https://example.gov/1'><z:date>1</z:date></item>"
    "<item xmlns:z='http://purl.org/dc/elements/1.1/'><z:date>2026</z:date></item></channel></rss>",
    "<rss xmlns:d='http://purl.org/dc/elements/1.1/'><channel><item><d:date>2026</d:date></item>"
    "<item xmlns:dc='http://purl.org/rss/1.0/modules/content/'><d:date>2027</d:date></item>"
    "</channel></rss>",
    # The same words as the one before, but for what its prefix means.
    "<rss xmlns:d='http://purl.org/dc/elements/1.1/'><channel><item><d:date>2026</d:date></item>"
    "<item xmlns:dc='https://example.gov/own'><d:date>2027</d:date></item></channel></rss>",
)


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


def test_on_documents_with_what_is_rare() -> None:
    pairs = both_ways([document.encode() for document in RARE])

    assert [before for before, _ in pairs] == [after for _, after in pairs]


def test_on_documents_in_which_everything_meets() -> None:
    bodies = [made_up(number) for number in range(1_500)]

    pairs = both_ways(bodies)

    different = [n for n, (before, after) in enumerate(pairs) if before != after]
    assert [(made_up(n), *pairs[n]) for n in different[:1]] == []
    assert sum("'title'" in before for before, _ in pairs) > 700
