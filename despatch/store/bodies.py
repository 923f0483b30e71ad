"""Fetched bytes in the store: kept once by their hash, compressed with zstd."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

import zstandard
from sqlalchemy import bindparam, case, delete, select

from despatch.ports import Body
from despatch.store.rows import Rows, insert_into
from despatch.store.tables import bodies


class Bodies(Rows):
    """The part of a transaction that fetched bytes are."""

    def keep_bodies(self, bodies: Sequence[Body]) -> None:
        if not bodies:  # as after most polls: a compressor is dear
            return
        # One statement can't change a row twice, and equal bytes may come from several sources.
        compressor = zstandard.ZstdCompressor()
        rows = {
            each.sha256: {
                "sha256": each.sha256,
                "body": compressor.compress(each.data),
                "size": len(each.data),
                "last_at": each.at,
            }
            for each in sorted(bodies, key=lambda each: each.at)
        }
        self._many(_keep(self._dialect), list(rows.values()))

    def body(self, sha256: str) -> bytes | None:
        row = self._first(select(bodies.c.body, bodies.c.size).where(bodies.c.sha256 == sha256))
        if row is None:
            return None
        return zstandard.ZstdDecompressor().decompress(row.body, max_output_size=row.size)

    def forget_bodies(self, before: datetime) -> int:
        return self._run(delete(bodies).where(bodies.c.last_at < before))


@cache
def _keep(dialect: str) -> Any:
    insert = insert_into(dialect, bodies).values({c.name: bindparam(c.name) for c in bodies.c})
    given = insert.excluded.last_at
    later = case((bodies.c.last_at < given, given), else_=bodies.c.last_at)
    return insert.on_conflict_do_update(index_elements=["sha256"], set_={"last_at": later})
