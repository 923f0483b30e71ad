"""Pages to articles: what is found, what is refused, and what a hostile page costs."""

import asyncio
from datetime import timedelta

import pytest

from despatch.errors import DespatchError, PermanentError
from ingest.article import Article
from ingest.page import MADE_BY, read_page
from ingest.pagechild import ChildReader

ADDRESS = "https://example.gov/news/ports"
WORDS = "The minister opened three ports in Türkiye, and said that ferries will run in spring. "
ARTICLE = (
    "<nav><ul><li><a href=/>Home</a><li><a href=/news>News</a></ul></nav>"
    f"<main><article><h1>New ports</h1><p>{WORDS * 3}</p><ul><li>{WORDS}</li><li>{WORDS}</li></ul>"
    f"<table><tr><th>Year</th><th>Ferries</th></tr><tr><td>2026</td><td>3</td></tr></table>"
    f"<p>{WORDS * 3}</p></article></main><footer><p>Crown copyright</p></footer>"
)
HTML = f"<html lang='en-GB'><head><title>x</title></head><body>{ARTICLE}</body></html>"
SLOW = b"<html><body>" + b"<p>word word word. " * 200_000


def read(body: bytes | str = HTML, content_type: str = "text/html") -> Article:
    return read_page(body if isinstance(body, bytes) else body.encode(), content_type, ADDRESS)


def test_the_article_is_found_and_menus_are_not() -> None:
    found = read()

    assert "New ports" in found.text
    assert WORDS.strip() in found.text
    assert "Home" not in found.text
    assert "Crown copyright" not in found.text
    assert (found.language, found.made_by) == ("en-GB", MADE_BY)


def test_paragraphs_lists_and_tables_look_as_in_every_text() -> None:
    text = read().text

    assert f"\n\n- {WORDS.strip()}\n- {WORDS.strip()}\n\n" in text
    assert "Year | Ferries\n2026 | 3" in text


@pytest.mark.parametrize(
    "body,content_type",
    [
        (HTML.encode("cp1254"), "text/html; charset=windows-1254"),
        (HTML.replace("<head>", "<head><meta charset=windows-1254>").encode("cp1254"), "text/html"),
        (HTML.encode("utf-16"), "text/html"),
        (HTML.encode(), 'text/html; charset="utf-8"'),
        (HTML.encode(), "text/html; charset=nonsense"),
        (HTML.encode(), ""),
        (HTML.encode("cp1252"), "text/html"),
    ],
    ids=["header", "meta", "utf-16", "utf-8", "unknown charset", "no type", "nothing said"],
)
def test_letters_are_right_whoever_says_the_charset(body: bytes, content_type: str) -> None:
    assert "Türkiye" in read(body, content_type).text


@pytest.mark.parametrize("kind", ["application/pdf", "image/png", "application/json"])
def test_another_kind_of_document_is_no_page(kind: str) -> None:
    with pytest.raises(PermanentError, match=f"^not a page: {ADDRESS} is {kind}"):
        read(b"%PDF-1.4", kind)


@pytest.mark.parametrize("body", ["", "<html>", "<p>Wait.", "<script>go()</script>", "\x00" * 99])
def test_a_page_without_an_article_has_no_text(body: str) -> None:
    with pytest.raises(PermanentError, match=r"^no text: "):
        read(body)


def test_an_archive_is_not_unpacked() -> None:
    """Left to itself, trafilatura would: a page could be a bomb."""
    with pytest.raises(PermanentError, match=r"^no text: "):
        read(b"\x1f\x8b\x08\x00" + b"\x00" * 50)


@pytest.mark.slow
def test_a_child_reads_as_is_read_here_and_a_slow_page_costs_its_child_alone() -> None:
    async def work() -> list[Article | BaseException]:
        found: list[Article | BaseException] = []
        limit = timedelta(seconds=1)
        async with ChildReader(at_once=1, cpu_limit=limit) as reader:
            for body in (HTML.encode(), b"<html>", SLOW, HTML.encode()):
                try:
                    found.append(await reader.read(body, "text/html", ADDRESS))
                except DespatchError as exc:
                    found.append(exc)
        return found

    before, without, slow, after = asyncio.run(work())

    assert before == after == read()
    assert str(without).startswith("no text")
    assert str(slow).startswith("too slow")
