"""What another side's answer means for a delivery. Pure."""

import re
from datetime import timedelta
from functools import lru_cache
from http import HTTPStatus

from despatch.ports import Sent

_TEMPORARY = frozenset({408, 421, 423, 425, 429})
"""4xx that may pass: a time-out, a wrong connection, a lock, too early, too many."""
_ENHANCED = re.compile(r"5\.(?P<detail>\d{1,3}\.\d{1,3})(?!\d)")
_NO_SUCH = frozenset({"1.0", "1.1", "1.2", "1.3", "1.6", "1.10", "2.1"})
_NO_MAILBOX = frozenset({521, 550, 551, 553, 556})
_LOGIN = frozenset({530, 534, 535, 538})
"""RFC 4954 §6: it takes nothing from us until we have logged in, or logged in another way."""
_NO_RELAY = re.compile(
    r"\brelay(ing)?\b.{0,40}\b(denied|not|prohibited|refused|rejected)\b"
    r"|\b(not|n't|cannot|unable to|refuse to|won't)\b.{0,40}\brelay",
    re.IGNORECASE,
)
"""In words alone: 5.7.1 says no more than that it won't, and every server has a text of its own."""


@lru_cache(256)  # nearly all are one and the same
def of_http(status: int, retry_after: timedelta | None = None) -> Sent:
    """Return what an HTTP status means (RFC 9110 §15).

    2xx: delivered. 5xx, 408, 421, 423, 425, 429: temporary. A redirect is permanent: a POST must
    not follow one, and the alert goes where the operator said, or nowhere. `retry_after` is the
    wait that the answer asked for.
    """
    name = f"{status} {_phrase(status)}".strip()
    if 200 <= status < 300:
        return Sent("delivered", f"the other side answered {name}")
    if 300 <= status < 400:
        said = f"redirect: the other side answered {name}: give the final address"
        return Sent("permanent", said)
    said = f"http {status}: the other side answered {name}"
    if status >= 500 or status in _TEMPORARY:
        return Sent("temporary", said, retry_after)
    return Sent("permanent", said)


def of_smtp(code: int) -> Sent:
    """Return what an SMTP reply code means (RFC 5321 §4.2.1): 4xx may pass, 5xx will not."""
    if 200 <= code < 300:
        return Sent("delivered", f"the mail server took it ({code})")
    if 500 <= code < 600:
        return Sent("permanent", f"smtp {code}: the mail server refused it for good")
    return Sent("temporary", f"smtp {code}: the mail server refused it for now")


def of_login(code: int) -> Sent:
    """Return what a mail server's answer to AUTH means, or that it wants one (RFC 4954 §6)."""
    return Sent("held up", f"login: the mail server does not let us in ({code})")


def of_sender(code: int) -> Sent:
    """Return what a mail server's answer to MAIL means: it says nothing of any recipient.

    RFC 5321 §3.3: 5xx is a sender that it does not take; 4xx speaks of itself, such as a full disk.
    """
    if code in _LOGIN:
        return of_login(code)
    if 500 <= code < 600:
        return Sent("held up", f"sender: the mail server takes no mail from our sender ({code})")
    return Sent("held up", of_smtp(code).reason)


def of_recipient(code: int, said: str) -> Sent:
    """Return what a mail server's answer to RCPT means: a bounce is an address that there is not.

    By the enhanced code that the text begins with (RFC 3463: 5.1.x is a bad address, 5.2.1 a
    mailbox that was closed), else by the reply code (RFC 5321 §4.2.3, RFC 7504). What it refuses
    for another reason, such as our own reputation or a full mailbox (5.7.1, 5.2.2), is no bounce.
    That it takes nothing for others from us (no relay), or from nobody just now (421), is held up:
    it says so of everybody.
    """
    if code in _LOGIN:
        return of_login(code)
    if _NO_RELAY.search(said):
        return Sent("held up", f"relay: the mail server takes no mail for others from us ({code})")
    if code == 421:
        return Sent("held up", of_smtp(code).reason)
    found = _ENHANCED.match(said)
    if not 500 <= code < 600 or (found and found["detail"] not in _NO_SUCH):
        return of_smtp(code)
    if found is None and code not in _NO_MAILBOX:
        return of_smtp(code)
    shown = f"{code} {found[0]}" if found else f"{code}"
    return Sent("permanent", f"bounce: there is no such mailbox ({shown})")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
