"""What every store promises of what the operator was told."""

from datetime import timedelta

from despatch.ports import Notice, Store
from despatch.testing.releases import SEEN

MINUTE = timedelta(minutes=1)


def test_to_tell_is_what_is_open_ended_lately_or_ended_untold(store: Store) -> None:
    with store.transaction() as tx:
        for key in ("open", "lately", "untold", "long ago", "told twice"):
            tx.open_alarm(key, key, SEEN)
        for key, minutes in (("lately", 10), ("untold", 5), ("long ago", 5), ("told twice", 5)):
            tx.close_alarm(key, SEEN + minutes * MINUTE)
        tx.note_told(["open", "untold", "told twice"], SEEN)
        tx.note_over(["told twice"], SEEN + 6 * MINUTE)
    with store.transaction() as tx:
        found = tx.alarms_to_tell(SEEN + 10 * MINUTE)
    assert [one.key for one in found] == ["open", "lately", "untold"]
    assert [one.closed_at for one in found] == [None, SEEN + 10 * MINUTE, SEEN + 5 * MINUTE]


def test_what_is_told_again_is_not_over_any_more(store: Store) -> None:
    with store.transaction() as tx:
        tx.note_told(["b", "a"], SEEN)
        tx.note_over(["a", "unknown"], SEEN + MINUTE)
        assert tx.notices() == [Notice("a", SEEN, SEEN + MINUTE), Notice("b", SEEN)]
        tx.note_told(["a"], SEEN + 2 * MINUTE)
        assert tx.notices() == [Notice("a", SEEN + 2 * MINUTE), Notice("b", SEEN)]


def test_only_what_is_over_is_forgotten(store: Store) -> None:
    with store.transaction() as tx:
        tx.note_told(["open", "over", "new"], SEEN)
        tx.note_over(["over"], SEEN + MINUTE)
        tx.note_over(["new"], SEEN + 2 * MINUTE)
        assert tx.forget_notices(SEEN + 2 * MINUTE) == 1
        assert [one.key for one in tx.notices()] == ["new", "open"]


def test_who_holds_notices_may_ask_for_them_again(store: Store) -> None:
    with store.transaction() as tx:
        tx.hold_notices()
        tx.hold_notices()
