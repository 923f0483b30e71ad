"""A poller that finds a gap pages back, tells what it finds as late, and says what it did not."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Any

import pytest

from despatch.errors import ServerAway
from despatch.model import SourceId
from despatch.ports import Gap
from despatch.testing import Answer, LoopbackServer
from ingest.http import HttpFetcher
from ingest.watch import MOST_TRIES

QUARTER = timedelta(minutes=15)
FINDER = "https://www.gov.uk/search/news-and-communications.atom?organisations[]=home-office"
PAGE_2 = FINDER.replace("[]", "%5B%5D") + "&page=2"
API = "https://www.gov.uk/api/search.json"


def feed(numbers: Sequence[int], now: datetime, links: str = "") -> bytes:
    """Return an Atom feed of releases; the fourth was published at `now`, one each minute."""
    entries = "".join(
        f"<entry><id>tag:www.gov.uk,2005:/n/{n}</id><title>Release {n}</title>"
        f"<link rel='alternate' href='https://www.gov.uk/n/{n}'/>"
        f"<updated>{date(n, now)}</updated><summary>What {n} says.</summary></entry>"
        for n in numbers
    )
    return f"<feed xmlns='http://www.w3.org/2005/Atom'>{links}{entries}</feed>".encode()


def date(number: int, now: datetime) -> str:
    return (now + (number - 4) * timedelta(minutes=1)).isoformat()


def listed(numbers: Sequence[int], now: datetime, total: int | None = None) -> bytes:
    """Return an answer of the search API."""
    rows = [
        {
            "title": f"Release {n}",
            "link": f"/n/{n}",
            "description": f"What {n} says, in the words of the search.",
            "public_timestamp": date(n, now),
        }
        for n in numbers
    ]
    return json.dumps({"results": rows, "total": total or len(rows)}).encode()


class Story:
    """A feed of four entries, polled twice; between the polls eight releases were published."""

    def __init__(self, here: Any, address: str = FINDER, **settings: Any) -> None:
        self.here = here
        self.address = address
        self.now = here.clock.now()
        self.source: SourceId = here.add("govuk", address=address, **settings)

    def poll(self, numbers: Sequence[int], links: str = "") -> Any:
        self.here.fetcher.will(self.address, feed(numbers, self.now, links))
        report = self.here.poll(self.source)
        self.here.clock.move(QUARTER)
        return report

    def gaps(self) -> Sequence[Gap]:
        with self.here.store.transaction() as tx:
            found: Sequence[Gap] = tx.gaps(open_only=False)
            return found

    def told(self) -> Mapping[str, bool]:
        """Return each published release, and whether it is late."""
        return {r.release.title: r.late for r in self.here.published()}


def late(*numbers: int) -> dict[str, bool]:
    return {f"Release {n}": True for n in numbers}


def fresh(*numbers: int) -> dict[str, bool]:
    return {f"Release {n}": False for n in numbers}


def test_page_by_page_a_govuk_finder_is_read_back_until_it_meets_what_is_known(here: Any) -> None:
    story = Story(here)
    here.fetcher.will(PAGE_2, feed([8, 7, 6, 5], story.now))
    here.fetcher.will(PAGE_2.replace("page=2", "page=3"), feed([4, 3, 2, 1], story.now))
    story.poll([4, 3, 2, 1])

    report = story.poll([12, 11, 10, 9])

    assert (report.outcome, report.new, report.late, report.gaps) == ("fetched", 8, 4, 1)
    assert story.told() == fresh(1, 2, 3, 4, 9, 10, 11, 12) | late(5, 6, 7, 8)
    (gap,) = story.gaps()
    assert (gap.state, gap.tries, gap.late) == ("repaired", 1, 4)
    assert gap.since == story.now
    assert gap.until.isoformat() == date(9, story.now)
    assert here.alarms.opened == {}


def test_a_feed_that_links_to_its_older_entries_is_followed(here: Any) -> None:
    """RFC 5005: an archive before this document, or the next page."""
    story = Story(here, "https://example.gov/feed.atom")
    next_ = "https://example.gov/feed.atom?before=9"
    here.fetcher.will(
        next_, feed([8, 7, 6, 5], story.now, "<link rel='prev-archive' href='/archive/1.atom'/>")
    )
    here.fetcher.will("https://example.gov/archive/1.atom", feed([5, 4, 3, 2], story.now))
    story.poll([4, 3, 2, 1])

    report = story.poll([12, 11, 10, 9], "<link rel='next' href='?before=9'/>")

    assert report.late == 4
    assert [gap.state for gap in story.gaps()] == ["repaired"]


def test_the_search_api_lists_what_an_organisations_feed_has_passed_over(here: Any) -> None:
    story = Story(here, "https://www.gov.uk/government/organisations/home-office.atom")
    story.poll([4, 3, 2, 1])
    day_before = (story.now - timedelta(days=1)).date()
    asked = (
        f"{API}?reject_content_purpose_supergroup=other&filter_organisations%5B%5D=home-office"
        f"&filter_public_timestamp=from%3A{day_before}&order=-public_timestamp"
        "&fields=title%2Clink%2Cdescription%2Cpublic_timestamp&count=200&start="
    )
    here.fetcher.will(asked + "0", listed([12, 11, 10, 9, 8, 7, 6], story.now, total=12))
    here.fetcher.will(asked + "7", listed([5, 4, 3, 2, 1], story.now, total=12))

    report = story.poll([12, 11, 10, 9])

    assert (report.new, report.late) == (8, 4)
    assert story.told() == fresh(1, 2, 3, 4, 9, 10, 11, 12) | late(5, 6, 7, 8)
    assert {r.release.title: r.release.text for r in here.published()}["Release 4"] == (
        "What 4 says."
    )
    assert [gap.state for gap in story.gaps()] == ["repaired"]


def test_any_feed_can_be_told_which_parameter_pages_back(here: Any) -> None:
    story = Story(here, "https://example.gov/feed/", page_parameter="paged")
    here.fetcher.will("https://example.gov/feed/?paged=2", feed([8, 7, 6, 5, 4], story.now))
    story.poll([4, 3, 2, 1])

    assert story.poll([12, 11, 10, 9]).late == 4


def test_a_gap_that_cannot_be_repaired_is_an_alarm_that_says_from_when_to_when(here: Any) -> None:
    story = Story(here, "https://example.gov/feed.atom")
    story.poll([4, 3, 2, 1])

    report = story.poll([12, 11, 10, 9])

    assert (report.outcome, report.gaps, report.late) == ("fetched", 1, 0)
    (gap,) = story.gaps()
    assert gap.state == "open"
    text = here.alarms.opened[f"gap {gap.id} of govuk"]
    assert "from 02 March 2026, 12:00 UTC to 02 March 2026, 12:05 UTC" in text
    assert f"despatch gaps close {gap.id}" in text


def test_a_server_that_gives_the_same_page_whatever_number_is_asked_for_repairs_nothing(
    here: Any,
) -> None:
    story = Story(here, "https://example.gov/feed.atom", page_parameter="page")
    story.poll([4, 3, 2, 1])
    for number in range(2, 30):
        here.fetcher.will(f"{story.address}?page={number}", feed([12, 11, 10, 9], story.now))

    story.poll([12, 11, 10, 9])

    (gap,) = story.gaps()
    assert gap.state == "open"
    assert len(here.fetcher.asked) < 8


def test_links_that_lead_in_a_circle_are_followed_once(here: Any) -> None:
    story = Story(here, "https://example.gov/feed.atom")
    circle = "<link rel='next' href='https://example.gov/feed.atom?2'/>"
    here.fetcher.will("https://example.gov/feed.atom?2", feed([8, 7], story.now, circle))
    story.poll([4, 3, 2, 1])

    report = story.poll([12, 11, 10, 9], circle)

    assert (report.late, len(here.fetcher.asked)) == (2, 3)
    assert [gap.state for gap in story.gaps()] == ["open"]


def test_a_repair_that_failed_is_tried_again_at_the_next_polls_though_nothing_moved(
    here: Any,
) -> None:
    story = Story(here)
    story.poll([4, 3, 2, 1])
    here.fetcher.will(PAGE_2, ServerAway("http 503: not now"), feed([8, 7, 6, 5, 4], story.now))
    assert story.poll([12, 11, 10, 9]).late == 0
    assert list(here.alarms.opened) == [f"gap {story.gaps()[0].id} of govuk"]

    report = story.poll([12, 11, 10, 9])

    assert (report.outcome, report.new, report.late) == ("unchanged", 4, 4)
    assert [(gap.state, gap.tries) for gap in story.gaps()] == [("repaired", 2)]
    assert here.alarms.opened == {}


def test_a_repair_is_not_tried_for_ever(here: Any) -> None:
    story = Story(here)
    story.poll([4, 3, 2, 1])

    for _ in range(MOST_TRIES + 3):
        story.poll([12, 11, 10, 9])

    assert [(gap.state, gap.tries) for gap in story.gaps()] == [("open", MOST_TRIES)]


def test_killed_within_a_repair_it_begins_again_and_does_not_stop_at_what_it_found(
    here: Any,
) -> None:
    story = Story(here)
    story.poll([4, 3, 2, 1])
    for page, numbers in ((2, [8, 7]), (3, [6, 5]), (4, [4, 3])):
        here.fetcher.will(PAGE_2.replace("page=2", f"page={page}"), feed(numbers, story.now))
    here.fetcher.will(story.address, feed([12, 11, 10, 9], story.now))
    store = here.failing_store(here.store, keep=[None, None, Killed()])

    with pytest.raises(Killed):
        here.poll(story.source, store=store)
    assert story.told()["Release 7"]
    report = story.poll([12, 11, 10, 9])

    assert report.late == 2
    assert story.told() == fresh(1, 2, 3, 4, 9, 10, 11, 12) | late(5, 6, 7, 8)
    assert [gap.state for gap in story.gaps()] == ["repaired"]


def test_killed_before_a_window_is_kept_its_gap_is_found_again(here: Any) -> None:
    story = Story(here)
    story.poll([4, 3, 2, 1])
    here.fetcher.will(story.address, feed([12, 11, 10, 9], story.now))

    with pytest.raises(Killed):
        here.poll(story.source, store=here.failing_store(here.store, keep=[Killed()]))
    assert story.gaps() == []
    report = story.poll([12, 11, 10, 9])

    assert (report.gaps, len(story.gaps())) == (1, 1)


def test_a_gap_that_a_person_has_seen_to_is_tried_no_more(here: Any) -> None:
    story = Story(here)
    story.poll([4, 3, 2, 1])
    story.poll([12, 11, 10, 9])
    (gap,) = story.gaps()
    with here.store.transaction() as tx:
        tx.settle_gap(gap.id, here.clock.now())
    asked = len(here.fetcher.asked)

    story.poll([12, 11, 10, 9])

    assert len(here.fetcher.asked) == asked + 1


def test_first_contact_an_empty_start_and_an_empty_feed_are_no_gaps(here: Any) -> None:
    story = Story(here, "https://example.gov/feed.atom")

    reports = [story.poll(numbers) for numbers in ([], [4, 3, 2, 1], [], [5, 4, 3])]

    assert [report.gaps for report in reports] == [0, 0, 0, 0]


def test_once_a_day_the_search_api_is_asked_for_what_the_feed_never_showed(here: Any) -> None:
    """The first time a day after first contact; what is too young may still come by the feed."""
    story = Story(here, search_api="https://api.example.gov/search.json")
    story.poll([4, 3, 2, 1])
    here.clock.move(timedelta(days=1))
    start = (here.clock.now() - timedelta(days=4)).date()
    asked = (
        "https://api.example.gov/search.json"
        "?filter_content_purpose_supergroup%5B%5D=news_and_communications"
        f"&filter_organisations%5B%5D=home-office&filter_public_timestamp=from%3A{start}"
        "&order=-public_timestamp&fields=title%2Clink%2Cdescription%2Cpublic_timestamp"
        "&count=200&start=0"
    )
    here.fetcher.will(asked, listed([1_440, 70, 4, 3, 2, 1, -4_000], story.now))

    reports = [story.poll([4, 3, 2, 1]) for _ in range(3)]

    assert [report.late for report in reports] == [1, 0, 0]
    assert story.told() == fresh(1, 2, 3, 4) | late(70)
    assert [one.address for one in here.fetcher.asked].count(asked) == 1
    assert story.gaps() == []


class Killed(BaseException):
    """The process ends here."""


def test_over_http_it_is_read_back_and_reconciled_all_the_same(here: Any) -> None:
    """The real fetcher, and a server on loopback: the first way back fails, the search succeeds."""
    now = here.clock.now()

    async def polled() -> Any:
        async with HttpFetcher(allow_networks=[ip_network("127.0.0.0/8")], clock=here.clock) as web:
            return await here.poller(fetcher=web).poll(here.lease(source))

    with LoopbackServer() as server:
        api = server.url("/api/search.json?filter_x[]=y")
        source = here.add("govuk", address=server.url("/f"), page_parameter="p", search_api=api)
        server.will("/f", Answer(body=feed([4, 3, 2, 1], now)), Answer(body=feed([9, 8], now)))
        day = (now - timedelta(days=1)).date()
        found = server.will(
            f"/api/search.json?filter_x%5B%5D=y&filter_public_timestamp=from:{day}"
            "&order=-public_timestamp&fields=title,link,description,public_timestamp"
            "&count=200&start=0",
            Answer(body=listed([9, 8, 7, 6, 5, 4, 3], now)),
        )
        asyncio.run(polled())
        here.clock.move(QUARTER)
        report = asyncio.run(polled())

        asked = [request.path for request in server.requests]

    assert asked[2:] == ["/f?p=2", found.removeprefix(server.url(""))]
    assert (report.new, report.late, report.gaps) == (5, 3, 1)
