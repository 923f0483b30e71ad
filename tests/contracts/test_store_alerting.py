"""What every store promises of the archive, of matches, of who was told, and of alerts."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from despatch.errors import UsageError
from despatch.model import ChannelId, Classified, Digest, DigestItem, SourceId, SubscriberId
from despatch.ports import Place, Store, Taken, Told, Transaction
from despatch.testing import a_classified, a_release, a_revision
from despatch.testing.releases import SEEN
from despatch.testing.subscribers import (
    a_channel,
    a_match,
    a_subscriber,
    a_subscription,
    an_alert,
)

PLACE = Place("cluster-a", "despatch.classified.v1", "topic-1", 3)
RELEASE = a_release().id
MINUTE = timedelta(minutes=1)


def an_observation(text: str = "One.", *, minutes: int = 0, **changed: Any) -> Classified:
    """Return what was observed of one release at `SEEN` plus minutes."""
    release = a_release(text=text, **changed)
    return a_classified(a_revision(release, observed_at=SEEN + minutes * MINUTE))


def taken(classified: Classified, offset: int = 7, **changed: Any) -> Taken:
    fields: dict[str, Any] = {
        "classified": classified,
        "place": PLACE,
        "offset": offset,
        "taken_at": SEEN + offset * MINUTE,
        "verdict": "told as new",
    }
    return Taken(**(fields | changed))


@pytest.fixture
def subscribed(store: Store) -> Store:
    """The store, with ada subscribed in it."""
    with store.transaction() as tx:
        subscribe(tx)
    return store


def subscribe(tx: Transaction) -> None:
    tx.add_subscriber(a_subscriber())
    tx.add_channel(a_channel())
    tx.add_subscription(a_subscription())


def told(revision: str = "v-1", subscriber: str = "u-ada", **changed: Any) -> Told:
    fields: dict[str, Any] = {
        "subscriber": SubscriberId(subscriber),
        "release": RELEASE,
        "revision": revision,
        "event": "new",
        "at": SEEN,
    }
    return Told(**(fields | changed))


def test_a_story_is_told_once_to_each_as_each_event(subscribed: Store) -> None:
    with subscribed.transaction() as tx:
        tx.add_subscriber(a_subscriber("bob"))
        assert tx.add_told(told(story="t-1"))
        copy = told(release=a_release("copy").id, story="t-1")
        assert not tx.add_told(copy)
        assert tx.told([SubscriberId("u-ada")], copy.release) == []
        assert tx.add_told(replace(copy, story="t-2"))
        assert tx.add_told(told("v-2", event="revised", story="t-1"))
        assert tx.add_told(told(subscriber="u-bob", story="t-1"))
        assert tx.told([SubscriberId("u-ada")], copy.release) == [replace(copy, story="t-2")]


def test_what_is_of_no_story_is_not_held_back_by_one(subscribed: Store) -> None:
    with subscribed.transaction() as tx:
        assert tx.add_told(told())
        assert tx.add_told(told(release=a_release("other").id))


def test_the_archive_knows_nothing_of_an_unknown_release(store: Store) -> None:
    with store.transaction() as tx:
        assert tx.archived([RELEASE]) == {}
        assert tx.archived([]) == {}


def test_a_taken_message_is_archived_whole(store: Store) -> None:
    one = an_observation()
    with store.transaction() as tx:
        tx.archive(taken(one), best=True)
    with store.transaction() as tx:
        found = tx.archived([RELEASE])[RELEASE]
    assert found.release == RELEASE
    assert found.classified == one
    assert found.observed_at == SEEN
    assert found.status == "live"
    assert found.sources == {"example": one.revision.fingerprint}
    assert found.seen == {one.id}


def test_the_first_text_is_kept_even_if_it_was_not_called_the_best(store: Store) -> None:
    one = an_observation()
    with store.transaction() as tx:
        tx.archive(taken(one), best=False)
        assert tx.archived([RELEASE])[RELEASE].classified == one


@pytest.mark.parametrize("best", [True, False])
def test_a_text_is_replaced_by_a_better_one_only(store: Store, best: bool) -> None:
    one, two = an_observation("One."), an_observation("Two.", minutes=1)
    with store.transaction() as tx:
        tx.archive(taken(one), best=True)
        tx.archive(taken(two, 8), best=best)
        found = tx.archived([RELEASE])[RELEASE]
    assert found.classified == (two if best else one)
    assert found.observed_at == SEEN + MINUTE
    assert found.seen == {one.id, two.id}


def test_an_older_observation_overwrites_no_newer_one(store: Store) -> None:
    newer = an_observation("Gone.", minutes=5, status="withdrawn")
    older = an_observation("Here.")
    with store.transaction() as tx:
        tx.archive(taken(newer), best=True)
        tx.archive(taken(older, 8), best=False)
        found = tx.archived([RELEASE])[RELEASE]
    assert found.status == "withdrawn"
    assert found.observed_at == SEEN + 5 * MINUTE
    assert found.sources == {"example": newer.revision.fingerprint}
    assert found.seen == {newer.id, older.id}


def test_the_status_is_the_newest_observations(store: Store) -> None:
    with store.transaction() as tx:
        tx.archive(taken(an_observation("One.")), best=True)
        tx.archive(taken(an_observation("Gone.", minutes=1, status="withdrawn"), 8), best=False)
        assert tx.archived([RELEASE])[RELEASE].status == "withdrawn"


def test_each_source_has_its_last_fingerprint(store: Store) -> None:
    one = an_observation("One.")
    other = an_observation("Other.", minutes=1, source=SourceId("no10"))
    later = an_observation("Later.", minutes=2)
    with store.transaction() as tx:
        for offset, each in enumerate((one, other, later)):
            tx.archive(taken(each, offset), best=True)
        assert tx.archived([RELEASE])[RELEASE].sources == {
            "example": later.revision.fingerprint,
            "no10": other.revision.fingerprint,
        }


def test_a_message_taken_before_is_dropped_without_effect(store: Store) -> None:
    one, two = an_observation("One."), an_observation("Two.", minutes=1)
    with store.transaction() as tx:
        tx.archive(taken(one, 1), best=True)
        tx.archive(taken(two, 2), best=True)
        tx.archive(taken(one, 3, verdict="again"), best=True)
        assert tx.archived([RELEASE])[RELEASE].classified == two
        assert [each.offset for each in tx.trace(RELEASE).taken] == [1, 2]


def test_several_releases_are_looked_up_at_once(store: Store) -> None:
    releases = [a_release(f"release-{number}") for number in range(30)]
    with store.transaction() as tx:
        for offset, release in enumerate(releases):
            tx.archive(taken(a_classified(a_revision(release)), offset), best=True)
        found = tx.archived([release.id for release in releases])
    assert {id_: each.classified.revision.release for id_, each in found.items()} == {
        release.id: release for release in releases
    }


def test_a_match_is_recorded_once(subscribed: Store) -> None:
    with subscribed.transaction() as tx:
        assert tx.add_match(a_match())
        assert not tx.add_match(a_match(reason="again"))
        assert tx.trace(RELEASE).matches == [a_match()]


@pytest.mark.parametrize("field", ["release", "revision"])
def test_a_match_is_of_one_revision_of_one_release(subscribed: Store, field: str) -> None:
    with subscribed.transaction() as tx:
        assert tx.add_match(a_match())
        another: dict[str, Any] = {field: "another"}
        assert tx.add_match(a_match(**another))


def test_a_match_is_of_one_subscription(subscribed: Store) -> None:
    other = a_subscription(name="other")
    with subscribed.transaction() as tx:
        tx.add_subscription(other)
        assert tx.add_match(a_match())
        assert tx.add_match(a_match(None, other))


def test_a_held_match_is_recorded_with_its_reason(subscribed: Store) -> None:
    held = a_match(event=None, outcome="held", reason="told 3 h ago")
    with subscribed.transaction() as tx:
        tx.add_match(held)
        assert tx.trace(RELEASE).matches == [held]


def test_a_match_of_an_unknown_subscription_is_refused(store: Store) -> None:
    with pytest.raises(UsageError, match="store has not"), store.transaction() as tx:
        tx.add_match(a_match())


def test_a_subscriber_is_told_once(subscribed: Store) -> None:
    with subscribed.transaction() as tx:
        assert tx.add_told(told())
        assert not tx.add_told(told(at=SEEN + MINUTE))
        assert tx.told([a_subscriber().id], RELEASE) == [told()]


def test_a_subscriber_can_be_told_of_each_event_and_each_revision(subscribed: Store) -> None:
    every = [told(), told("v-2", event="revised"), told("v-2", event="withdrawn")]
    with subscribed.transaction() as tx:
        assert all(tx.add_told(each) for each in every)
        found = tx.told([a_subscriber().id], RELEASE)
    assert sorted(found, key=lambda each: (each.revision, each.event)) == every


def test_only_the_subscribers_asked_for_are_looked_up(subscribed: Store) -> None:
    with subscribed.transaction() as tx:
        tx.add_subscriber(a_subscriber("bob"))
        tx.add_told(told())
        tx.add_told(told(subscriber="u-bob"))
        assert tx.told([a_subscriber("bob").id], RELEASE) == [told(subscriber="u-bob")]
        assert tx.told([], RELEASE) == []
        assert tx.subscribers_told(RELEASE) == {"u-ada", "u-bob"}
        assert tx.subscribers_told(a_release("other").id) == frozenset()


def test_who_was_told_is_known_after_the_subscription_ended(subscribed: Store) -> None:
    with subscribed.transaction() as tx:
        tx.add_told(told())
        tx.set_subscription_state(a_subscription().id, "removed")
        assert tx.subscribers_told(RELEASE) == {"u-ada"}


def test_an_unknown_subscriber_is_told_nothing(store: Store) -> None:
    with pytest.raises(UsageError, match="store has not"), store.transaction() as tx:
        tx.add_told(told())


def test_an_alert_comes_back_as_it_was_added(subscribed: Store) -> None:
    one = an_alert(changed="- old\n+ new")
    with subscribed.transaction() as tx:
        assert tx.add_alert(one, [a_channel().id], SEEN) == 1
    with subscribed.transaction() as tx:
        assert tx.alert(one.id) == one
        assert tx.alert(an_alert(event="revised").id) is None


def test_an_alert_without_a_release_comes_back(subscribed: Store) -> None:
    alarm = an_alert(event="alarm", subject="No news", body="for 3 h").model_copy(
        update={"classified": None}
    )
    with subscribed.transaction() as tx:
        tx.add_alert(alarm, [a_channel().id], SEEN)
        assert tx.alert(alarm.id) == alarm


def test_alerts_of_one_message_that_differ_each_come_back_as_they_were(subscribed: Store) -> None:
    whole = a_classified(themes=("migration", "partnerships"))
    part = whole.model_copy(update={"themes": whole.themes[:1]})
    one, two = an_alert(whole, event="new"), an_alert(part, event="revised")
    with subscribed.transaction() as tx:
        tx.archive(taken(whole), best=True)
        tx.add_alert(one, [], SEEN)
        tx.add_alert(two, [], SEEN)
        assert (tx.alert(one.id), tx.alert(two.id)) == (one, two)


def test_an_alert_has_one_waiting_delivery_a_channel(subscribed: Store) -> None:
    second = a_channel(url="json://second")
    with subscribed.transaction() as tx:
        tx.add_channel(second)
        channels = [a_channel().id, second.id, a_channel().id]
        assert tx.add_alert(an_alert(), channels, SEEN + MINUTE) == 2
        deliveries = [delivery for delivery, _ in tx.trace(RELEASE).deliveries]
    assert {delivery.channel for delivery in deliveries} == set(channels)
    assert {delivery.state for delivery in deliveries} == {"waiting"}
    assert {delivery.not_before for delivery in deliveries} == {SEEN + MINUTE}


def test_an_alert_added_again_makes_deliveries_for_new_channels_only(subscribed: Store) -> None:
    second = a_channel(url="json://second")
    with subscribed.transaction() as tx:
        tx.add_channel(second)
        assert tx.add_alert(an_alert(), [a_channel().id], SEEN) == 1
        assert tx.add_alert(an_alert(), [a_channel().id], SEEN) == 0
        assert tx.add_alert(an_alert(), [a_channel().id, second.id], SEEN) == 1


def test_alerts_added_by_the_page_are_as_if_they_were_added_one_by_one(
    subscribed: Store,
) -> None:
    """Those that are known stay as they are, and get deliveries for new channels only."""
    second = a_channel(url="json://second")
    item = DigestItem(classified=a_classified(), event="new", reason="asked")
    digest = Digest(since=SEEN, until=SEEN, why="hourly", items=(item,), total=1)
    known = an_alert(event="withdrawn", reason="As it was.")
    told = an_alert(event="digest", digest=digest).model_copy(update={"classified": None})
    with subscribed.transaction() as tx:
        tx.add_channel(second)
        tx.add_alert(known, [a_channel().id], SEEN)
    again = known.model_copy(update={"reason": "Another."})
    both = [a_channel().id, second.id, second.id]
    with subscribed.transaction() as tx:
        tx.add_alerts([(again, both), (told, both)], SEEN + MINUTE, lane="bulk")
        tx.add_alerts([], SEEN)
        assert [tx.alert(one.id) for one in (known, told)] == [known, told]
        claims = tx.claim_deliveries("w", SEEN + MINUTE, MINUTE, {"urgent": 9, "bulk": 9})
    found = sorted((one.alert.event, one.channel == second.id, one.lane) for one in claims)
    assert found == [
        ("digest", False, "bulk"),
        ("digest", True, "bulk"),
        ("withdrawn", False, "urgent"),
        ("withdrawn", True, "bulk"),
    ]


def test_the_same_alert_has_the_same_deliveries_in_every_store(subscribed: Store) -> None:
    """The id is the idempotency key: a store put back from a backup must make it again."""
    with subscribed.transaction() as tx:
        tx.add_alert(an_alert(), [a_channel().id], SEEN)
        (delivery, _), *_ = tx.trace(RELEASE).deliveries
    assert delivery.id == "y-" + "27ce1ac4cf853739639e368e"


def test_an_alert_over_an_unknown_channel_is_refused(subscribed: Store) -> None:
    with pytest.raises(UsageError, match="store has not"), subscribed.transaction() as tx:
        tx.add_alert(an_alert(), [ChannelId("n-none")], SEEN)


def test_a_batch_of_the_alert_stage_is_one_transaction(store: Store) -> None:
    """Archive, match, told, alert and position stand or fall together."""

    def take(fail: bool) -> None:
        with store.transaction() as tx:
            subscribe(tx)
            tx.archive(taken(an_observation()), best=True)
            tx.add_match(a_match())
            tx.add_told(told())
            tx.add_alert(an_alert(), [a_channel().id], SEEN)
            tx.advance("alerts", PLACE, 7, 8)
            if fail:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        take(fail=True)
    with store.transaction() as tx:
        counts = tx.counts()
        assert (counts.releases, counts.matches, counts.told) == (0, 0, 0)
        assert counts.deliveries["waiting"] == 0
        assert tx.position("alerts", PLACE) is None
    take(fail=False)
    with store.transaction() as tx:
        counts = tx.counts()
        assert (counts.releases, counts.matches, counts.told) == (1, 1, 1)
        assert counts.deliveries["waiting"] == 1
        assert tx.position("alerts", PLACE) == 8


def test_the_archive_is_paged_by_when_releases_were_observed(store: Store) -> None:
    names = {name: a_release(name).id for name in ("c", "a", "b", "old")}
    with store.transaction() as tx:
        for name, minutes in (("c", 5), ("a", 5), ("b", 7), ("old", -1)):
            release = a_release(name)
            revision = a_revision(release, observed_at=SEEN + minutes * MINUTE)
            tx.archive(taken(a_classified(revision), offset=minutes + 2), best=True)
    same_time = sorted([names["a"], names["c"]])
    with store.transaction() as tx:
        first = tx.archive_page(SEEN, None, 2)
        last = (first[-1].observed_at, first[-1].release)
        second = tx.archive_page(SEEN, last, 2)
        assert [one.release for one in first] == same_time
        assert [one.release for one in second] == [names["b"]]
        assert [one.release for one in tx.archive_page(None, None, 1)] == [names["old"]]
        assert tx.archive_page(SEEN + 8 * MINUTE, None, 2) == []
