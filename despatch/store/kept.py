"""Classified messages: each is kept once, by the hash of its JSON, whoever names it."""

import hashlib
from collections.abc import Mapping

from sqlalchemy import select

from despatch.model import Classified
from despatch.store.rows import Rows, in_parts, read_payload
from despatch.store.tables import classified


class Kept(Rows):
    """The part of a transaction that reads and writes them."""

    def _keep(self, one: Classified) -> str:
        """Keep a classified message, and return its hash; the same object is written once."""
        known = self._hashes.get(id(one))
        if known is not None and known[0] is one:
            return known[1]
        payload = one.model_dump_json()
        sha256 = hashlib.sha256(payload.encode()).hexdigest()
        self._add(classified, sha256=sha256, payload=payload)
        self._hashes[id(one)] = one, sha256
        return sha256

    def _classified(self, named: set[str]) -> Mapping[str, Classified]:
        """Return classified messages by their hash; what was read lately is not parsed again."""
        found = self._parsed.among(named)
        for part in in_parts(named - found.keys()):
            for row in self._all(select(classified).where(classified.c.sha256.in_(part))):
                found[row.sha256] = read_payload(Classified, row.payload)
                self._parsed.keep(row.sha256, found[row.sha256])
        for sha256, one in found.items():
            self._hashes[id(one)] = one, sha256
        return found
