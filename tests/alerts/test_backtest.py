"""A backtest sends what the alert stage would have sent, and counts it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.backtest import WEEK, rate, would_send
from despatch.filter import of_themes
from despatch.frequency import frequency, limit, quiet
from despatch.model import Classified, Event
from despatch.testing.releases import SEEN, a_classified, a_release, a_revision
from despatch.testing.subscribers import a_subscriber

ALL: frozenset[Event] = frozenset({"new", "revised", "withdrawn", "restored"})
MIGRATION = of_themes("migration")
DAY = timedelta(days=1)
MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)


def observed(
    text: str = "The fee is £35.", *, number: int = 1, cause: Any = "new", **changed: Any
) -> Classified:
    revision = {name: changed.pop(name) for name in ("backlog", "replaces") if name in changed}
    themes = changed.pop("themes", ("migration",))
    release = a_release(text=text, **changed)
    at = SEEN + (number - 1) * DAY
    return a_classified(
        a_revision(release, number=number, cause=cause, observed_at=at, **revision), themes=themes
    )


def events(*observations: Classified, of: frozenset[Event] = ALL) -> list[Event]:
    return [one.event for one in would_send(observations, MIGRATION, of)]


def test_a_release_that_matches_is_sent_once_with_the_reason() -> None:
    first = observed()
    (sent,) = would_send([first, first], MIGRATION, ALL)
    assert (sent.event, sent.release) == ("new", first.revision.release.id)
    assert sent.reason == "theme migration, 90% sure: “A”"


def test_one_that_does_not_match_is_not() -> None:
    assert events(observed(themes=("trade",))) == []


def test_what_stood_there_before_its_source_counts_by_its_publication() -> None:
    published = datetime(2025, 5, 1, tzinfo=UTC)
    (sent,) = would_send([observed(backlog=True, published_at=published)], MIGRATION, ALL)
    assert sent.at == published


def test_a_change_that_matters_is_sent_as_revised_and_only_to_who_wants_it() -> None:
    before = observed()
    after = observed(
        "The fee is £38.", number=2, cause="revised", replaces=before.revision.fingerprint
    )
    assert events(before, after) == ["new", "revised"]
    assert events(before, after, of=frozenset({"new"})) == ["new"]


def test_what_is_withdrawn_is_sent_to_who_was_told() -> None:
    gone = observed(number=2, cause="withdrawn", status="withdrawn")
    assert events(observed(), gone) == ["new", "withdrawn"]
    assert events(observed(themes=("trade",)), gone.model_copy(update={"themes": ()})) == []


def test_alerts_are_counted_by_the_week() -> None:
    sent = [SEEN + days * DAY for days in (0, 1, 2, 8, 20)]
    counted = rate(sent, since=SEEN, now=SEEN + 28 * DAY)
    assert (counted.alerts, counted.messages, counted.per_week) == (5, 5, 1.25)
    assert counted.busiest_week == 3


def test_digests_are_counted_where_they_would_have_come() -> None:
    sent = [SEEN, SEEN + timedelta(hours=1), SEEN + DAY]
    counted = rate(sent, since=SEEN, now=SEEN + 7 * DAY, frequency=frequency("daily 08:30"))
    assert (counted.alerts, counted.messages) == (3, 2)


def test_less_than_a_week_is_not_stretched_to_one() -> None:
    assert rate([SEEN], since=SEEN, now=SEEN + DAY).per_week == 1


@given(st.lists(st.integers(0, 2000), max_size=30))
def test_the_busiest_week_is_the_most_that_any_seven_days_hold(hours: list[int]) -> None:
    sent = [SEEN + timedelta(hours=hour) for hour in hours]
    naive = max((sum(at <= one < at + WEEK for one in sent) for at in sent), default=0)
    assert rate(sent, since=SEEN, now=SEEN + 100 * DAY).busiest_week == naive


@pytest.mark.parametrize(
    "manner, messages",
    [
        ({}, 4),
        ({"quiet": quiet("00:00-10:00 UTC")}, 3),
        ({"limit": limit("2/day"), "overflow": frequency("daily 18:00 UTC")}, 3),
        ({"limit": limit("1/hour"), "overflow": frequency("daily 18:00 UTC")}, 4),
    ],
)
def test_messages_are_counted_with_quiet_hours_and_limit(
    manner: dict[str, Any], messages: int
) -> None:
    sent = [MIDNIGHT + timedelta(hours=hours) for hours in (1, 2, 11, 12)]
    who = a_subscriber(**manner)
    found = rate(sent, since=MIDNIGHT, now=MIDNIGHT + DAY, who=who)
    assert (found.alerts, found.messages, found.messages_per_week) == (4, messages, messages)
