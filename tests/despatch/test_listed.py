"""Statements that take many values as one parameter."""

from typing import Any

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.dialects import sqlite

from despatch.store.hosts import NAMED
from despatch.store.listed import among
from despatch.store.source_rows import known_by
from despatch.store.tables import entries, metadata, sources


@pytest.mark.parametrize(
    "statement, index",
    [
        (select(sources).where(among(sources.c.id, "part")), "sqlite_autoindex_sources_1 (id=?)"),
        (NAMED, "sqlite_autoindex_sources_1 (id=?)"),
        (known_by("sqlite", entries.c.address), "ix_entries_address (address=?)"),
        (
            known_by("sqlite", entries.c.key_hash),
            "sqlite_autoindex_entries_1 (source=? AND key_hash=?)",
        ),
    ],
    ids=["among", "named", "by address", "by key"],
)
def test_each_value_is_looked_up_by_an_index(statement: Any, index: str) -> None:
    """Else every poll would look through all sources, or through all that was ever seen."""
    sql = str(statement.compile(dialect=sqlite.dialect()))
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.connect() as connection:
        given = ("[]",) * sql.count("?")
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", given)]
    engine.dispose()

    assert any(step.endswith(index) for step in plan), plan
    assert not any(step.startswith(("SCAN sources", "SCAN entries")) for step in plan), plan
