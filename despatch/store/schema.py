"""The schema's version: what the store has, what the code needs, and the way there.

Versions are numbered `0001`, `0002`, … and lead forward only: a way back would have to throw away
what newer code has written. To go back, put back a backup made before the migration.
"""

import threading
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from despatch.errors import SchemaError

HEAD = "0014"
"""The version that this code needs: the newest in `migrations/versions`."""

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK_KEY = 0x64657370  # "desp"
_alembic = threading.Lock()  # it keeps the migration that runs in a module's variable


def version(connection: Connection) -> str | None:
    """Return the version that the store has, or None if it was never migrated."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def check(connection: Connection, name: str) -> None:
    """Raise SchemaError, naming the store, unless its version is the code's."""
    found = version(connection)
    if found is None:
        raise SchemaError(f"{name} has no schema yet: run `despatch migrate`")
    if found < HEAD:
        raise SchemaError(
            f"{name} has schema {found}, and this Despatch needs {HEAD}: run `despatch migrate`"
        )
    if found > HEAD:
        raise SchemaError(
            f"{name} was made by a newer Despatch (schema {found}; this one knows {HEAD}): "
            "install the newer one"
        )


def migrate(connection: Connection, name: str) -> list[str]:
    """Bring the schema up to the code's within the open transaction; return what was applied.

    On PostgreSQL a second process waits here until the first has committed; on SQLite it waited
    at BEGIN IMMEDIATE.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
    if (version(connection) or "") >= HEAD:
        check(connection, name)
        return []
    with _alembic:
        return _upgrade(connection)


def _upgrade(connection: Connection) -> list[str]:
    # Half a second to import, and no stage that runs on a migrated store needs it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    applied: list[str] = []
    config.attributes |= {"connection": connection, "applied": applied}
    command.upgrade(config, "head")
    return applied
