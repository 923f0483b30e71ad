"""What publishers ask of those who poll, in headers and in feeds."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from despatch.ports import Response
from ingest.feedparse import parse_feed
from ingest.hints import (
    MOMENTS,
    Hints,
    hints_of_answer,
    kept_hints,
    newest_moments,
    to_keep,
)

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOUR_AGO = "Mon, 02 Mar 2026 11:00:00 GMT"
NOON = "Mon, 02 Mar 2026 12:00:00 GMT"
IN_AN_HOUR = "Mon, 02 Mar 2026 13:00:00 GMT"


def answer(*headers: tuple[str, str], status: int = 200) -> Response:
    return Response("https://example.gov/feed", status, b"", NOW, headers)


def feed(inside: str, root: str = "<rss version='2.0' xmlns:sy='%s'>") -> Hints:
    syndication = "http://purl.org/rss/1.0/modules/syndication/"
    item = "<item><title>A release</title></item>"
    text = f"{root % syndication}<channel><title>x</title>{inside}{item}</channel></rss>"
    return parse_feed(text.encode(), "application/rss+xml", "https://example.gov/feed").hints


@pytest.mark.parametrize(
    "headers,seconds,by",
    [
        ([], None, ""),
        ([("Cache-Control", "max-age=300, public")], 300, "Cache-Control"),
        ([("cache-control", 'MAX-AGE="300"')], 300, "Cache-Control"),
        ([("Cache-Control", "public"), ("Cache-Control", "max-age=60")], 60, "Cache-Control"),
        ([("Cache-Control", "max-age=60, max-age=600")], 60, "Cache-Control"),
        ([("Cache-Control", "s-maxage=600, stale-while-revalidate=60")], None, ""),
        ([("Cache-Control", "no-cache, max-age=7200")], None, "Cache-Control"),
        ([("Cache-Control", "max-age=7200, no-store")], None, "Cache-Control"),
        ([("Cache-Control", 'no-cache="Set-Cookie", max-age=60')], 60, "Cache-Control"),
        ([("Cache-Control", "max-age=soon")], None, "Cache-Control"),
        ([("Cache-Control", "max-age=-1")], None, "Cache-Control"),
        ([("Cache-Control", "max-age")], None, "Cache-Control"),
        ([("Cache-Control", '="", ,;=')], None, ""),
        ([("Expires", IN_AN_HOUR), ("Date", NOON)], 3600, "Expires"),
        ([("Expires", IN_AN_HOUR), ("Date", HOUR_AGO)], 7200, "Expires"),
        ([("Expires", IN_AN_HOUR)], 3600, "Expires"),
        ([("Expires", HOUR_AGO), ("Date", NOON)], None, "Expires"),
        ([("Expires", "0")], None, "Expires"),
        ([("Expires", "Mon, 99 Foo 2026 13:00:00 GMT")], None, "Expires"),
        ([("Expires", IN_AN_HOUR), ("Cache-Control", "max-age=60")], 60, "Cache-Control"),
        ([("Expires", IN_AN_HOUR), ("Cache-Control", "private")], 3600, "Expires"),
        ([("Expires", IN_AN_HOUR), ("Cache-Control", "no-cache")], None, "Cache-Control"),
    ],
)
def test_how_long_an_answer_is_fresh_is_read_as_the_standard_says(
    headers: list[tuple[str, str]], seconds: int | None, by: str
) -> None:
    """RFC 9111 §4.2.1 and §5.2.2: max-age before Expires, and neither beside no-cache."""
    found = hints_of_answer(answer(*headers), Hints())

    assert found.lifetime == (None if seconds is None else timedelta(seconds=seconds))
    assert found.lifetime_from == by


@pytest.mark.parametrize("age,seconds", [("120", 120), (" 7 ", 7), ("-5", 0), ("old", 0)])
def test_the_time_that_an_answer_lay_in_caches_is_read(age: str, seconds: int) -> None:
    assert hints_of_answer(answer(("Age", age)), Hints()).age == timedelta(seconds=seconds)


def test_a_304_that_says_nothing_of_freshness_leaves_it_as_it_was() -> None:
    known = Hints(lifetime=HOUR, lifetime_from="Cache-Control", ttl=HOUR, age=HOUR)

    silent = hints_of_answer(answer(status=304), known)
    spoken = hints_of_answer(answer(("Cache-Control", "max-age=60"), status=304), known)
    anew = hints_of_answer(answer(), known)

    assert (silent.lifetime, silent.lifetime_from, silent.age) == (HOUR, "Cache-Control", 0 * HOUR)
    assert spoken.lifetime == timedelta(seconds=60)
    assert (anew.lifetime, anew.ttl) == (None, HOUR)


@given(st.lists(st.tuples(st.sampled_from(["Cache-Control", "Expires", "Date", "Age"]), st.text())))
def test_whatever_a_header_holds_is_read_without_an_error(headers: list[tuple[str, str]]) -> None:
    found = hints_of_answer(answer(*headers), Hints())

    assert found.lifetime is None or found.lifetime >= timedelta(0)
    assert found.age >= timedelta(0)


@pytest.mark.parametrize(
    "inside,hints",
    [
        ("", Hints()),
        ("<ttl>60</ttl>", Hints(ttl=HOUR)),
        ("<ttl> 1440\n</ttl>", Hints(ttl=24 * HOUR)),
        ("<ttl>0</ttl>", Hints()),
        ("<ttl>often</ttl>", Hints()),
        ("<sy:updatePeriod> hourly </sy:updatePeriod>", Hints(period=HOUR)),
        ("<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>",
         Hints(period=6 * HOUR)),
        ("<sy:updateFrequency>2</sy:updateFrequency>", Hints(period=12 * HOUR)),
        ("<sy:updatePeriod>weekly</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>",
         Hints()),
        ("<sy:updatePeriod>sometimes</sy:updatePeriod>", Hints()),
        ("<skipHours><hour>23</hour><hour> 0 </hour><hour>24</hour><hour>1</hour></skipHours>",
         Hints(skip_hours=(0, 1, 23))),
        ("<skipDays><day>Sunday</day><day>saturday</day><day>Caturday</day></skipDays>",
         Hints(skip_days=(5, 6))),
        ("<skipHours>", Hints()),
    ],
)  # fmt: skip
def test_what_a_feed_asks_for_is_read(inside: str, hints: Hints) -> None:
    assert feed(inside) == hints


def test_an_atom_feed_may_use_the_syndication_module_too() -> None:
    text = (
        "<feed xmlns='http://www.w3.org/2005/Atom' "
        "xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'>"
        "<sy:updatePeriod>hourly</sy:updatePeriod><entry><title>x</title></entry></feed>"
    )

    parsed = parse_feed(text.encode(), "application/atom+xml", "https://example.gov/feed")

    assert parsed.hints == Hints(period=HOUR)


def test_a_feed_full_of_openings_costs_nothing() -> None:
    assert feed("<skipHours><hour>1</hour>" + "<skipHours>" * 50_000).skip_hours == (1,)


def test_the_newest_moments_are_kept_once_and_none_to_come() -> None:
    known = [NOW - HOUR * n for n in range(MOMENTS)]

    found = newest_moments(known, [NOW, NOW + HOUR, None, NOW - HOUR * 50], NOW)

    assert found == tuple(sorted(known))
    assert newest_moments([], [], NOW) == ()


waits = st.none() | st.timedeltas(timedelta(0), timedelta(days=400))


@given(
    st.builds(
        Hints,
        lifetime=waits,
        lifetime_from=st.sampled_from(["", "Cache-Control", "Expires"]),
        ttl=waits,
        period=waits,
        skip_hours=st.sets(st.integers(0, 23)).map(lambda some: tuple(sorted(some))),
        moments=st.lists(st.datetimes(timezones=st.just(UTC)), max_size=MOMENTS).map(tuple),
    )
)
def test_hints_come_back_from_the_cursor_as_they_were(hints: Hints) -> None:
    kept: dict[str, Any] = {"hints": to_keep(hints)}

    assert kept_hints(kept) == hints._replace(age=timedelta(0))
    assert to_keep(kept_hints(kept)) == kept["hints"], "an equal poll must not look like a change"


def test_a_source_that_keeps_no_hints_has_none() -> None:
    assert kept_hints({}) == Hints()
    assert to_keep(Hints()) == {}
