"""E-mail addresses as people write them: which can be written to, and whose mailbox they are. Pure.

A part of RFC 5321 that every mail server takes: ASCII, no quotes, no address literals.
"""

import re

from pydantic import SecretStr

from despatch.errors import UsageError

MAX_CHARS = 254
"""Of an address, the two angle brackets of a path aside (RFC 5321 §4.5.3.1.3)."""

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"(?P<local>{_ATOM}(?:\.{_ATOM})*)@(?P<domain>(?:{_LABEL}\.)+{_LABEL})")
_MAX_LOCAL = 64
_NO_ADDRESS = "this is no e-mail address that can be written to: write it like you@example.org"


def email_address(text: str) -> SecretStr:
    """Return an address without what stands around it. Raises UsageError, without the address."""
    text = text.strip()
    found = _ADDRESS.fullmatch(text)
    if found is None or len(text) > MAX_CHARS or len(found["local"]) > _MAX_LOCAL:
        raise UsageError(_NO_ADDRESS)
    if not re.search("[A-Za-z]", found["domain"].rpartition(".")[2]):  # 192.0.2.1 is no domain
        raise UsageError(_NO_ADDRESS)
    return SecretStr(f"{found['local']}@{found['domain'].lower()}")


def mailbox_of(address: SecretStr) -> SecretStr:
    """Return the mailbox that an address fills: `ada@example.org` for `Ada+news@example.org`.

    Many servers take anything behind a plus sign: by it one mailbox has endless addresses.
    """
    local, _at, domain = address.get_secret_value().lower().rpartition("@")
    return SecretStr(f"{local.partition('+')[0] or local}@{domain}")
