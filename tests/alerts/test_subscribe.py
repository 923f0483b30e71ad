"""Subscribing: idempotent, checked before anything is kept, and never showing a secret."""

from typing import Any

import pytest
from pydantic import SecretStr

from alerts.channels import Senders
from alerts.subscribe import Wish, send_test, subscribe
from despatch.errors import UsageError
from despatch.filter import of_themes
from despatch.model import Subscription, SubscriptionId
from despatch.store.sql import SqlStore
from despatch.testing import FakeClock
from despatch.testing.channels import RecordingSender

URL = SecretStr("json://user:hunter2@hooks.example/in")


def add(store: SqlStore, clock: FakeClock, **said: Any) -> tuple[Subscription, bool]:
    fields: dict[str, Any] = {"filter": of_themes("migration"), "urls": (URL,), "name": "ada"}
    return subscribe(store, clock, Senders(), Wish(**(fields | said)))


def test_a_subscription_is_made_once_and_then_found(store: SqlStore, clock: FakeClock) -> None:
    made, created = add(store, clock)
    again, created_again = add(store, clock)
    assert (created, created_again) == (True, False)
    assert again == made
    with store.transaction() as tx:
        assert list(tx.subscriptions()) == [made]
        assert len(tx.channels()) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"name": "bob"},
        {"urls": (SecretStr("json://elsewhere.example"),)},
        {"filter": of_themes("migration", "fishing")},
        {"events": frozenset({"new"})},
    ],
)
def test_another_subscriber_channel_theme_or_event_is_another_subscription(
    store: SqlStore, clock: FakeClock, other: dict[str, Any]
) -> None:
    made, _ = add(store, clock)
    second, created = add(store, clock, **other)
    assert created
    assert second.id != made.id


def test_the_same_name_is_the_same_subscriber(store: SqlStore, clock: FakeClock) -> None:
    one, _ = add(store, clock)
    other, _ = add(store, clock, filter=of_themes("fishing"))
    assert one.subscriber == other.subscriber
    assert one.channels == other.channels


def test_asking_again_wakes_a_paused_subscription_and_its_channel(
    store: SqlStore, clock: FakeClock
) -> None:
    made, _ = add(store, clock)
    with store.transaction() as tx:
        tx.set_subscription_state(made.id, "paused")
        tx.set_channel_state(made.channels[0], "paused")
    again, created = add(store, clock)
    assert (again.id, again.state, created) == (made.id, "active", False)
    with store.transaction() as tx:
        assert [one.state for one in tx.channels()] == ["active"]
        assert [one.state for one in tx.subscriptions()] == ["active"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"urls": (SecretStr("jsom://user:hunter2@hooks.example"),)},
        {"urls": (SecretStr("slack://hunter2"),)},
        {"name": " "},
        {"name": "operator"},
        {"name": "x" * 101},
        {"urls": ()},
        {"events": frozenset()},
    ],
)
def test_a_wrong_request_is_refused_before_anything_is_kept(
    store: SqlStore, clock: FakeClock, wrong: dict[str, Any]
) -> None:
    with pytest.raises(UsageError) as caught:
        add(store, clock, **wrong)
    assert "hunter2" not in repr(caught.value)
    with store.transaction() as tx:
        assert list(tx.subscriptions()) == []
        assert list(tx.channels()) == []


def test_a_channel_is_shown_by_scheme_and_fingerprint_alone(
    store: SqlStore, clock: FakeClock
) -> None:
    add(store, clock)
    with store.transaction() as tx:
        (channel,) = tx.channels()
    assert channel.shown.startswith("json://…")
    assert len(channel.shown) == len("json://…3fa9")


def test_a_test_is_sent_at_once_over_each_channel(store: SqlStore, clock: FakeClock) -> None:
    made, _ = add(store, clock)
    sender = RecordingSender()
    ((shown, sent),) = send_test(store, clock, sender, made.id)
    assert sent.outcome == "delivered"
    assert shown.startswith("json://…")
    ((_url, alert, _key),) = sender.sent
    assert alert.event == "test"
    assert "migration" in alert.body


def test_a_test_of_what_is_not_there_says_so(store: SqlStore, clock: FakeClock) -> None:
    with pytest.raises(UsageError, match="subscriptions list"):
        list(send_test(store, clock, RecordingSender(), SubscriptionId("s-none")))
