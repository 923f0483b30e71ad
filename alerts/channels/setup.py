"""What a channel's module is opened with."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TextIO


@dataclass(frozen=True, slots=True)
class ChannelSetup:
    """Settings that channels share."""

    mail_from: str | None = None
    """Sender that e-mails show, such as `Alerts <alerts@example.org>`."""
    mail_return_path: str | None = None
    """Address that undeliverable e-mail goes back to."""
    out: TextIO | None = None
    """What the console channel prints to; None: standard output."""
    connect_timeout: timedelta = timedelta(seconds=5)
    read_timeout: timedelta = timedelta(seconds=15)
    """For one answer of the other side."""
    time_limit: timedelta = timedelta(seconds=60)
    """For a whole send: half a delivery's lease at most."""
