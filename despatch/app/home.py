"""The folder that holds all state of the embedded default."""

import errno
import os
from pathlib import Path

from despatch.errors import NotWritable, StorageFull


def make_home(home: Path) -> Path:
    """Return the home folder, made if need be. Raises NotWritable or StorageFull naming it."""
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        kind = StorageFull if exc.errno == errno.ENOSPC else NotWritable
        raise kind(
            f"home folder {home} can't be made: {exc.strerror}; choose another with --home DIR"
        ) from exc
    if not os.access(home, os.W_OK | os.X_OK):
        raise NotWritable(
            f"home folder {home} is not writable for this user; choose another with --home DIR"
        )
    return home
