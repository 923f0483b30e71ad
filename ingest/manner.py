"""What a turn works with, and how it goes about it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from despatch.ports import Alarms, Bus, Clock, Store
from ingest.ledger import Ledger
from ingest.reading import DocumentReader
from ingest.report import PollReport
from ingest.room import Room
from ingest.source import Tools

OnPage = Callable[[PollReport], None]
"""Called when a page is dealt with, with what the poll has come to so far."""


@dataclass(frozen=True, slots=True)
class World:
    """What a turn works with."""

    bus: Bus
    store: Store
    clock: Clock
    alarms: Alarms
    owner: str
    every: timedelta
    lease: timedelta


@dataclass(frozen=True, slots=True)
class Means:
    """What all turns of one call share."""

    world: World
    tools: Tools
    documents: DocumentReader
    ledger: Ledger
    room: Room


@dataclass(frozen=True, slots=True)
class Manner:
    """How a turn goes about it."""

    backlog: bool = True
    """False: nothing is old news, as for a replay."""
    rate: float | None = None
    """Revisions a second at most."""
    on_page: OnPage | None = None
    patience: timedelta | None = None
    """How long a log or a store that is away is waited for; None: until told to stop."""
    stop: asyncio.Event | None = None
    """Tells it to stop; None: nobody will."""
