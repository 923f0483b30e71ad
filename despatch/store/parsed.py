"""The classified messages that were read last: each is parsed once, however many ask for it."""

import threading
from collections import OrderedDict
from collections.abc import Collection

from despatch.model import Classified

_KEPT = 16


class Parsed:
    """Keeps the last sixteen by the hash of their JSON. Shared between threads.

    An object that is found again is the very same one: what is made of it can be kept with it.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[str, Classified] = OrderedDict()
        self._lock = threading.Lock()

    def among(self, hashes: Collection[str]) -> dict[str, Classified]:
        """Return those that are known of these."""
        with self._lock:
            found = {sha256: self._known[sha256] for sha256 in hashes if sha256 in self._known}
            for sha256 in found:
                self._known.move_to_end(sha256)
        return found

    def keep(self, sha256: str, classified: Classified) -> None:
        """Keep one; the one that was not asked for longest goes."""
        with self._lock:
            self._known[sha256] = classified
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
