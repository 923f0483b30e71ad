"""Full text through the poller, on a real log and store: read first, completed, withdrawn."""

import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from despatch.errors import BadStatus, DespatchError, ServerAway, Throttled, TooLarge
from despatch.model import Change, Linked, Revision, SourceId
from despatch.ports import DocumentRecord
from ingest.article import Article
from ingest.documents import read_all
from ingest.page import read_page
from ingest.reading import Ask, DocumentReader

FEED = "https://www.gov.uk/search/news.atom"
NEWS = "https://www.gov.uk/government/news/visas"
RECORD = "https://www.gov.uk/api/content/government/news/visas"
PAGE = "https://example.gov/visas"

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


async def extract_here(body: bytes, content_type: str, address: str) -> Article:
    """Find an article without a child process."""
    return read_page(body, content_type, address)


def feed(summary: str = "In short.", *, link: str = NEWS, updated: str = "2026-03-02") -> bytes:
    """Return an Atom feed of one entry."""
    entry = (
        f"<entry><id>tag:x,2026:visas</id><title>Visas</title><link href='{link}'/>"
        f"<updated>{updated}T11:00:00Z</updated><summary>{summary}</summary></entry>"
    )
    return f"<feed xmlns='http://www.w3.org/2005/Atom'><title>x</title>{entry}</feed>".encode()


def record(body: str = "The rules change in spring.", **changed: Any) -> bytes:
    """Return a content item as GOV.UK's Content API gives it."""
    item: dict[str, Any] = {
        "base_path": "/government/news/visas",
        "content_id": "00000000-0000-4000-8000-000000000000",
        "document_type": "press_release",
        "schema_name": "news_article",
        "locale": "en",
        "title": "New rules for visas",
        "description": "In short.",
        "first_published_at": "2026-03-02T11:00:00.000+00:00",
        "public_updated_at": "2026-03-02T11:00:00.000+00:00",
        "updated_at": "2026-03-02T11:00:00.000Z",
        "details": {
            "body": f'<div class="govspeak"><p>{body}</p></div>',
            "change_history": [
                {"public_timestamp": "2026-03-02T11:00:00.000+00:00", "note": "First published."}
            ],
        },
        "links": {
            "organisations": [
                {"title": "Home Office", "base_path": "/government/organisations/home-office"}
            ]
        },
        "withdrawn_notice": {},
    }
    return json.dumps(item | changed).encode()


def page(words: str) -> bytes:
    text = f"<p>{words} {'More of it stands here, and it is long enough. ' * 8}</p>" * 3
    menu = "<nav><a href='/'>Home</a></nav>"
    return f"<html lang='en'>{menu}<main><article>{text}</article></main></html>".encode()


NOTICE = {"explanation": "<p>Out of date.</p>", "withdrawn_at": "2026-03-02T12:00:00Z"}


class Told:
    """An installation with one source, polled and read again by the clock."""

    def __init__(self, here: Any, **settings: Any) -> None:
        self.here = here
        self.source: SourceId = here.add(**({"address": FEED} | settings))

    def serve(self, address: str, *answers: bytes | DespatchError, **options: Any) -> None:
        kind = "text/html" if address == PAGE else "application/json"
        self.here.fetcher.will(address, *answers, **({"content_type": kind} | options))

    def poll(self, **changed: Any) -> None:
        """Poll what is due, and read again what is due."""
        poller = self.here.poller(extract=extract_here, **changed)
        asyncio.run(poller.poll_once(everything=True))

    def later(self, by: timedelta, **changed: Any) -> None:
        self.here.clock.move(by)
        self.poll(**changed)

    def causes(self) -> list[str]:
        return [revision.cause for revision in self.revisions()]

    def revisions(self) -> list[Revision]:
        found: list[Revision] = sorted(self.here.published(), key=lambda one: one.number)
        return found

    def document(self) -> DocumentRecord:
        with self.here.store.transaction() as tx:
            (document,) = tx.documents_of(self.revisions()[0].release.id)
        kept: DocumentRecord = document
        return kept

    def asked(self, address: str) -> int:
        return [one.address for one in self.here.fetcher.asked].count(address)


