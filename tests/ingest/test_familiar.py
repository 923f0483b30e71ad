"""What is familiar in a feed is not parsed again, and nothing is read otherwise for it."""

import re
from html import escape
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.familiar import NOTHING, Cut, Familiar, changed, cut_feed, kept_familiar, seen, to_keep
from ingest.feedparse import ParsedFeed, parse_feed

FEEDS = Path(__file__).parent.parent / "data" / "feeds"
ADDRESS = "https://feeds.example.gov/all.xml"
TYPE = "application/xml"
PIECES = re.split(
    " ",
    "<entry> </entry> <item> </item> <entry/> <!-- --> <![CDATA[ ]]> <?x ?> <!DOCTYPE x < > <entry",
)

ATOM = '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">{}</feed>'
RSS = '<rss version="2.0"><channel><title>T</title><language>cy</language>{}</channel></rss>'


def an_entry(number: int, inside: str) -> str:
    return (
        f"<entry><id>tag:example.gov,2026:{number}</id><title>Number {number}</title>"
        f'<link href="/n/{number}"/><updated>2026-03-0{1 + number % 9}T10:00:00Z</updated>'
        f"{inside}</entry>"
    )


def an_item(number: int, inside: str) -> str:
    return (
        f'<item><guid isPermaLink="false">{number}</guid><title>Number {number}</title>'
        f"<link>https://example.gov/{number}</link>{inside}</item>"
    )


words = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufffe\uffff"),
    max_size=20,
)
tricky = st.sampled_from(
    [
        "<![CDATA[<entry> and </entry> and <item>]]>",
        "<!-- <entry></entry> </item> -->",
        "<?php <entry> ?>",
        escape("<entry>text</entry>"),
        "&#169; &amp; &lt;item&gt;",
    ]
)
inner = st.builds(
    lambda kind, parts: f'<summary type="{kind}">{"".join(parts)}</summary>',
    st.sampled_from(["text", "html"]),
    st.lists(words.map(escape) | tricky, max_size=4),
)
xhtml = st.builds(
    lambda text: (
        '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml" xml:base="/b/">'
        f'<p title="a > b">{escape(text)}</p></div></content>'
    ),
    words,
)


def assert_parts_are_the_whole(body: bytes, cut: Cut, chosen: frozenset[int]) -> None:
    """Parse some of a document's items alone, and compare with what the whole gives of them."""
    whole = parse_feed(body, TYPE, ADDRESS)
    assert len(whole.keys) == len(cut.items)

    part = parse_feed(cut.part(chosen), TYPE, ADDRESS)

    keys = tuple(whole.keys[number] for number in sorted(chosen))
    assert part.keys == keys
    assert by_key(part) == {k: e for k, e in by_key(whole).items() if k in keys}
    assert part.hints == whole.hints


def by_key(feed: ParsedFeed) -> dict[str, object]:
    return {entry.key: entry for entry in feed.entries}


@pytest.mark.parametrize("file", sorted(FEEDS.glob("*.xml")), ids=lambda file: file.stem)
def test_every_part_of_every_feed_gives_what_the_whole_gives(file: Path) -> None:
    """A document that is not sound has no keys: it is parsed whole each time."""
    body = file.read_bytes()
    cut = cut_feed(body, TYPE)
    if cut is not None and parse_feed(body, TYPE, ADDRESS).keys:
        for number in range(len(cut.items)):
            assert_parts_are_the_whole(body, cut, frozenset({number}))


def test_the_usual_kinds_of_feed_can_be_taken_apart() -> None:
    whole = {file.stem for file in FEEDS.glob("*.xml") if cut_feed(file.read_bytes(), TYPE)}

    assert whole >= {"atom", "rss", "rdf", "bom", "no-ids"}
    assert not whole & {"doctype", "utf-16"}


@settings(max_examples=150, deadline=None)
@given(st.lists(inner | xhtml, min_size=2, max_size=5), st.data())
def test_a_part_of_an_atom_feed_gives_what_the_whole_gives(
    insides: list[str], data: st.DataObject
) -> None:
    entries = "\n".join(an_entry(number, inside) for number, inside in enumerate(insides))
    body = ATOM.format(entries).encode()
    cut = cut_feed(body, TYPE)
    assert cut is not None
    assert len(cut.items) == len(insides)
    chosen = data.draw(st.frozensets(st.sampled_from(range(len(insides))), min_size=1))

    assert_parts_are_the_whole(body, cut, chosen)


