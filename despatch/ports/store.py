"""The store: sources and their cursors, the archive, subscribers, what was told, deliveries.

A transaction is made of parts, one a subject; each stands in a module of its own beside this one.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from despatch.ports.alerting import Alerting, Archived, Taken, Told
from despatch.ports.canaries import Canaries
from despatch.ports.consent import Consent
from despatch.ports.delivering import Claim, Delivering, Finished
from despatch.ports.digests import Digests
from despatch.ports.documents import Documents
from despatch.ports.history import History
from despatch.ports.notices import Notices
from despatch.ports.operating import Alarm, Beat, Counts, Operating, Trace
from despatch.ports.reading import Reading
from despatch.ports.receipts import Receipts
from despatch.ports.stories import Stories
from despatch.ports.subscribing import Changed, Subscribing, SubscriptionChange
from despatch.ports.watching import Watching

__all__ = [
    "Alarm",
    "Archived",
    "Beat",
    "Changed",
    "Claim",
    "Counts",
    "Finished",
    "Store",
    "SubscriptionChange",
    "Taken",
    "Told",
    "Trace",
    "Transaction",
]


class Transaction(
    Subscribing,
    Alerting,
    Delivering,
    Operating,
    Reading,
    Watching,
    Documents,
    History,
    Stories,
    Notices,
    Canaries,
    Digests,
    Receipts,
    Consent,
    Protocol,
):
    """One transaction: all of it is kept, or none. One thread's own."""


class Store(Protocol):
    """Opens transactions. Shared between threads.

    Raises ServerAway (no database), Busy (locked longer than the busy timeout), StorageFull, and
    SchemaError when the schema is not the code's: the text says `despatch migrate`.
    """

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Begin; commit at the end of the block, roll back if it raises.

        When the block is left without an error, all of it is durable.
        """
        ...

    def check_schema(self) -> None:
        """Raise SchemaError if the schema is older or newer than the code's."""
        ...

    def check_keys(self) -> None:
        """Raise OperatorError if a channel's URL is encrypted with a key that is not here."""
        ...

    def migrate(self) -> Sequence[str]:
        """Bring the schema up to the code's; return the revisions applied. Safe to call twice."""
        ...

    def encrypt_again(self) -> int:
        """Encrypt with the first key what an older key encrypted; return how many channels."""
        ...

    def overwrite_deleted(self) -> str:
        """Overwrite what was deleted as far as the database can; return what is left, in words."""
        ...

    def close(self) -> None:
        """Let go of connections and files."""
        ...