@pytest.fixture
def govuk(here: Any) -> Told:
    told = Told(here)
    told.serve(FEED, feed())
    told.serve(RECORD, record())
    return told


@pytest.fixture
def site(here: Any) -> Told:
    told = Told(here, address=FEED, full_text="page")
    told.serve(FEED, feed(link=PAGE))
    return told


def test_a_release_goes_out_with_the_text_of_its_document(govuk: Told) -> None:
    govuk.poll()

    (revision,) = govuk.revisions()
    release = revision.release
    assert (revision.cause, release.text_kind, release.text_from) == ("new", "full", "api")
    assert release.title == "New rules for visas"
    assert release.text == "In short.\n\nThe rules change in spring."
    assert (release.address, release.entry) == (NEWS, "tag:x,2026:visas")
    assert release.details is not None
    assert release.details.document_type == "press_release"
    assert release.details.organisations == (
        Linked(
            title="Home Office",
            address="https://www.gov.uk/government/organisations/home-office",
        ),
    )
    assert [change.note for change in release.details.changes] == ["First published."]
    assert isinstance(release.details.changes[0], Change)


def test_it_is_traced_to_the_bytes_of_its_document(govuk: Told) -> None:
    govuk.poll()

    (revision,) = govuk.revisions()
    assert revision.fetched.address == RECORD
    with govuk.here.store.transaction() as tx:
        assert tx.body(revision.fetched.body_sha256) == record()


def test_a_feed_that_says_the_same_again_is_unchanged_and_asks_for_nothing(govuk: Told) -> None:
    govuk.serve(FEED, feed(), feed() + b" ")
    govuk.poll()
    govuk.later(MINUTE)

    assert govuk.causes() == ["new"]
    assert govuk.asked(RECORD) == 1


def test_a_document_that_is_away_sends_a_summary_ahead_and_completes_it_later(govuk: Told) -> None:
    govuk.serve(RECORD, ServerAway("timeout: …"), ServerAway("timeout: …"), record())
    govuk.poll()
    first = govuk.revisions()[0].release
    assert (govuk.causes(), first.text_kind, first.text) == (["new"], "summary", "In short.")
    assert govuk.document().outcome == "timeout: …"

    govuk.later(4 * MINUTE)
    assert govuk.asked(RECORD) == 1
    govuk.later(MINUTE)
    assert (govuk.asked(RECORD), govuk.document().tries) == (2, 2)
    govuk.later(14 * MINUTE)
    assert govuk.asked(RECORD) == 2
    govuk.later(MINUTE)

    assert govuk.causes() == ["new", "completed"]
    completed = govuk.revisions()[1]
    assert completed.release.text.endswith("The rules change in spring.")
    assert completed.replaces == govuk.revisions()[0].fingerprint
    assert completed.release.details is not None
    assert govuk.document().tries == 0


def test_a_source_that_does_not_want_it_is_not_completed(here: Any) -> None:
    told = Told(here, complete_later=False)
    told.serve(FEED, feed())
    told.serve(RECORD, ServerAway("timeout: …"), record())
    told.poll()
    told.later(24 * HOUR)

    assert told.causes() == ["new"]
    assert told.asked(RECORD) == 1


def test_a_source_without_full_text_asks_for_no_document(here: Any) -> None:
    told = Told(here, full_text="none")
    told.serve(FEED, feed())
    told.poll()

    assert told.asked(RECORD) == 0
    assert told.revisions()[0].release.text == "In short."


def test_another_summary_has_the_document_read_at_once(govuk: Told) -> None:
    govuk.serve(FEED, feed(), feed("In other words."))
    govuk.serve(RECORD, record(), record("The rules change in summer."))
    govuk.poll()
    govuk.later(MINUTE)

    assert govuk.causes() == ["new", "revised"]
    assert govuk.revisions()[1].release.text.endswith("in summer.")


