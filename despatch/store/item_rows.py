"""Rows of what is told later: how an item is written and read."""

from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Row, bindparam, text, update

from despatch.frozen import Frozen, Instant
from despatch.model import AlertId, Classified, Linked, SubscriberId, SubscriptionId
from despatch.ports import EndedDigest, Item
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


def settled(ended: EndedDigest) -> Iterator[dict[str, Any]]:
    """Yield what `SETTLE` writes of each item that was due."""
    for place, item in enumerate(ended.due.items):
        dropped = ended.dropped.get(place)
        yield {
            "the_release": item.release,
            "the_subscriber": item.subscriber,
            "the_revision": item.classified.revision.id,
            "the_event": item.event,
            "the_state": "sent" if dropped is None else "dropped",
            "the_alert": ended.run.alert if dropped is None else None,
            "the_outcome": dropped or "",
        }


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
    payload = _read(row.payload)
    return Item(
        subscriber=SubscriberId(row.subscriber),
        classified=about,
        event=row.event,
        reason=payload.reason,
        changed=payload.changed,
        subscriptions=payload.subscriptions,
        through=payload.through,
        waits_for=payload.waits_for,
        why=payload.why,
        since=payload.since,
        also=payload.also,
        due_at=row.due_at,
        held_at=row.held_at,
        withdrawn=row.withdrawn,
        state=row.state,
        alert=AlertId(row.alert) if row.alert else None,
        outcome=row.outcome,
    )


@lru_cache(256)
def _read(payload: str) -> _Payload:
    # What one subscriber is told of several releases mostly says the same of each.
    return read_payload(_Payload, payload)
