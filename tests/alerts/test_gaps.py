"""A gap that stays is told once to whoever had asked for gaps of its source."""

from datetime import timedelta
from typing import Any

import pytest

from alerts.gaps import reads, tell_of_gap
from alerts.messages import Messages
from despatch.filter import Filter
from despatch.model import DeliveryId, SourceId
from despatch.ports import Claim, Gap, SourceRecord
from despatch.store.sql import SqlStore
from despatch.testing.releases import SEEN
from despatch.testing.subscribers import a_channel, a_subscriber, a_subscription

DAY = timedelta(days=1)
GOVUK = SourceId("govuk")
GAP = Gap("g-1", GOVUK, SEEN, SEEN - DAY, SEEN - DAY / 2, tries=1, reason="page 2 is not there")
GAPS = frozenset({"new", "gap"})


@pytest.fixture
def channel(store: SqlStore) -> str:
    with store.transaction() as tx:
        tx.add_subscriber(a_subscriber())
        return tx.add_channel(a_channel()).id


def ask(store: SqlStore, name: str, **asked: Any) -> None:
    with store.transaction() as tx:
        tx.add_subscription(a_subscription(name=name, **({"events": GAPS} | asked)))


def told(store: SqlStore) -> list[Claim]:
    with store.transaction() as tx:
        tell_of_gap(tx, GAP, SEEN)
    with store.transaction() as tx:
        return list(tx.claim_deliveries("w", SEEN, DAY, {"urgent": 10, "bulk": 10}))


def test_it_is_one_alert_a_subscriber_however_many_ask(store: SqlStore, channel: str) -> None:
    ask(store, "one")
    ask(store, "two", themes=("trade",))
    (claim,) = told(store)
    assert claim.alert.event == "gap"
    assert set(claim.alert.subscriptions) == {"s-one", "s-two"}
    assert told(store) == []


def test_who_asks_for_no_gaps_or_asked_later_or_is_paused_hears_nothing(
    store: SqlStore, channel: str
) -> None:
    ask(store, "quiet", events=frozenset({"new"}))
    ask(store, "later", created_at=SEEN + DAY)
    ask(store, "paused", state="paused")
    ask(store, "elsewhere", filter=Filter.model_validate({"sources": {"any": ["nato"]}}))
    assert told(store) == []


@pytest.mark.parametrize(
    "sources, answer",
    [
        ({}, True),
        ({"any": ["govuk", "nato"]}, True),
        ({"all": ["govuk"]}, True),
        ({"any": ["nato", "eu"]}, False),
        ({"none": ["govuk"]}, False),
        ({"none": ["nato"]}, True),
    ],
)
def test_a_filter_reads_a_source_unless_it_names_others(sources: Any, answer: bool) -> None:
    assert reads(Filter.model_validate({"sources": sources}), GOVUK) is answer


def test_the_message_names_the_source_as_people_do(store: SqlStore, channel: str) -> None:
    settings = {"address": "https://x.example/f", "title": "Home Office: news"}
    with store.transaction() as tx:
        tx.add_source(SourceRecord(GAP.source, "feed", settings, SEEN))
    ask(store, "one")
    ((claim),) = told(store)
    assert "Home Office: news, 01 March 2026" in Messages().subject(claim.alert)


def test_the_message_says_which_source_when_and_what_was_tried(
    store: SqlStore, channel: str
) -> None:
    ask(store, "one")
    ((claim),) = told(store)
    assert Messages().subject(claim.alert) == (
        "Something may be missing: govuk, 01 March 2026, 11:59 to 01 March 2026, 23:59 UTC"
    )
    assert "page 2 is not there" in Messages().text(claim.alert, DeliveryId("y-1"))
