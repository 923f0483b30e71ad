"""The releases of a digest: kept beside its alert, by reference to what they say."""

from collections.abc import Collection, Mapping

from sqlalchemy import select

from despatch.model import Alert, Classified, DigestItem
from despatch.store.kept import Kept
from despatch.store.rows import in_parts, read_payload
from despatch.store.tables import digest_items


class DigestItems(Kept):
    """The part of a transaction that reads them."""

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
