"""What was taken before: read back in parts, so that no stage waits for whoever reads it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from despatch.model import Classified, ReleaseId, RevisionId


class History(Protocol):
    """The part of a transaction that is about what the alert stage took in the past."""

    def releases_since(
        self, since: datetime, after: ReleaseId | None, limit: int
    ) -> Sequence[Sequence[Classified]]:
        """Return all that was taken of the releases that were observed last at or after `since`.

        One sequence a release, each in the order in which it was taken; releases by id, from the
        first behind `after` on, so many at most.
        """
        ...

    def count_releases_since(self, since: datetime) -> int:
        """Return of how many releases that is."""
        ...

    def revisions_taken(self, release: ReleaseId) -> Mapping[RevisionId, Classified]:
        """Return every revision of a release that was taken, as it was judged last."""
        ...
