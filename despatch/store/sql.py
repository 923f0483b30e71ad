"""The store's port over a database."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection, select, update

from despatch.errors import OperatorError, SchemaError
from despatch.ports import Clock, SystemClock
from despatch.store import failures, schema
from despatch.store.bodies import Bodies
from despatch.store.canaries import Canaries
from despatch.store.documents import Documents
from despatch.store.engine import create_file, open_engine, read_url
from despatch.store.failures import translated
from despatch.store.forgetting import Forgetting
from despatch.store.history import History
from despatch.store.notices import Notices
from despatch.store.operating import Operating
from despatch.store.parsed import Parsed
from despatch.store.receipts import Receipts
from despatch.store.secrets import Secrets
from despatch.store.sources import Sources
from despatch.store.stories import Stories
from despatch.store.tables import channels, salts


class SqlTransaction(
    Sources,
    Documents,
    Bodies,
    Forgetting,
    Canaries,
    History,
    Stories,
    Notices,
    Receipts,
    Operating,
):
    """One transaction of `SqlStore`: each subject's methods stand in the subject's file."""


class SqlStore:
    """Sources, archive, subscribers and deliveries in SQLite or PostgreSQL.

    `url` is `sqlite:///path/store.db` or `postgresql+psycopg://user:password@host/name`. `keys`
    encrypt channels' URLs (`despatch.store.secrets.load_keys`); `keys_from` names, for errors,
    where they came from. `busy` is how long a lock is waited for. Opening connects to nothing.

    On SQLite a transaction holds the one write lock from its first instant: a process that is
    stopped within one makes the others raise Busy until it goes on or dies.
    """

    def __init__(
        self,
        url: str,
        *,
        keys: Sequence[str],
        busy: timedelta = timedelta(seconds=5),
        clock: Clock = SystemClock(),  # noqa: B008 - it holds nothing
        keys_from: str = "the key file or setting",
    ) -> None:
        self._url = read_url(url)
        self._name = failures.where(self._url)
        self._file = Path(self._name) if self._url.get_backend_name() == "sqlite" else None
        self._engine = open_engine(self._url, busy)
        self._secrets = Secrets(keys, keys_from)
        self._clock = clock
        self._parsed = Parsed()
        self._checked = False

    def __repr__(self) -> str:
        return f"SqlStore({self._url.render_as_string(hide_password=True)!r})"

    @contextmanager
    def transaction(self) -> Iterator[SqlTransaction]:
        """Begin; commit at the end of the block, roll back if it raises.

        Also rolls back, and raises it again, if `advance` raised a FencedError that the block
        swallowed.
        """
        if not self._checked:
            self.check_schema()
        with self._begin() as connection:
            opened = SqlTransaction(connection, self._secrets, self._clock, self._parsed)
            yield opened
            if opened.fenced is not None:
                raise opened.fenced

    def check_schema(self) -> None:
        if self._file is not None and not self._file.exists():
            raise SchemaError(f"there is no store at {self._file} yet: run `despatch migrate`")
        with self._begin() as connection:
            schema.check(connection, self._name)
        self._checked = True

    def migrate(self) -> Sequence[str]:
        if self._file is not None:
            create_file(self._file)
        with self._begin() as connection:
            return schema.migrate(connection, self._name)

    def check_keys(self) -> None:
        with self._begin() as connection:
            used = [
                *connection.scalars(select(channels.c.url_key).distinct()),
                *connection.scalars(select(salts.c.key)),
            ]
        lost = sorted({key for key in used if key is not None} - set(self._secrets.names))
        if lost:
            raise OperatorError(self._secrets.lost(lost))

    def encrypt_again(self) -> int:
        """Encrypt with the first key what others encrypted; return how many URLs that were.

        After it the other keys may be taken away. Raises OperatorError if a key is lost already.
        """
        column = channels.c
        others = column.url_key.is_not(None) & (column.url_key != self._secrets.names[0])
        with self._begin() as connection:
            rows = connection.execute(select(channels).where(others).with_for_update()).all()
            for row in rows:
                sealed = self._secrets.seal(self._secrets.reveal(row.url, row.url_key))
                values = {"url": sealed.url, "url_hash": sealed.hash, "url_key": sealed.key}
                connection.execute(update(channels).where(column.id == row.id).values(values))
            self._encrypt_salts_again(connection)
        return len(rows)

    def overwrite_deleted(self) -> str:
        if self._file is None:
            return (
                "PostgreSQL keeps old versions of rows until it vacuums, and its write-ahead log "
                "and backups keep them longer"
            )
        with translated(self._url), closing(self._engine.raw_connection()) as raw:
            cursor = raw.cursor()  # below SQLAlchemy, which would begin a transaction first
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            row = cursor.fetchone()
        if row is None or row[0]:
            return f"{self._name}-wal is in use and has it for some seconds more"
        return ""

    def _encrypt_salts_again(self, connection: Connection) -> None:
        others = select(salts).where(salts.c.key != self._secrets.names[0])
        for row in connection.execute(others).all():
            sealed = self._secrets.seal(self._secrets.reveal(row.sealed, row.key))
            values = {"sealed": sealed.url, "key": sealed.key}
            connection.execute(update(salts).where(salts.c.name == row.name).values(values))

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _begin(self) -> Iterator[Connection]:
        with translated(self._url), self._engine.begin() as connection:
            yield connection
