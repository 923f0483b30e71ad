"""One `up` in a home folder at a time, and at an address that is free."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from despatch.errors import NotWritable, OperatorError


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """Hold the home folder's lock, which ends with the process however that ends.

    Two would each be sound, and read every feed twice as often as its publisher asks. Raises
    OperatorError that names the other process.
    """
    file = home / "up.lock"
    try:
        lock = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as exc:
        raise NotWritable(f"{file} can't be written: {exc.strerror}") from exc
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            other = os.pread(lock, 20, 0).decode("ascii", "replace").strip() or "unknown"
            raise OperatorError(
                f"Despatch already runs in {home} (process {other}): stop it first, or choose "
                "another folder with --home DIR"
            ) from exc
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(lock)


def need_free(host: str, port: int, *, instead: str = "--listen HOST:PORT") -> None:
    """Raise OperatorError if nobody could serve there: better before the stages start.

    `instead` is what chooses another address.
    """
    try:
        family, kind, _protocol, _name, where = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind(where)
            tried.listen(1)
    except OSError as exc:
        raise OperatorError(
            f"can't serve on {host}:{port}: {exc.strerror}; choose another with {instead}"
        ) from exc