def test_a_site_that_wants_to_be_left_alone_is_left_alone_by_polls_too(govuk: Told) -> None:
    govuk.serve(RECORD, record())
    govuk.poll()
    govuk.serve(RECORD, Throttled("http 429", retry_after=HOUR, host="www.gov.uk", asked=True))
    govuk.later(2 * HOUR)
    asked = len(govuk.here.fetcher.asked)
    govuk.later(59 * MINUTE)

    assert len(govuk.here.fetcher.asked) == asked
    assert govuk.here.due(govuk.source).why.startswith("www.gov.uk asked to be left alone for 1 h")


def test_a_quiet_edit_is_found_when_the_document_is_read_again(govuk: Told) -> None:
    govuk.serve(RECORD, record(), record(), record("The rules change in summer."), etag='"1"')
    govuk.poll()
    govuk.later(59 * MINUTE)
    assert govuk.asked(RECORD) == 1
    govuk.later(MINUTE)
    assert (govuk.asked(RECORD), govuk.document().outcome) == (2, "unchanged")
    govuk.serve(RECORD, record("The rules change in summer."), etag='"2"')
    govuk.later(4 * HOUR)
    assert govuk.causes() == ["new"]
    govuk.later(HOUR)

    assert govuk.causes() == ["new", "revised"]
    assert govuk.document().outcome == "revised: its document was changed"


def test_a_withdrawal_is_told_and_so_is_the_return(govuk: Told) -> None:
    govuk.poll()
    govuk.serve(RECORD, record(withdrawn_notice=NOTICE))
    govuk.later(HOUR)
    govuk.serve(FEED, feed("Withdrawn, and still in the feed."))
    govuk.later(MINUTE)
    assert govuk.causes() == ["new", "withdrawn"]
    withdrawn = govuk.revisions()[1].release
    assert (withdrawn.status, withdrawn.text.split()[0]) == ("withdrawn", "In")
    assert withdrawn.details is not None
    assert withdrawn.details.withdrawn_why == "Out of date."

    govuk.serve(RECORD, record())
    govuk.later(HOUR)

    assert govuk.causes() == ["new", "withdrawn", "restored"]


@pytest.mark.parametrize(
    "answers",
    [
        {RECORD: BadStatus("http 410: …", status=410, address=RECORD, body=b"{}")},
        {RECORD: record(schema_name="redirect", redirects=[])},
        {
            RECORD: record(
                schema_name="redirect",
                redirects=[
                    {
                        "path": "/government/news/visas",
                        "type": "exact",
                        "destination": "/government/news/nothing",
                    }
                ],
            )
        },
    ],
    ids=["410", "a redirect to nowhere", "a redirect to a 404"],
)
def test_a_document_that_is_gone_is_withdrawn_once(
    govuk: Told, answers: dict[str, bytes | DespatchError]
) -> None:
    govuk.poll()
    for address, answer in answers.items():
        govuk.serve(address, answer)
    for _ in range(3):
        govuk.later(6 * HOUR)

    assert govuk.causes() == ["new", "withdrawn"]
    withdrawn = govuk.revisions()[1].release
    assert (withdrawn.title, withdrawn.text, withdrawn.status) == (
        "New rules for visas",
        "",
        "withdrawn",
    )
    assert govuk.document().outcome.startswith("still gone")


def test_a_redirect_to_another_document_is_noted_and_nobodys_news(govuk: Told) -> None:
    govuk.poll()
    to = {"path": "/government/news/visas", "type": "exact", "destination": "/guidance/visas"}
    govuk.serve(RECORD, record(schema_name="redirect", redirects=[to]))
    there = "https://www.gov.uk/api/content/guidance/visas"
    govuk.serve(there, record("Something else.", base_path="/guidance/visas"))
    govuk.later(HOUR)

    assert govuk.causes() == ["new"]
    assert govuk.document().moved_to == "https://www.gov.uk/guidance/visas"


def test_a_page_is_read_for_its_article(site: Told) -> None:
    site.serve(PAGE, page("The rules change in spring."))
    site.poll()

    (revision,) = site.revisions()
    assert revision.release.text_from == "page"
    assert revision.release.title == "Visas"
    assert revision.release.text.startswith("The rules change in spring.")
    assert revision.release.details is None


