"""Signatures of webhooks, in the form of the Standard Webhooks specification, version 1. Pure.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hashlib
import hmac
from datetime import datetime

from despatch.errors import UsageError

PREFIX = "whsec_"
LEAST_BYTES = 24
MOST_BYTES = 64


def read_secret(text: str) -> bytes:
    """Return the key that a secret holds: `whsec_` and base64, of 24 to 64 bytes.

    Raises UsageError, without the secret, if it is anything else.
    """
    try:
        key = base64.b64decode(text.removeprefix(PREFIX).replace(" ", "+"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not LEAST_BYTES <= len(key) <= MOST_BYTES:
        raise UsageError(
            "the option secret= of this webhook is no signing secret: make one with "
            f'echo "{PREFIX}$(openssl rand -base64 32)"'
        )
    return key


def signed(key: bytes, id_: str, body: bytes, now: datetime) -> dict[str, str]:
    """Return the headers that prove who sent a body, and when.

    `webhook-signature: v1,<base64 of HMAC-SHA256 over "id.timestamp.body">`.
    """
    timestamp = str(int(now.timestamp()))
    mac = hmac.digest(key, f"{id_}.{timestamp}.".encode() + body, hashlib.sha256)
    return {
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
    }
