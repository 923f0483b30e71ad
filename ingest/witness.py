"""What a fetcher does, as seen by somebody beside it: for a dry run that explains itself."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from despatch.connect import Resolve
from ingest.outward import Answer
from ingest.text import clean_line


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request, and the head of its answer."""

    address: str
    sent: tuple[tuple[str, str], ...]
    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    at: datetime


@dataclass(slots=True)
class Witness:
    """Notes each name that is resolved and each request that is answered, in order."""

    resolved: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Host names with the addresses they have; refused ones too."""
    exchanges: list[Exchange] = field(default_factory=list)

    def resolving(self, resolve: Resolve) -> Resolve:
        """Return the same resolver, seen."""

        async def seen(host: str) -> Sequence[str]:
            found = await resolve(host)
            self.resolved[host] = tuple(found)
            return found

        return seen

    def saw(
        self, address: str, sent: Sequence[tuple[str, str]], answer: Answer, at: datetime
    ) -> None:
        """Note an answer's head."""
        got, words = tuple(answer.headers.items()), clean_line(answer.reason or "")
        self.exchanges.append(Exchange(address, tuple(sent), answer.status, words, got, at))
