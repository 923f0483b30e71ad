"""Fetched bytes in the store: kept once by their hash, compressed with zstd."""

from datetime import datetime

import zstandard
from sqlalchemy import case, delete, select, update

from despatch.store.rows import Rows
from despatch.store.tables import bodies


class Bodies(Rows):
    """The part of a transaction that fetched bytes are."""

    def keep_body(self, sha256: str, body: bytes, now: datetime) -> None:
        later = case((bodies.c.last_at < now, now), else_=bodies.c.last_at)
        if self._run(update(bodies).where(bodies.c.sha256 == sha256).values(last_at=later)) == 0:
            packed = zstandard.ZstdCompressor().compress(body)
            self._add(bodies, sha256=sha256, body=packed, size=len(body), last_at=now)

    def body(self, sha256: str) -> bytes | None:
        row = self._first(select(bodies.c.body, bodies.c.size).where(bodies.c.sha256 == sha256))
        if row is None:
            return None
        return zstandard.ZstdDecompressor().decompress(row.body, max_output_size=row.size)

    def forget_bodies(self, before: datetime) -> int:
        return self._run(delete(bodies).where(bodies.c.last_at < before))
