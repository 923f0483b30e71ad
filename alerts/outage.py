"""An outage of the store, as all processes with one home folder share it: one of them tells of it.

Who has told can't stand in the store, for that is what is away: it stands in a file. Where there is
none, or it can't be written, each process tells for itself: twice is better than not at all.
"""

import os
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

CLAIMED_FOR = timedelta(minutes=2)
"""So long a process has to tell; one that was killed meanwhile is not waited for any longer."""

TOLD_FOR = timedelta(hours=12)
"""After which an outage that goes on is told again, by whoever finds it so."""

SETTLES_AFTER = timedelta(minutes=1)
"""So old must an outage be that a process which never saw it ends it: a store that is locked for
some and not for others would come and go with each try."""


class SharedOutage:
    """Whether an outage is there, and whose it is to tell of it. One process' own.

    Not to be shared between threads: whoever has it holds a lock.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._seen = False
        """Whether this process has seen it, and told or left that to another."""
        self._alone = file is None
        """Whether no file can be had, so that nobody else knows of it."""

    def begin(self, now: datetime) -> bool:
        """Return whether it is ours to tell; then `told` or `not_told` must follow."""
        if self._seen:
            return False
        self._seen = True
        return self._file is None or self._claim(self._file, now)

    def told(self, now: datetime) -> None:
        """Say that the operator has heard of it."""
        if self._file is not None and not self._alone:
            with suppress(OSError):
                _written(self._file, "told", now).replace(self._file)

    def not_told(self) -> None:
        """Leave it to another process, or to our own next try."""
        self._seen = False
        self._remove()

    def end(self, now: datetime) -> bool:
        """End it, the store being back; return whether it is ours to tell that."""
        seen, self._seen = self._seen, False
        if self._file is None or self._alone:
            self._alone = self._file is None
            return seen
        found = _read(self._file)
        if found is None or not (seen or now - found[1] >= SETTLES_AFTER):
            return False
        return self._remove()

    def _claim(self, file: Path, now: datetime) -> bool:
        found = _read(file)
        if found is not None:
            state, since = found
            if now - since < (TOLD_FOR if state == "told" else CLAIMED_FOR):
                return False
            self._remove()
        try:
            made = _written(file, "claimed", now)
            try:
                os.link(made, file)  # of several that try, one makes it, and makes it whole
            finally:
                made.unlink()
        except FileExistsError:
            return False
        except OSError:
            self._alone = True
        return True

    def _remove(self) -> bool:
        """Return whether it was there: of several, one removes it."""
        try:
            if self._file is not None:
                self._file.unlink()
        except OSError:
            return False
        return True


def _written(file: Path, state: str, now: datetime) -> Path:
    """Return a file of our own beside a file, with what is to stand in that."""
    made = file.with_name(f"{file.name}.{os.getpid()}")
    made.write_text(f"{state} {now.isoformat()}")
    return made


def _read(file: Path) -> tuple[str, datetime] | None:
    """Return what state an outage is in, and since when; None if there is none."""
    try:
        state, _, since = file.read_text().partition(" ")
        return state, datetime.fromisoformat(since)
    except OSError:
        return None
    except ValueError:  # nobody of ours wrote it
        return "claimed", datetime.min.replace(tzinfo=UTC)
