"""What another side's answer means for a delivery. Pure."""

from datetime import timedelta
from functools import lru_cache
from http import HTTPStatus

from despatch.ports import Sent

_TEMPORARY = frozenset({408, 421, 423, 425, 429})
"""4xx that may pass: a time-out, a wrong connection, a lock, too early, too many."""


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


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
