"""Reading one document over a real socket: what is found, what is gone, what is a failure."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest

from despatch.errors import BadStatus, DespatchError, PermanentError, TransientError
from despatch.ports import SystemClock, Validators
from despatch.testing import Answer, LoopbackServer
from ingest.article import Article
from ingest.entry import make_entry
from ingest.fulltext import Elsewhere, FullText, Gone, Read, Same
from ingest.http import HttpFetcher
from ingest.reading import Ask, DocumentReader, InFull

NEWS = "https://www.gov.uk/government/news/ports"
PATH = "/government/news/ports"
HTML = [("Content-Type", "text/html; charset=utf-8")]


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    with LoopbackServer() as server:
        yield server


async def extract(body: bytes, content_type: str, address: str) -> Article:
    """Find an article without trafilatura: the words are all there is."""
    if "html" not in content_type:
        raise PermanentError(f"not a page: {address} is {content_type}")
    return Article(body.decode(), "test 1", "en")


def read(ask: Ask) -> Read | Same:
    async def work() -> Read | Same:
        networks = [ip_network("127.0.0.0/8")]
        async with HttpFetcher(allow_networks=networks) as fetcher:
            return await DocumentReader(fetcher, extract, SystemClock()).read(ask)

    return asyncio.run(work())


def found(ask: Ask) -> FullText | Elsewhere | Gone:
    """Return what a first reading finds."""
    answer = read(ask)
    assert isinstance(answer, Read)
    return answer.found


def govuk(server: LoopbackServer, address: str = NEWS) -> Ask:
    return Ask(address, "govuk", server.url("/api/content"))


def item(path: str = PATH, **changed: Any) -> Answer:
    fields = {
        "base_path": path,
        "title": "Ports",
        "schema_name": "news_article",
        "details": {"body": "<p>Three ports.</p>"},
    }
    headers = [("Content-Type", "application/json"), ("ETag", f'"{path}"')]
    return Answer(headers=headers, body=json.dumps(fields | changed).encode())


def redirect(to: str) -> Answer:
    route = {"path": PATH, "type": "exact", "destination": to}
    return item(schema_name="redirect", redirects=[route])


def test_a_record_is_asked_for_by_the_path_of_its_page(server: LoopbackServer) -> None:
    server.will(f"/api/content{PATH}", item())

    answer = read(govuk(server, f"{NEWS}?utm_source=x"))

    assert isinstance(answer, Read)
    assert isinstance(answer.found, FullText)
    assert (answer.found.text, answer.found.read_from) == ("Three ports.", NEWS)
    assert answer.fetched.address == server.url(f"/api/content{PATH}")
    assert answer.validators.etag == f'"{PATH}"'
    assert server.requests[0].headers["accept"] == "application/json"


def test_a_303_leads_to_the_record_of_the_whole_document(server: LoopbackServer) -> None:
    there = [("Location", f"/api/content{PATH}")]
    server.will(f"/api/content{PATH}/print", Answer(303, headers=there))
    server.will(f"/api/content{PATH}", item())

    record = found(govuk(server, f"{NEWS}/print"))

    assert isinstance(record, FullText)
    assert record.read_from == NEWS


def test_what_was_read_before_is_asked_for_with_its_validators(server: LoopbackServer) -> None:
    server.will(f"/api/content{PATH}", item())
    first = read(govuk(server))
    assert isinstance(first, Read)

    ask = replace(govuk(server), validators=first.validators)
    assert read(ask) == Same(first.validators)
    assert server.requests[1].headers["if-none-match"] == f'"{PATH}"'
    ask = replace(govuk(server), body_sha256=first.fetched.body_sha256)
    assert read(ask) == Same(first.validators)


def test_a_410_is_gone_with_the_sites_own_reason(server: LoopbackServer) -> None:
    gone = json.dumps({"details": {"explanation": "<p>Published in error.</p>"}}).encode()
    server.will(f"/api/content{PATH}", Answer(410, body=gone))

    answer = read(govuk(server))

    assert isinstance(answer, Read)
    assert answer.found == Gone("Published in error.")
    assert (answer.fetched.http_status, answer.body) == (410, gone)


def test_a_redirect_item_is_followed_to_the_document(server: LoopbackServer) -> None:
    server.will(f"/api/content{PATH}", redirect("/government/news/harbours"))
    there = server.will("/api/content/government/news/harbours", item("/government/news/harbours"))

    answer = read(govuk(server))

    assert isinstance(answer, Read)
    assert isinstance(answer.found, FullText)
    assert answer.found.read_from == "https://www.gov.uk/government/news/harbours"
    assert (answer.fetched.address, answer.validators) == (there, Validators())


@pytest.mark.parametrize("to", ["/government/news/nothing", "/", "https://www.gov.uk", PATH])
def test_a_redirect_to_nothing_is_gone(server: LoopbackServer, to: str) -> None:
    server.will(f"/api/content{PATH}", redirect(to))

    assert isinstance(found(govuk(server)), Gone)


def test_a_redirect_to_another_site_leads_elsewhere(server: LoopbackServer) -> None:
    server.will(f"/api/content{PATH}", redirect("https://www.gov.scot/news"))

    assert found(govuk(server)) == Elsewhere("https://www.gov.scot/news")


@pytest.mark.parametrize(
    "answer,error",
    [
        (Answer(404), BadStatus),
        (Answer(403), BadStatus),
        (Answer(503), TransientError),
        (Answer(429), TransientError),
        (Answer(body=b"<html>"), PermanentError),
    ],
)
@pytest.mark.parametrize("path", ["/api/content" + PATH, "/page"])
def test_what_could_be_back_tomorrow_is_a_failure(
    server: LoopbackServer, path: str, answer: Answer, error: type[DespatchError]
) -> None:
    server.will(path, answer)

    with pytest.raises(error):
        read(Ask(server.url(path), "page") if path == "/page" else govuk(server))


def test_a_page_is_asked_for_by_its_link_and_read_for_its_article(server: LoopbackServer) -> None:
    there = server.will("/page/", Answer(headers=HTML, body=b"Three ports."))

    answer = read(Ask(there, "page"))

    assert isinstance(answer, Read)
    assert isinstance(answer.found, FullText)
    assert (answer.found.text, answer.found.made_by) == ("Three ports.", "test 1")
    assert answer.found.read_from == there.rstrip("/").replace("http:", "https:")


@pytest.mark.parametrize(
    "to,status,sure", [("/gone", 410, True), ("/nothing", 404, False), ("/", 200, False)]
)
def test_a_page_that_redirects_to_nothing_is_gone_more_or_less_surely(
    server: LoopbackServer, to: str, status: int, sure: bool
) -> None:
    server.will(to, Answer(status, headers=HTML, body=b"Welcome to our site."))
    address = server.will("/page", Answer(301, headers=[("Location", to)]))

    gone = found(Ask(address, "page"))

    assert isinstance(gone, Gone)
    assert gone.sure is sure


def test_a_page_that_is_gone_is_gone(server: LoopbackServer) -> None:
    address = server.will("/page", Answer(410))

    assert isinstance(found(Ask(address, "page")), Gone)


def test_only_summaries_have_their_pages_read_and_only_govuk_has_records() -> None:
    def entry(**changed: Any) -> Any:
        parts: dict[str, Any] = {
            "link": "http://example.gov/x/",
            "title": "x",
            "raw": ("x",),
            "text_kind": "summary",
            "text_from": "feed",
        }
        return make_entry(**(parts | changed))

    pages = InFull("page", "", complete=True)
    records = InFull("govuk", "https://api", complete=True)

    assert pages.ask(entry()) == Ask("http://example.gov/x/", "page")
    assert pages.ask(entry(text_kind="full")) is None
    assert pages.ask(entry(link="")) is None
    assert records.ask(entry()) is None
    assert records.ask(entry(link=NEWS + "/", text_kind="full")) == Ask(
        NEWS, "govuk", "https://api"
    )
