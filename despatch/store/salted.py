"""Hashes of addresses under a secret salt, so that who has the database alone can't try addresses.

The salt is random and this store's own. It is kept encrypted as channels' URLs are, and is brought
over to a new key with them: a hash that was kept for years is still found.
"""

import hashlib
import hmac
import secrets

from pydantic import SecretStr
from sqlalchemy import select

from despatch.store.rows import Rows
from despatch.store.tables import salts

_NAME = "addresses"


class Salted(Rows):
    """What hashes addresses."""

    def _address_hash(self, address: SecretStr) -> str:
        """Return the hash of an address; of two that differ in their case it is the same."""
        return self._salted("address", address.get_secret_value().strip().lower())

    def _salted(self, kind: str, value: str) -> str:
        """Return a hash that tells kinds apart: a network's is never an address's."""
        said = f"{kind}:{value}".encode("utf-8", "surrogatepass")
        return hmac.new(self._salt(), said, hashlib.sha256).hexdigest()

    def _salt(self) -> bytes:
        row = self._first(select(salts).where(salts.c.name == _NAME))
        if row is None:
            sealed = self._secrets.seal(SecretStr(secrets.token_hex(32)))
            self._add(salts, name=_NAME, sealed=sealed.url, key=sealed.key)
            # Another process may have been faster: its salt counts.
            row = self._first(select(salts).where(salts.c.name == _NAME))
        if row is None:
            raise LookupError("the salt that was written is not there")
        return bytes.fromhex(self._secrets.reveal(row.sealed, row.key).get_secret_value())