@settings(max_examples=100, deadline=None)
@given(st.lists(words.map(escape) | tricky, min_size=2, max_size=5), st.data())
def test_a_part_of_an_rss_feed_gives_what_the_whole_gives(
    texts: list[str], data: st.DataObject
) -> None:
    insides = [f"<description>{text}</description>" for text in texts]
    items = "".join(an_item(number, inside) for number, inside in enumerate(insides))
    body = RSS.format(items).encode()
    cut = cut_feed(body, TYPE)
    assert cut is not None
    chosen = data.draw(st.frozensets(st.sampled_from(range(len(insides))), min_size=1))

    assert_parts_are_the_whole(body, cut, chosen)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(PIECES),
        max_size=12,
    )
)
def test_whatever_a_document_is_made_of_the_parts_make_it_whole(pieces: list[str]) -> None:
    body = "".join(pieces).encode()
    cut = cut_feed(body, TYPE)

    if cut is not None:
        rest = body.removeprefix(cut.head)
        for item in cut.items:
            before, found, rest = rest.partition(item)
            assert found == item
            assert not before.strip()
        assert rest == cut.tail


@pytest.mark.parametrize(
    "body,content_type",
    [
        (b"<!DOCTYPE feed><feed><entry></entry></feed>", TYPE),
        ("<feed><entry></entry></feed>".encode("utf-16"), TYPE),
        ("<feed><entry></entry></feed>".encode("utf-32-be"), TYPE),
        (b"<?xml version='1.0' encoding='utf-7'?><feed><entry></entry></feed>", TYPE),
        (b"<feed><entry></entry></feed>", "application/xml; charset=iso-2022-jp"),
        (b"<feed><entry><entry></entry></entry></feed>", TYPE),
        (b"<feed><entry></entry>between<entry></entry></feed>", TYPE),
        (b"<feed><entry></entry><item></item></feed>", TYPE),
        (b"<feed><entry></item></feed>", TYPE),
        (b"<feed><entry></entry><entry>", TYPE),
        (b"<feed><entry/></feed>", TYPE),
        (b"<feed><!-- <entry></entry></feed>", TYPE),
        (b"<feed></feed>", TYPE),
        (b"", TYPE),
        (b"<feed>" + b"<entry></entry>" * 501 + b"</feed>", TYPE),
        (b"<feed><entry>" + b"x" * 1_000_000 + b"</entry></feed>", TYPE),
    ],
)
def test_what_is_odd_is_parsed_whole(body: bytes, content_type: str) -> None:
    assert cut_feed(body, content_type) is None


def a_cut(body: str, content_type: str = TYPE) -> Cut:
    cut = cut_feed(body.encode(), content_type)
    assert cut is not None
    return cut


def test_only_what_is_not_familiar_is_new() -> None:
    before = a_cut(ATOM.format(an_entry(1, "") + an_entry(2, "")))
    now = a_cut(ATOM.format(an_entry(3, "") + an_entry(1, "") + an_entry(2, "changed")))
    familiar = Familiar(before.frame, {mark: seen("key", dated=True) for mark in before.marks})

    assert list(changed(now, familiar)) == [0, 2]
    assert list(changed(now, NOTHING)) == [0, 1, 2]


@pytest.mark.parametrize(
    "before,after,same",
    [
        (
            "<updated>2026-03-02T10:00:00Z</updated>",
            "<updated>2026-03-02T10:05:00Z</updated>",
            True,
        ),
        ("<title>A</title>", "<title>B</title>", False),
        ('<link href="/a"/>', '<link href="/b"/>', False),
    ],
)
def test_the_dates_of_a_feed_itself_change_nothing_and_all_else_does(
    before: str, after: str, same: bool
) -> None:
    frames = {a_cut(ATOM.format(head + an_entry(1, ""))).frame for head in (before, after)}

    assert (len(frames) == 1) is same


def test_another_content_type_is_another_frame() -> None:
    body = ATOM.format(an_entry(1, ""))

    assert a_cut(body).frame != a_cut(body, "application/atom+xml").frame


def test_what_is_familiar_is_kept_and_read_back() -> None:
    familiar = Familiar("f", {"a1": seen("k1", dated=True), "b2": seen("k2", dated=False)})

    assert kept_familiar({"familiar": to_keep(familiar)}) == familiar
    assert to_keep(NOTHING) == {}


@pytest.mark.parametrize(
    "kept",
    [
        {},
        {"familiar": None},
        {"familiar": {"items": ["m k d"]}},
        {"familiar": {"items": "m;a b;;"}},
    ],
)
def test_what_cannot_be_read_is_nothing(kept: dict[str, object]) -> None:
    assert kept_familiar(kept).items == {}
