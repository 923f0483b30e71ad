"""Rows of what is told later: how an item is written and read."""

from functools import cache
from typing import Any

from sqlalchemy import Row, bindparam, text, update

from despatch.frozen import Frozen, Instant
from despatch.model import AlertId, Classified, Linked, SubscriberId, SubscriptionId
from despatch.ports import Item
from despatch.ports.digests import WaitsFor
from despatch.store.rows import insert_into, read_payload
from despatch.store.tables import items

TOLD = ("release", "subscriber", "revision", "event")
"""What an item is known by."""

_THE_ITEM = [items.c[name] == bindparam(f"the_{name}") for name in TOLD]
MOVE = (
    update(items)
    .where(*_THE_ITEM, text("state = 'waiting'"))
    .values(due_at=bindparam("the_due_at"), payload=bindparam("the_payload"))
)
SETTLE = (
    update(items)
    .where(*_THE_ITEM)
    .values(
        state=bindparam("the_state"),
        alert=bindparam("the_alert"),
        outcome=bindparam("the_outcome"),
    )
)


def written(one: Item, classified: str) -> dict[str, Any]:
    """Return the row of an item whose classified message is kept under a hash."""
    return {
        **named(one),
        "due_at": one.due_at,
        "held_at": one.held_at,
        "classified": classified,
        "withdrawn": one.withdrawn,
        "state": one.state,
        "alert": one.alert,
        "outcome": one.outcome,
        "payload": _Payload(
            reason=one.reason,
            changed=one.changed,
            subscriptions=one.subscriptions,
            through=one.through,
            waits_for=one.waits_for,
            why=one.why,
            since=one.since,
            also=one.also,
        ).model_dump_json(),
    }


@cache
def add_items(dialect: str) -> Any:
    """Return the statement that adds items; those that are known stay as they are."""
    values: dict[str, Any] = {column.name: bindparam(column.name) for column in items.c}
    return insert_into(dialect, items).values(values).on_conflict_do_nothing()


class _Payload(Frozen):
    """What of an item stands in one column."""

    reason: str
    changed: str
    subscriptions: tuple[SubscriptionId, ...]
    through: tuple[SubscriptionId, ...]
    waits_for: WaitsFor
    why: str
    since: Instant
    also: tuple[Linked, ...] = ()


def named(one: Item) -> dict[str, str]:
    """Return what an item is known by."""
    return {
        "release": one.release,
        "subscriber": one.subscriber,
        "revision": one.classified.revision.id,
        "event": one.event,
    }


def read_item(row: Row[Any], about: Classified) -> Item:
    """Return the item of a row, about a classified message that was read already."""
    payload = read_payload(_Payload, row.payload)
    return Item(
        subscriber=SubscriberId(row.subscriber),
        classified=about,
        event=row.event,
        **dict(payload),
        due_at=row.due_at,
        held_at=row.held_at,
        withdrawn=row.withdrawn,
        state=row.state,
        alert=AlertId(row.alert) if row.alert else None,
        outcome=row.outcome,
    )
