"""What a channel's module is opened with."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, TextIO

from pydantic import SecretStr

from alerts.messages import Messages
from despatch.guard import Network

if TYPE_CHECKING:
    from despatch.connect import Resolve

CONNECT_TIMEOUT = timedelta(seconds=5)
READ_TIMEOUT = timedelta(seconds=15)
TIME_LIMIT = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class ChannelSetup:
    """Settings that channels share."""

    mail_from: str | None = None
    """Sender that e-mails show, such as `Alerts <alerts@example.org>`."""
    mail_return_path: str | None = None
    """Address that undeliverable e-mail goes back to."""
    mail_url: SecretStr | None = None
    """The installation's own mail server, without a recipient."""
    messages: Messages = field(default_factory=Messages)
    """Writes what is sent."""
    allow_networks: tuple[Network, ...] = ()
    """Networks that webhooks may be in though they are private."""
    resolve: "Resolve | None" = None
    """Resolves webhooks' hosts; None: as the system does."""
    out: TextIO | None = None
    """What the console channel prints to; None: standard output."""
    connect_timeout: timedelta = CONNECT_TIMEOUT
    read_timeout: timedelta = READ_TIMEOUT
    """For one answer of the other side."""
    time_limit: timedelta = TIME_LIMIT
    """For a whole send: half a delivery's lease at most."""
