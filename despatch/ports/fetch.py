"""Fetching over HTTP, as a port."""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple, Protocol

Grow = Callable[[int], bool]
"""Asked before a body grows beyond LARGE_BYTES, and again later: is there room for so many?"""


class Validators(NamedTuple):  # each poll has two: see `ingest.source.Page`
    """What a server gave to ask again with, byte for byte (RFC 9110 §8.8)."""

    etag: str | None = None
    last_modified: str | None = None


NO_VALIDATORS = Validators()


@dataclass(frozen=True)
class Response:
    """An answer whose body was read whole and decoded: 200, or 304 with an empty body."""

    address: str
    """Where the answer came from, after redirects."""
    status: int
    body: bytes
    at: datetime
    headers: tuple[tuple[str, str], ...] = ()
    validators: Validators = NO_VALIDATORS
    moved: bool = False
    """It was redirected, and each redirect holds for good (301, 308)."""

    @cached_property
    def sha256(self) -> str:
        """The hex SHA-256 of the body, asked for by several."""
        return hashlib.sha256(self.body).hexdigest()

    @cached_property
    def _by_name(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, value in self.headers:
            found.setdefault(name.lower(), []).append(value)
        return found

    def header(self, name: str) -> str | None:
        """Return a header's first value, whatever its letters' case, or None."""
        values = self._by_name.get(name.lower())
        return values[0] if values else None

    def has_any(self, names: Collection[str]) -> bool:
        """Return whether any of these headers is there; the names are in small letters."""
        return not self._by_name.keys().isdisjoint(names)

    def values(self, name: str) -> Sequence[str]:
        """Return all of a header's values, in their order."""
        return self._by_name.get(name.lower(), ())


class Fetcher(Protocol):
    """One GET. Shared by many tasks of one event loop."""

    async def get(
        self,
        address: str,
        validators: Validators = NO_VALIDATORS,
        *,
        accept: str = "*/*",
        grow: Grow | None = None,
    ) -> Response:
        """Return the answer to a GET, after redirects.

        `grow` says whether there is room for a large body; if it says no, the request is given
        up with NoRoom, and nothing of it is held. Without it a large body waits for a few others.

        Raises TransientError for whatever may pass (dns, tls, timeout, refused, 408, 429, 5xx;
        `retry_after` as the server asked; Throttled for a 429 that says how long, and from then on
        for its whole host, which is not asked) and PermanentError for what will not (too large, an
        address that the guard refuses; BadStatus for other 4xx). The text starts with the
        failure's word; an answer's `status` is on the error.
        """
        ...
