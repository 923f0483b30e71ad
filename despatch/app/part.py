"""A part of an installation: made once, by whichever thread asks first."""

import threading
from functools import cached_property
from typing import Any, Self, TypeVar, overload

T = TypeVar("T")

_MAKING = threading.RLock()
"""Parts are made one after the other: one may be made of others."""


class part(cached_property[T]):  # noqa: N801 - it reads as `cached_property` does
    """A `cached_property` that threads may ask for at the same time.

    The standard one has no lock since Python 3.12: two threads would each open a store, and one
    of them read a file that the other is still making.
    """

    @overload
    def __get__(self, instance: None, owner: type[Any] | None = None) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type[Any] | None = None) -> T: ...

    def __get__(self, instance: object, owner: type[Any] | None = None) -> Self | T:
        with _MAKING:
            return super().__get__(instance, owner)
