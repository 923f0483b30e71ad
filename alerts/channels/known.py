"""What was read from channels' URLs, so that a URL is read once and not for each alert."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from pydantic import SecretStr

T = TypeVar("T")

_KEPT = 10_000


class Known(Generic[T]):
    """Keeps what `read` made of the last ten thousand URLs. Its representation shows none.

    To read a URL as apprise does takes twice as long as to send a webhook.
    """

    def __init__(self, read: Callable[[SecretStr], T]) -> None:
        self._read = read
        self._known: OrderedDict[str, T] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def of(self, url: SecretStr) -> T:
        """Return what a URL says. Raises what `read` does, each time anew."""
        text = url.get_secret_value()
        found = self._known.get(text)
        if found is None:
            found = self._known[text] = self._read(url)
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return found