def test_a_page_that_fails_for_a_while_completes_its_summary(site: Told) -> None:
    site.poll()
    assert site.revisions()[0].release.text == "In short."
    site.serve(PAGE, page("The rules change in spring."))
    site.later(5 * MINUTE)

    assert site.causes() == ["new", "completed"]


def test_a_page_takes_the_title_that_its_feed_gives_it(site: Told) -> None:
    site.serve(PAGE, page("The rules change in spring."))
    site.poll()
    site.serve(FEED, feed(link=PAGE).replace(b"Visas", b"Visas and permits"))
    site.later(MINUTE)

    assert site.causes() == ["new", "revised"]
    assert site.revisions()[1].release.title == "Visas and permits"


class Killed(BaseException):
    """The process ends here."""


def test_killed_before_a_poll_is_saved_it_repeats_with_the_same_id(govuk: Told) -> None:
    made_ready = None
    store = govuk.here.failing_store(govuk.here.store, keep=[made_ready, Killed()])
    with pytest.raises(Killed):
        govuk.poll(store=store)
    govuk.later(10 * MINUTE)

    assert [revision.release.text_from for revision in govuk.revisions()] == ["api", "api"]
    assert len({revision.id for revision in govuk.revisions()}) == 1
    assert govuk.document().outcome == "read in full"


def test_killed_before_a_reading_is_saved_it_repeats_with_the_same_id(govuk: Told) -> None:
    govuk.poll()
    govuk.serve(RECORD, record("The rules change in summer."))
    store = govuk.here.failing_store(govuk.here.store, save_document=[Killed()])
    with pytest.raises(Killed):
        govuk.later(HOUR, store=store)
    govuk.later(10 * MINUTE)

    assert govuk.causes() == ["new", "revised", "revised"]
    assert len({revision.id for revision in govuk.revisions()}) == 2


def test_a_source_that_another_polls_just_now_is_not_told_of_meanwhile(govuk: Told) -> None:
    govuk.poll()
    govuk.serve(RECORD, record("The rules change in summer."))
    govuk.here.clock.move(HOUR)
    govuk.here.lease(govuk.source, "another poller")
    govuk.poll()
    assert govuk.causes() == ["new"]

    govuk.later(5 * MINUTE)

    assert govuk.causes() == ["new", "revised"]


def test_a_paused_source_has_nothing_read_again(govuk: Told) -> None:
    govuk.poll()
    with govuk.here.store.transaction() as tx:
        tx.set_source_state(govuk.source, "paused")
    govuk.later(HOUR)

    assert govuk.asked(RECORD) == 1


def many(count: int) -> bytes:
    """Return a feed of so many releases."""
    entries = [feed(link=f"{NEWS}-{n}").split(b"<title>x</title>")[1] for n in range(count)]
    named = [one.replace(b"visas</id>", b"%d</id>" % n) for n, one in enumerate(entries)]
    head, end = feed().split(b"<entry>")[0], b"</feed>"
    return head + b"".join(one.removesuffix(end) for one in named) + end


def test_a_host_that_gives_no_document_any_more_is_an_alarm_until_it_does(govuk: Told) -> None:
    govuk.serve(FEED, many(3))
    for n in range(3):
        govuk.serve(f"{RECORD}-{n}", ServerAway("timeout: …"))
    govuk.poll()
    for wait in (5, 15):
        assert govuk.here.alarms.opened == {}
        govuk.later(wait * MINUTE)
    assert list(govuk.here.alarms.opened) == ["documents of www.gov.uk"]

    govuk.serve(f"{RECORD}-1", record(base_path="/government/news/visas-1"))
    govuk.later(45 * MINUTE)

    assert govuk.here.alarms.closed == ["documents of www.gov.uk"]


