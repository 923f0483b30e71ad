"""A text as JSON and as an e-mail write it. Pure."""

import binascii
from json.encoder import encode_basestring


def inside_json(text: str) -> str:
    """Return a text as it stands between the quotes of a JSON string."""
    return encode_basestring(text)[1:-1]


def quoted(text: str) -> bytes:
    """Return a text whose lines end with CR LF as quoted-printable (RFC 2045 §6.7)."""
    return binascii.b2a_qp(text.encode(), istext=True)
