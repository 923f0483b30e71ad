"""Logging: a constant event and bound data, one line each, on standard error.

Standard output belongs to what a command gives back, so that it can be piped.
"""

import contextlib
import logging
import sys
import threading
import time
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

import structlog
from structlog.typing import FilteringBoundLogger, WrappedLogger

SELDOM_S = 60.0
"""Seconds for which a warning that says why is not said again, when nothing else has changed."""

_CHANGING = frozenset({"seconds", "tries"})
"""What counts how long something has been so already, and is no news."""


def get(**bound: Any) -> FilteringBoundLogger:
    """Return a logger with data bound to it, e.g. `log.get(stage="ingest")`."""
    logger: FilteringBoundLogger = structlog.get_logger(**bound)
    return logger


def configure(*, level: str = "info", json: bool = False) -> None:
    """Set up logging for this process: `json` for machines, a plain line for people.

    `level` is one of debug, info, warning, error. Libraries' own loggers are let through from
    warning on, without apprise's and kafka's: theirs can hold a channel's URL or a record.
    """
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            Seldom(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _shorten,
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_bound: _StandardError(),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, force=True)
    for name in ("apprise", "kafka"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


class Seldom:
    """Says a warning with a reason (`why`) once a minute, and then how often it came meanwhile.

    While a server is away every thread of every stage says so every other second. Shared between
    threads.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._said: dict[str, tuple[float, int]] = {}

    def __call__(
        self, _logger: WrappedLogger, name: str, event: MutableMapping[str, Any]
    ) -> Mapping[str, Any]:
        """Return the event, or raise structlog's DropEvent if it was said within the minute."""
        if name != "warning" or "why" not in event:
            return event
        key = repr(sorted((k, str(v)) for k, v in event.items() if k not in _CHANGING))
        with self._lock:
            now = self._now()
            said, left_out = self._said.get(key, (now - SELDOM_S, 0))
            if now - said < SELDOM_S:
                self._said[key] = (said, left_out + 1)
                raise structlog.DropEvent
            self._forget(now)
            self._said[key] = (now, 0)
        if left_out:
            event["times_more"] = left_out
        return event

    def _forget(self, now: float) -> None:
        """Keep what is younger than two minutes: reasons with numbers in them never come again."""
        young = {k: v for k, v in self._said.items() if now - v[0] < 2 * SELDOM_S}
        self._said = young


class _StandardError:
    """Writes a line to standard error, as it is at the moment.

    A log that can't be written (a full disk, a pipe whose reader is gone) must not stop the work,
    nor make a dead letter of the message in hand.
    """

    def msg(self, line: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(line + "\n")
            sys.stderr.flush()

    debug = info = warning = error = critical = msg


def _shorten(
    _logger: WrappedLogger, _name: str, event: MutableMapping[str, Any]
) -> Mapping[str, Any]:
    """Cut long values: a hostile title must not fill the log."""
    for key, value in event.items():
        if isinstance(value, str) and len(value) > 1_000 and key != "exception":
            event[key] = value[:1_000] + "…"
    return event
