"""Publishing what is new of a page, in order, before any of it is kept."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from math import ceil

from despatch.ports import Outgoing
from despatch.topics import RELEASES, encode
from ingest.decision import Publish
from ingest.ledger import Ledger
from ingest.lent import Lent
from ingest.patience import Patience

MADE_AT_ONCE = 1_000
"""So many revisions are in memory at a time: those of a feed of 24,000 entries take 100 MiB."""


async def publish(
    found: Sequence[Publish], rate: float | None, ledger: Ledger, lent: Lent, patience: Patience
) -> None:
    """Publish in order; a second's worth at a time with pauses between, if there is a rate."""
    size = max(1, ceil(rate)) if rate else MADE_AT_ONCE
    for at in range(0, len(found), size):
        some = [one.revision for one in found[at : at + size]]
        messages = [Outgoing(RELEASES, one.release.id, encode(one)) for one in some]
        await lent.keep_lease()
        await patience.insist_on(partial(ledger.publish, messages))
        if rate:
            await patience.sleep(timedelta(seconds=len(some) / rate))
