"""What was made of the last few objects, kept with them: made once, however many ask for it."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class Memo(Generic[T]):
    """Keeps by identity: comparing two releases of 500,000 characters costs more than it saves.

    An object that is kept here lives on, so its identity is nobody else's. Shared between threads.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: OrderedDict[Hashable, tuple[Sequence[object], T]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, thing: object, also: Hashable, make: Callable[[], T]) -> T:
        """Return what was made of a thing and what else decides; made now, if it was not yet."""
        return self.of_all((thing,), also, make)

    def of_all(self, things: Sequence[object], also: Hashable, make: Callable[[], T]) -> T:
        """Return what was made of several things in this order, and what else decides."""
        key = (tuple(map(id, things)), also)
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key][1]
        made = make()
        with self._lock:
            self._known[key] = (things, made)
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        return made