def test_told_to_stop_the_documents_in_hand_are_given_back(govuk: Told) -> None:
    """At once, and their host with them: as with sources, nobody waits until a lease runs out."""
    govuk.poll()
    here = govuk.here
    here.clock.move(timedelta(days=1))

    async def stopped() -> None:
        stop = asyncio.Event()

        class Feeds:
            async def get(self, address: str, *args: Any, **options: Any) -> Any:
                if address != FEED:
                    stop.set()
                    await asyncio.Event().wait()
                return await here.fetcher.get(address, *args, **options)

        await here.poller(fetcher=Feeds()).poll_once(stop=stop)

    asyncio.run(stopped())

    with here.store.transaction() as tx:
        free = tx.lease_documents("another", here.clock.now(), HOUR, 9, a_host=9)
    assert [document.link for document in free] == [NEWS]


def test_a_fault_of_ours_costs_its_document_a_wait_and_not_the_poller(site: Told) -> None:
    async def fall_over(_body: bytes, _type: str, _address: str) -> Article:
        raise ZeroDivisionError

    site.poll()
    site.serve(PAGE, page("The rules change in spring."))
    site.here.clock.move(5 * MINUTE)
    asyncio.run(site.here.poller(extract=fall_over).poll_once())

    assert site.document().outcome.startswith("fault in Despatch: ZeroDivisionError")
    site.later(HOUR)
    assert site.causes() == ["new", "completed"]


def test_a_revision_that_can_never_be_published_costs_its_document_a_wait(govuk: Told) -> None:
    govuk.poll()
    govuk.serve(RECORD, record("The rules change in summer."))
    govuk.later(HOUR, bus=govuk.here.failing(govuk.here.bus, publish=[TooLarge("700,001 bytes")]))

    assert "700,001 bytes" in govuk.document().outcome
    assert govuk.causes() == ["new"]


def test_a_poller_that_runs_reads_again_beside_its_polls(here: Any) -> None:
    govuk = Told(here, every=24 * 3_600)  # else it may be polled just then, and have to wait
    govuk.serve(FEED, feed())
    govuk.serve(RECORD, record())
    govuk.poll()
    govuk.serve(RECORD, record("The rules change in summer."))
    govuk.here.clock.move(HOUR)

    async def serve() -> None:
        stop = asyncio.Event()
        running = asyncio.create_task(govuk.here.poller(extract=extract_here).run(stop))
        while len(govuk.revisions()) < 2 and not running.done():
            await asyncio.sleep(0.02)
        stop.set()
        await running

    asyncio.run(asyncio.wait_for(serve(), 60))

    assert govuk.causes() == ["new", "revised"]


def test_what_is_not_read_within_the_deadline_is_left_out(here: Any) -> None:
    class Slow:
        async def get(self, address: str, *_given: object, **_options: object) -> Any:
            if address.endswith("slow"):
                await asyncio.sleep(60)
            return await here.fetcher.get(address)

    asks = [Ask(f"https://www.gov.uk/{name}", "govuk", RECORD[:30]) for name in ("slow", "quick")]
    here.fetcher.will(f"{RECORD[:30]}/quick", record())
    kept: list[str] = []

    async def keep() -> None:
        kept.append("kept")

    async def work() -> Sequence[str]:
        reader = DocumentReader(Slow(), extract_here, here.clock)
        found = await read_all(
            asks,
            reader,
            deadline=timedelta(seconds=0.3),
            every=timedelta(seconds=0.1),
            meanwhile=keep,
        )
        return list(found)

    assert asyncio.run(work()) == ["https://www.gov.uk/quick"]
    assert len(kept) >= 2


def test_documents_that_are_too_large_together_are_left_for_later(here: Any) -> None:
    api = "https://www.gov.uk/api"
    asks = [Ask(f"https://www.gov.uk/{n}", "govuk", api) for n in range(8)]
    for n in range(8):
        here.fetcher.will(f"{api}/{n}", record("x" * 9_000_000))

    async def keep() -> None:
        """There is no lease."""

    async def work() -> int:
        reader = DocumentReader(here.fetcher, extract_here, here.clock)
        found = await read_all(
            asks, reader, deadline=HOUR, every=timedelta(seconds=1), meanwhile=keep
        )
        return len(found)

    assert 4 <= asyncio.run(work()) < 8
