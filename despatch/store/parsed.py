"""The classified messages that were read last: each is parsed once, however many ask for it."""

import threading
from collections import OrderedDict
from collections.abc import Collection

from despatch.model import Classified

_KEPT = 300
"""A day's releases, nearly: a run of digests is about so many, a page of them about all."""
_CHARS = 10_000_000
"""Of text in all, or what was read last: some releases have 500,000."""


class Parsed:
    """Keeps the last ones by the hash of their JSON. Shared between threads.

    An object that is found again is the very same one: what is made of it can be kept with it.
    """

    def __init__(self, most: int = _KEPT, chars: int = _CHARS) -> None:
        self._most = most
        self._chars = chars
        self._known: OrderedDict[str, Classified] = OrderedDict()
        self._held = 0
        """How many characters those have that are kept."""
        self._lock = threading.Lock()

    def among(self, hashes: Collection[str]) -> dict[str, Classified]:
        """Return those that are known of these."""
        with self._lock:
            found = {sha256: self._known[sha256] for sha256 in hashes if sha256 in self._known}
            for sha256 in found:
                self._known.move_to_end(sha256)
        return found

    def keep(self, sha256: str, classified: Classified) -> None:
        """Keep one; those that were not asked for longest go."""
        with self._lock:
            if sha256 in self._known:
                self._held -= _length(self._known.pop(sha256))
            self._known[sha256] = classified
            self._held += _length(classified)
            while len(self._known) > self._most or (
                self._held > self._chars and len(self._known) > 1
            ):
                _sha256, gone = self._known.popitem(last=False)
                self._held -= _length(gone)


def _length(classified: Classified) -> int:
    return len(classified.revision.release.text)
