"""The releases of a digest: kept beside its alert, by reference to what they say."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import func, select

from despatch.model import Alert, Classified, DigestItem
from despatch.store.kept import Kept
from despatch.store.rows import in_parts, read_payload
from despatch.store.tables import digest_items

ITEMS_AT_ONCE = 2_000
"""So many are read or written in one transaction, if they are of more than one digest.

On SQLite whoever sends an immediate alert waits meanwhile: some tens of milliseconds, and for 500
digests of 200 releases it would be seconds.
"""


class DigestItems(Kept):
    """The part of a transaction that reads them."""

    def _first_alerts(self, alerts: Sequence[str]) -> frozenset[str]:
        """Return the first of these alerts: one at least, and no more than hold so many items."""
        held: dict[str, int] = {}
        for part in in_parts(alerts):
            theirs = select(digest_items.c.alert, func.count().label("number"))
            asked = theirs.where(digest_items.c.alert.in_(part)).group_by(digest_items.c.alert)
            held |= {row.alert: row.number for row in self._all(asked)}
        return first_within(held, alerts, ITEMS_AT_ONCE)

    def _items_of(self, alerts: Collection[str]) -> Mapping[str, tuple[DigestItem, ...]]:
        """Return the items of those of these alerts that are digests, in the order shown."""
        order = (digest_items.c.alert, digest_items.c.number)
        rows = [
            row
            for part in in_parts(alerts)
            for row in self._all(
                select(digest_items).where(digest_items.c.alert.in_(part)).order_by(*order)
            )
        ]
        about = self._classified({row.classified for row in rows})
        found: dict[str, list[DigestItem]] = {}
        for row in rows:
            found.setdefault(row.alert, []).append(_item(row.payload, about[row.classified]))
        return {alert: tuple(items) for alert, items in found.items()}


def first_within(held: Mapping[str, int], names: Iterable[str], most: int) -> frozenset[str]:
    """Return the first of some names: one at least, and no more than hold so much together."""
    few: set[str] = set()
    number = 0
    for name in names:
        number += held.get(name, 0) * (name not in few)
        if few and number > most:
            break
        few.add(name)
    return frozenset(few)


def without_releases(alert: Alert) -> Alert:
    """Return an alert as it is written: what many are about is kept once, elsewhere."""
    digest = alert.digest and alert.digest.model_copy(update={"items": ()})
    return alert.model_copy(update={"classified": None, "digest": digest})


def with_releases(
    payload: str, about: Classified | None, items: tuple[DigestItem, ...] = ()
) -> Alert:
    """Return the alert that was written so."""
    alert = read_payload(Alert, payload)
    if alert.digest is not None:
        digest = alert.digest.model_copy(update={"items": items})
        return alert.model_copy(update={"digest": digest})
    if about is not None:
        # It was read just now and is nobody else's yet: a copy costs more than reading it did.
        object.__setattr__(alert, "classified", about)
    return alert


class _Kept(DigestItem):
    """An item whose release is kept elsewhere."""

    classified: Classified | None = None  # type: ignore[assignment]  # it is put back below


def _item(payload: str, about: Classified) -> DigestItem:
    kept = read_payload(_Kept, payload)
    return DigestItem(**{**dict(kept), "classified": about})
