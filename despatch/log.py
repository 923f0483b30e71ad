"""Logging: a constant event and bound data, one line each, on standard error.

Standard output belongs to what a command gives back, so that it can be piped.
"""

import contextlib
import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog
from structlog.typing import FilteringBoundLogger, WrappedLogger


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
