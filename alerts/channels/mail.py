"""An e-mail as bytes: the same for the same alert, mailbox and key. Pure.

Written by hand where the standard library takes longer than a mail server does: it folds every
header anew. What it is needed for (names and subjects beyond ASCII) is folded once and kept.
"""

import re
from email.errors import MessageError
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from functools import lru_cache

from alerts.channels.mailbox import Mailbox
from alerts.messages import MailBody
from despatch.errors import UsageError
from despatch.model import Alert, DeliveryId

_POLICY = SMTP_POLICY.clone(cte_type="7bit")  # a server need not know 8BITMIME
_LINK = re.compile(r"(https://|http://(localhost|127(\.\d{1,3}){3}|\[::1\])[:/])[!-;=?-~]{1,900}")
"""RFC 8058 asks for https; on this machine alone the public pages may do without."""
_PART = (
    b'Content-Type: text/%s; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
)
_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,255}")


def write(to: Mailbox, alert: Alert, key: DeliveryId, says: MailBody) -> bytes:
    """Return the message, as text and as HTML; its Message-ID is made of the key.

    Raises UsageError if an address or a header of the URL can't be sent.
    """
    try:
        head = [
            folded("From", to.sender),
            _to(to),
            _subject(says.subject),
            f"Date: {format_datetime(alert.created_at)}\r\n",
            f"Message-ID: <{key}@{to.envelope.rpartition('@')[2]}>\r\n",
            "Auto-Submitted: auto-generated\r\n",  # RFC 3834: no vacation answers
            *([folded("Reply-To", to.reply_to)] if to.reply_to else []),
            *(_unsubscribing(says.unsubscribe) if says.unsubscribe else []),
            *(folded(name, value) for name, value in to.headers),
            "MIME-Version: 1.0\r\n",
        ]
        return "".join(head).encode("ascii") + _alternatives(says, key)
    except (ValueError, MessageError, IndexError):
        raise UsageError("an address or a +header of this mailto:// URL can't be sent") from None


def _subject(value: str) -> str:
    """Return the Subject. The newer folding of Python 3.11 loses spaces between encoded words."""
    if value.isascii():
        return folded("Subject", value)
    encoded = Header(value, "utf-8", header_name="Subject").encode(linesep="\r\n")
    return f"Subject: {encoded}\r\n"


def _to(to: Mailbox) -> str:
    if not to.recipient_name and _PLAIN_ADDRESS.fullmatch(to.recipient):
        return f"To: {to.recipient}\r\n"
    shown = Address(display_name=to.recipient_name, addr_spec=to.recipient)
    return folded("To", str(shown))


def _unsubscribing(address: str) -> list[str]:
    """Return the two headers of RFC 8058 §3.1; a mail program's button posts to the address."""
    if not _LINK.fullmatch(address):
        raise ValueError("no address to unsubscribe by")
    return [
        f"List-Unsubscribe: <{address}>\r\n",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
    ]


def _alternatives(says: MailBody, key: DeliveryId) -> bytes:
    """Return the parts, the richest last (RFC 2046 §5.1.4).

    No line of quoted-printable begins with the boundary: there `=` is never followed by `_`.
    """
    edge = f"--=_{key}"
    return b"".join(
        [
            f'Content-Type: multipart/alternative; boundary="{edge[2:]}"\r\n\r\n'.encode("ascii"),
            f"{edge}\r\n".encode("ascii"),
            _PART % b"plain",
            says.text,
            f"{edge}\r\n".encode("ascii"),
            _PART % b"html",
            says.html,
            f"{edge}--\r\n".encode("ascii"),
        ]
    )


@lru_cache(2_000)
def folded(name: str, value: str) -> str:
    """Return a header with its line end, encoded and folded as RFC 5322 and 2047 say."""
    mail = EmailMessage(policy=_POLICY)
    mail[name] = value
    return str(_POLICY.fold(name, mail[name]))
