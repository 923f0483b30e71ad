"""Ports: what the stages ask of the world. Protocols only; a docstring is the contract."""

from despatch.ports.alarms import Alarms, LoggedAlarms
from despatch.ports.bus import Batch, Bus, Extent, Message, Outgoing, Place, Reader
from despatch.ports.channel import Sender, Sent
from despatch.ports.clock import Clock, SystemClock
from despatch.ports.consent import Consent, Signup, Suppressed
from despatch.ports.digests import DigestRun, DueDigest, EndedDigest, Item, Overdue
from despatch.ports.documents import DocumentRecord, Documents, ReadAs
from despatch.ports.fetch import Fetcher, Grow, Response, Validators
from despatch.ports.links import Links, NoLinks
from despatch.ports.notices import Notice
from despatch.ports.polling import POLLS_KEPT, Due, Poll
from despatch.ports.reading import (
    Asked,
    Body,
    Health,
    KnownEntry,
    Leased,
    Progress,
    SourceRecord,
)
from despatch.ports.receipts import DueReceipt, EndedReceipt
from despatch.ports.store import (
    Alarm,
    Archived,
    Beat,
    Claim,
    Counts,
    Finished,
    Store,
    SubscriptionChange,
    Taken,
    Told,
    Trace,
    Transaction,
)
from despatch.ports.stories import Member
from despatch.ports.watching import Gap

__all__ = [
    "POLLS_KEPT",
    "Alarm",
    "Alarms",
    "Archived",
    "Asked",
    "Batch",
    "Beat",
    "Body",
    "Bus",
    "Claim",
    "Clock",
    "Consent",
    "Counts",
    "DigestRun",
    "DocumentRecord",
    "Documents",
    "Due",
    "DueDigest",
    "DueReceipt",
    "EndedDigest",
    "EndedReceipt",
    "Extent",
    "Fetcher",
    "Finished",
    "Gap",
    "Grow",
    "Health",
    "Item",
    "KnownEntry",
    "Leased",
    "Links",
    "LoggedAlarms",
    "Member",
    "Message",
    "NoLinks",
    "Notice",
    "Outgoing",
    "Overdue",
    "Place",
    "Poll",
    "Progress",
    "ReadAs",
    "Reader",
    "Response",
    "Sender",
    "Sent",
    "Signup",
    "SourceRecord",
    "Store",
    "SubscriptionChange",
    "Suppressed",
    "SystemClock",
    "Taken",
    "Told",
    "Trace",
    "Transaction",
    "Validators",
]
