"""What every store promises of subscribers, of subscriptions, and of channels' secret URLs."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from despatch.errors import OperatorError, UsageError
from despatch.filter import of_themes
from despatch.frequency import frequency, limit, quiet
from despatch.model import ChannelId, SubscriptionId, ThemeId
from despatch.ports import Store
from despatch.testing.releases import SEEN
from despatch.testing.stores import KEY, StoreUnderTest
from despatch.testing.subscribers import a_channel, a_subscriber, a_subscription

SECRET = "hunter2"
URL = f"json://user:{SECRET}@hooks.example/in"


@pytest.fixture
def ada(store: Store) -> Store:
    """The store, with the subscriber ada in it."""
    with store.transaction() as tx:
        tx.add_subscriber(a_subscriber())
    return store


def test_a_subscriber_is_found_by_name(ada: Store) -> None:
    with ada.transaction() as tx:
        assert tx.subscriber_named("ada") == a_subscriber()
        assert tx.subscriber_named("Ada") is None


def test_subscribers_are_listed_by_name(ada: Store) -> None:
    with ada.transaction() as tx:
        tx.add_subscriber(a_subscriber("abe"))
        assert [one.name for one in tx.subscribers()] == ["abe", "ada"]


def test_a_subscriber_added_again_stays_as_it_is(ada: Store) -> None:
    with ada.transaction() as tx:
        tx.add_subscriber(a_subscriber(created_at=SEEN + timedelta(days=1)))
        assert tx.subscriber_named("ada") == a_subscriber()


def test_a_name_belongs_to_one_subscriber(ada: Store) -> None:
    with pytest.raises(UsageError, match="'ada' already"), ada.transaction() as tx:
        tx.add_subscriber(a_subscriber(id="u-other"))


def test_a_subscribers_quiet_hours_limit_and_overflow_are_kept(ada: Store) -> None:
    changed = a_subscriber(
        quiet=quiet("22:00-07:00 Europe/London"),
        limit=limit("20/day"),
        overflow=frequency("daily 08:30 Europe/London"),
    )
    with ada.transaction() as tx:
        assert tx.change_subscriber(changed)
        assert not tx.change_subscriber(a_subscriber("bob"))
    with ada.transaction() as tx:
        assert tx.subscribers() == [changed]
        assert tx.subscriber_named("ada") == changed
        assert tx.change_subscriber(a_subscriber())
        assert tx.subscribers() == [a_subscriber()]


def test_a_subscriber_is_not_given_anothers_name(ada: Store) -> None:
    with ada.transaction() as tx:
        tx.add_subscriber(a_subscriber("bob"))
    with pytest.raises(UsageError, match="'bob' already"), ada.transaction() as tx:
        tx.change_subscriber(a_subscriber().model_copy(update={"name": "bob"}))


def test_a_channel_comes_back_with_its_url(ada: Store) -> None:
    with ada.transaction() as tx:
        assert tx.add_channel(a_channel()) == a_channel()
    with ada.transaction() as tx:
        assert tx.channels() == [a_channel()]
        assert tx.channels()[0].url.get_secret_value() == URL


def test_the_same_url_again_is_the_channel_that_is_there(ada: Store) -> None:
    with ada.transaction() as tx:
        tx.add_channel(a_channel(state="paused"))
        assert tx.add_channel(a_channel(id=ChannelId("n-other"))) == a_channel(state="paused")
        assert len(tx.channels()) == 1


def test_two_subscribers_may_have_the_same_url(ada: Store) -> None:
    bob = a_subscriber("bob")
    with ada.transaction() as tx:
        tx.add_subscriber(bob)
        tx.add_channel(a_channel())
        assert tx.add_channel(a_channel(bob)) == a_channel(bob)
        assert len(tx.channels()) == 2


def test_processes_that_add_one_url_at_once_get_one_channel(database: StoreUnderTest) -> None:
    with database.open().transaction() as tx:
        tx.add_subscriber(a_subscriber())
    start = Barrier(4)
    got: set[str] = set()

    def add(number: int) -> None:
        store = database.open()
        start.wait()
        with store.transaction() as tx:
            got.add(tx.add_channel(a_channel(id=ChannelId(f"n-{number}"))).id)

    threads = [Thread(target=add, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1


def test_an_id_names_one_channel(ada: Store) -> None:
    with ada.transaction() as tx:
        tx.add_channel(a_channel())
    with pytest.raises(UsageError, match=a_channel().id), ada.transaction() as tx:
        tx.add_channel(a_channel(url="json://elsewhere", id=a_channel().id))


def test_a_channel_of_an_unknown_subscriber_is_refused(store: Store) -> None:
    with pytest.raises(UsageError, match="no subscriber u-ada"), store.transaction() as tx:
        tx.add_channel(a_channel())


def test_a_removed_channel_is_not_listed_and_stays_removed(ada: Store) -> None:
    channel = a_channel().id
    with ada.transaction() as tx:
        tx.add_channel(a_channel())
        assert tx.set_channel_state(channel, "removed")
        assert tx.channels() == []
        assert not tx.set_channel_state(channel, "active")


def test_a_paused_channel_is_listed_as_such(ada: Store) -> None:
    with ada.transaction() as tx:
        tx.add_channel(a_channel())
        assert tx.set_channel_state(a_channel().id, "paused")
        assert tx.channels() == [a_channel(state="paused")]
        assert not tx.set_channel_state(ChannelId("n-none"), "paused")


def test_a_removed_channel_can_be_added_again(ada: Store) -> None:
    with ada.transaction() as tx:
        tx.add_channel(a_channel())
        tx.set_channel_state(a_channel().id, "removed")
        assert tx.add_channel(a_channel()) == a_channel()
        assert tx.channels() == [a_channel()]


def test_removing_a_channel_erases_its_url(database: StoreUnderTest) -> None:
    store = database.open()
    with store.transaction() as tx:
        tx.add_subscriber(a_subscriber())
        tx.add_channel(a_channel())
        tx.set_channel_state(a_channel().id, "removed")
    database.change("UPDATE channels SET state = 'active'")
    with database.open(keys=[KEY]).transaction() as tx:
        # Nothing is left that could be decrypted, whoever holds the key.
        assert tx.add_channel(a_channel(id=ChannelId("n-2"))).id == "n-2"


def test_no_secret_stands_in_the_database(database: StoreUnderTest) -> None:
    store = database.open()
    with store.transaction() as tx:
        tx.add_subscriber(a_subscriber())
        tx.add_channel(a_channel())
        tx.add_subscription(a_subscription())
    raw = database.raw()
    assert a_channel().shown.partition("…")[2] in raw
    assert SECRET not in raw
    assert "hooks.example" not in raw


def test_no_secret_stands_in_what_is_printed(ada: Store) -> None:
    with ada.transaction() as tx:
        added = tx.add_channel(a_channel())
        assert SECRET not in f"{added!r} {tx.channels()!r} {tx!r} {ada!r}"


def test_another_key_says_which_is_missing_and_no_secret(database: StoreUnderTest) -> None:
    with database.open().transaction() as tx:
        tx.add_subscriber(a_subscriber())
        tx.add_channel(a_channel())
    other = database.open(keys=[Fernet.generate_key().decode()])
    wrong = pytest.raises(OperatorError, match="put the old key back")
    with wrong as caught, other.transaction() as tx:
        tx.channels()
    assert SECRET not in str(caught.value)
    assert "gAAAA" not in str(caught.value)
    with pytest.raises(OperatorError, match="put the old key back"):
        other.check_keys()
    database.open().check_keys()


def test_without_the_key_a_channel_can_still_be_removed(database: StoreUnderTest) -> None:
    with database.open().transaction() as tx:
        tx.add_subscriber(a_subscriber())
        tx.add_channel(a_channel())
        tx.add_subscription(a_subscription())
    other = database.open(keys=[Fernet.generate_key().decode()])
    with other.transaction() as tx:
        assert [each.id for each in tx.subscriptions()] == [a_subscription().id]
        assert tx.set_channel_state(a_channel().id, "removed")
        assert tx.channels() == []
    other.check_keys()


def test_a_damaged_url_is_an_operators_error(database: StoreUnderTest) -> None:
    with database.open().transaction() as tx:
        tx.add_subscriber(a_subscriber())
        tx.add_channel(a_channel())
    database.change("UPDATE channels SET url = 'gAAAAA-not-a-token'")
    wrong = pytest.raises(OperatorError, match="damaged")
    with wrong as caught, database.open().transaction() as tx:
        tx.channels()
    assert "not-a-token" not in str(caught.value)


def test_a_new_key_is_put_first_and_the_old_one_still_reads(database: StoreUnderTest) -> None:
    new = Fernet.generate_key().decode()
    with database.open().transaction() as tx:
        tx.add_subscriber(a_subscriber())
        tx.add_channel(a_channel())
    with database.open(keys=[new, KEY]).transaction() as tx:
        assert tx.channels() == [a_channel()]
        assert tx.add_channel(a_channel(id=ChannelId("n-2"))) == a_channel()


def test_once_all_is_encrypted_again_the_old_key_can_go(database: StoreUnderTest) -> None:
    new = Fernet.generate_key().decode()
    with database.open().transaction() as tx:
        tx.add_subscriber(a_subscriber())
        tx.add_channel(a_channel())
    both = database.open(keys=[new, KEY])
    assert (both.encrypt_again(), both.encrypt_again()) == (1, 0)
    with database.open(keys=[new]).transaction() as tx:
        assert tx.channels() == [a_channel()]
        assert tx.add_channel(a_channel(id=ChannelId("n-2"))) == a_channel()


def test_subscriptions_come_back_oldest_first(ada: Store) -> None:
    late = a_subscription(name="late", created_at=SEEN + timedelta(seconds=1))
    early = a_subscription(name="other", events=frozenset({"new"}), themes=(ThemeId("x"),))
    with ada.transaction() as tx:
        tx.add_channel(a_channel())
        tx.add_subscription(late)
        tx.add_subscription(early)
    with ada.transaction() as tx:
        assert tx.subscriptions() == [early, late]


def test_a_subscription_keeps_its_channels_order(ada: Store) -> None:
    channels = [a_channel(url=f"json://{name}") for name in ("z", "a", "m")]
    with ada.transaction() as tx:
        for channel in channels:
            tx.add_channel(channel)
        tx.add_subscription(a_subscription(*channels))
        assert tx.subscriptions()[0].channels == tuple(channel.id for channel in channels)


def test_a_subscription_of_an_unknown_subscriber_is_refused(store: Store) -> None:
    with pytest.raises(UsageError, match="no subscriber u-ada"), store.transaction() as tx:
        tx.add_subscription(a_subscription())


def test_a_subscription_over_an_unknown_channel_is_refused_whole(ada: Store) -> None:
    with pytest.raises(UsageError, match=f"no channel {a_channel().id}"), ada.transaction() as tx:
        tx.add_subscription(a_subscription())
    with ada.transaction() as tx:
        assert tx.subscriptions() == []


def test_a_subscription_over_anothers_channel_is_refused(ada: Store) -> None:
    bobs = a_channel(a_subscriber("bob"))
    with ada.transaction() as tx:
        tx.add_subscriber(a_subscriber("bob"))
        tx.add_channel(bobs)
    with pytest.raises(UsageError, match="has no channel"), ada.transaction() as tx:
        tx.add_subscription(a_subscription(bobs, subscriber=a_subscriber().id))


def test_a_subscription_over_a_removed_channel_is_refused(ada: Store) -> None:
    with ada.transaction() as tx:
        tx.add_channel(a_channel())
        tx.set_channel_state(a_channel().id, "removed")
    with pytest.raises(UsageError, match="has no channel"), ada.transaction() as tx:
        tx.add_subscription(a_subscription())


def test_a_subscription_is_paused_resumed_and_removed(ada: Store) -> None:
    one = a_subscription()
    with ada.transaction() as tx:
        tx.add_channel(a_channel())
        tx.add_subscription(one)
        assert tx.set_subscription_state(one.id, "paused")
        assert tx.subscriptions() == [a_subscription(state="paused")]
        assert tx.set_subscription_state(one.id, "active")
        assert tx.subscriptions() == [one]
        assert tx.set_subscription_state(one.id, "removed")
        assert tx.subscriptions() == []
        assert not tx.set_subscription_state(SubscriptionId("s-none"), "paused")


def test_a_subscription_is_changed_with_its_channels(ada: Store) -> None:
    first, second = a_channel(), a_channel(url="json://second")
    changed = a_subscription(
        second, filter=of_themes("trade"), frequency=frequency("weekly sunday 18:00 Asia/Kolkata")
    )
    with ada.transaction() as tx:
        tx.add_channel(first)
        tx.add_channel(second)
        tx.add_subscription(a_subscription())
        assert tx.change_subscription(changed)
    with ada.transaction() as tx:
        assert tx.subscriptions() == [changed]
        assert not tx.change_subscription(a_subscription(name="other"))
        tx.set_subscription_state(changed.id, "removed")
        assert not tx.change_subscription(changed)


def test_a_subscription_is_not_changed_to_anothers_channel(ada: Store) -> None:
    bobs = a_channel(a_subscriber("bob"))
    with ada.transaction() as tx:
        tx.add_subscriber(a_subscriber("bob"))
        tx.add_channel(bobs)
        tx.add_channel(a_channel())
        tx.add_subscription(a_subscription())
    with pytest.raises(UsageError, match="has no channel"), ada.transaction() as tx:
        tx.change_subscription(a_subscription(bobs, subscriber=a_subscriber().id))
    with ada.transaction() as tx:
        assert tx.subscriptions() == [a_subscription()]


def test_a_known_subscription_added_again_stays_as_it_is(ada: Store) -> None:
    with ada.transaction() as tx:
        tx.add_channel(a_channel())
        tx.add_subscription(a_subscription())
        tx.add_subscription(a_subscription(themes=(ThemeId("other"),)))
        assert tx.subscriptions() == [a_subscription()]


def test_a_removed_subscription_can_be_added_again(ada: Store) -> None:
    again = a_subscription(themes=(ThemeId("other"),))
    with ada.transaction() as tx:
        tx.add_channel(a_channel())
        tx.add_subscription(a_subscription())
        tx.set_subscription_state(a_subscription().id, "removed")
        tx.add_subscription(again)
        assert tx.subscriptions() == [again]


def test_a_url_with_any_character_is_kept(ada: Store) -> None:
    url = "json://p\x00ss:é😀@host/?to=a%20b"
    with ada.transaction() as tx:
        tx.add_channel(a_channel(url=url, shown="json://…1"))
        assert tx.channels()[0].url == SecretStr(url)


def test_subscriptions_are_found_by_id_and_by_subscriber_oldest_first(ada: Store) -> None:
    channel = a_channel()
    early = a_subscription(name="early", created_at=SEEN)
    late = a_subscription(name="late", created_at=SEEN + timedelta(days=1), state="paused")
    gone = a_subscription(name="gone")
    with ada.transaction() as tx:
        tx.add_channel(channel)
        for one in (late, early, gone):
            tx.add_subscription(one)
        tx.set_subscription_state(gone.id, "removed")
        everything = [late.id, early.id, gone.id, SubscriptionId("s-nobody")]
        assert tx.find_subscriptions(everything) == [early, late]
        assert tx.find_subscriptions([late.id]) == [late]
        assert tx.find_subscriptions([]) == []
        assert tx.subscriptions_of([early.subscriber]) == [early, late]
        assert tx.subscriptions_of([]) == []
