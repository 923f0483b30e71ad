"""What is known of a source's entries, found by key and by address. Pure."""

from collections.abc import Iterable

from despatch.ports import KnownEntry
from ingest.entry import Entry, bounded


def names_of(entries: Iterable[Entry]) -> tuple[set[str], set[str]]:
    """Return the keys and the addresses under which these entries may be known."""
    keys = {key for entry in entries for key in (entry.key, key_and_link(entry))}
    return keys, {entry.address for entry in entries if entry.address}


class Memory:
    """What is known of a source's entries, by key and by address."""

    def __init__(self, known: Iterable[KnownEntry]) -> None:
        self._by_key: dict[str, KnownEntry] = {}
        self._at: dict[str, dict[str, KnownEntry]] = {}
        for one in known:
            self.keep(one)

    def keep(self, known: KnownEntry) -> None:
        before = self._by_key.get(known.key)
        if before is not None and before.address and before.address != known.address:
            del self._at[before.address][known.key]
        self._by_key[known.key] = known
        if known.address:
            self._at.setdefault(known.address, {})[known.key] = known

    def key_of(self, entry: Entry) -> str:
        """Return the key of an entry; with its link, if its document repeats the id.

        An id that was given to one address first and to several later stays with the first.
        """
        if not self._by_key and not entry.repeated:
            return entry.key
        apart = key_and_link(entry)
        if apart in self._by_key:
            return apart
        if not entry.repeated:
            return entry.key
        first = self._by_key.get(entry.key)
        return entry.key if first and first.address == entry.address else apart

    def at_key(self, key: str) -> KnownEntry | None:
        return self._by_key.get(key)

    def at_address(self, address: str | None) -> list[KnownEntry]:
        """Return what is known at an address, the latest state last."""
        found = self._at.get(address or "", {}).values()
        return sorted(found, key=lambda one: (one.number, one.key))


def key_and_link(entry: Entry) -> str:
    """Return the key of an entry whose id its document gives to several addresses."""
    return bounded(f"{entry.key}|{entry.address or ''}")
