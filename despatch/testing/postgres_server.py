"""PostgreSQL for tests: a server of its own on loopback, from Debian's package, without Docker."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from uuid import uuid4

import psycopg

from despatch.testing.free_ports import free_port
from despatch.testing.kafka_jars import Missing

PASSWORD = "correct-horse-battery"  # noqa: S105 - of a server that lives for one test
"""What logs in; a test that looks for a leaked password looks for this."""

_HINT = "PostgreSQL for tests needs its server: install it (Debian: apt install postgresql)"
_STARTS_WITHIN_S = 60


class PostgresServer:
    """A server that keeps its data and its port over `kill`, `stop` and `start`.

    Commits are durable as in production (fsync is on). It refuses to run as root, so root starts
    it as the user `postgres`, which the package makes.
    """

    def __init__(self) -> None:
        self.port = free_port()
        self._bin = _binaries()
        self._user = "postgres" if os.geteuid() == 0 else None
        self._folder = Path(tempfile.mkdtemp(prefix="despatch-postgres-"))
        self._process: subprocess.Popen[bytes] | None = None
        if self._user is not None:
            shutil.chown(self._folder, self._user)

    @property
    def url(self) -> str:
        """The URL of a store in the server's own database."""
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        """Return the URL of a store in a database of this server."""
        return f"postgresql+psycopg://despatch:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """Create an empty database and return the URL of a store in it."""
        name = f"test_{uuid4().hex}"
        self.execute(f"CREATE DATABASE {name}")
        return self.url_of(name)

    def execute(self, statement: str) -> None:
        """Run one statement outside any transaction."""
        with self._connect() as connection:
            connection.execute(statement.encode())

    def start(self) -> None:
        """Start the server on its data, made on the first call, and wait until it answers."""
        if not (self._data / "PG_VERSION").exists():
            self._make_data()
        deadline = time.monotonic() + _STARTS_WITHIN_S
        while not self._answers():
            if time.monotonic() > deadline:
                raise AssertionError(f"PostgreSQL does not start:\n{self._log()}")
            # After a kill -9 the old server's children hold its memory for another instant.
            if self._process is None or self._process.poll() is not None:
                self._process = self._launch()
            time.sleep(0.1)

    def stop(self) -> None:
        """End the server in order; open connections are cut."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """End the server at once, as a power cut does."""
        self._end(signal.SIGKILL)

    def remove(self) -> None:
        """End the server and delete its data."""
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> "PostgresServer":
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.remove()

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _make_data(self) -> None:
        password = self._folder / "password"
        password.write_text(PASSWORD)
        if self._user is not None:
            shutil.chown(password, self._user)
        made = subprocess.run(
            [
                *(self._bin / "initdb", "--pgdata", self._data, "--username", "despatch"),
                *("--auth", "scram-sha-256", "--pwfile", password),
                *("--encoding", "UTF8", "--no-locale", "--no-sync"),
            ],
            user=self._user,
            cwd=self._folder,
            capture_output=True,
            check=False,
        )
        assert made.returncode == 0, made.stderr.decode()

    def _launch(self) -> subprocess.Popen[bytes]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "fsync": "on",
            "max_connections": "60",
            "shared_buffers": "32MB",
        }
        options: Sequence[str] = [f"--{name}={value}" for name, value in settings.items()]
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(
                [self._bin / "postgres", "-D", self._data, *options],
                user=self._user,
                cwd=self._folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _answers(self) -> bool:
        try:
            self.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user="despatch",
            password=PASSWORD,
            dbname="postgres",
            connect_timeout=5,
            autocommit=True,
        )

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(timeout=30)
            self._process = None

    def _log(self) -> str:
        return (self._folder / "log").read_text("utf-8", "replace")[-3_000:]


def _binaries() -> Path:
    """Return the newest server's folder of programs. Raises Missing when there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=_major)
    if not found and (path := shutil.which("postgres")) is not None:
        found = [Path(path)]
    if not found:
        raise Missing(_HINT)
    if os.geteuid() == 0:
        try:
            pwd.getpwnam("postgres")
        except KeyError:
            raise Missing(f"{_HINT}; root also needs the user `postgres`") from None
    return found[-1].parent


def _major(program: Path) -> float:
    return float(program.parent.parent.name)
