"""Has the stages do their part of a replay, and says how it goes while receivers are away."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from despatch.app.running import others_running, own_stages, wait_until_done, wait_until_sent
from despatch.app.wiring import App

Progress: TypeAlias = Callable[[str, int, int | None], None]
"""Called with what is being done, how far, and of how many (None: not known)."""
Notice: TypeAlias = Callable[[str], None]
"""Called once with each thing that whoever waits should know."""

PATIENCE = timedelta(minutes=10)
"""How long a replay waits for stages that run elsewhere, and for receivers that are away."""


def silent(_doing: str, _at: int, _of: int | None) -> None:
    """Report no progress."""


def unheard(_said: str) -> None:
    """Say nothing."""


@dataclass(frozen=True, slots=True)
class Sending:
    """Whether subscribers are told, how long is waited for that, and who hears how it goes."""

    send: bool
    patience: timedelta
    progress: Progress
    notice: Notice


def finish(app: App, sending: Sending) -> bool:
    """Have all that was published judged, matched and, if it is to be sent, delivered.

    The wait for what is elsewhere begins now: to read the documents took as long as it took.
    """
    until = app.clock.now() + sending.patience
    progress = sending.progress
    if sending.send and others_running(app):
        done = wait_until_done(
            app, [], until=until, on_lag=lambda left: progress("waiting for the stages", left, None)
        )
        progress("delivering", 0, None)
        wait_until_sent(app, until)
        return done
    with own_stages(app) as threads:
        done = wait_until_done(
            app, threads, on_lag=lambda left: progress("judging and matching", left, None)
        )
    if sending.send:
        progress("delivering", 0, None)
        app.digesting().run_due()
        app.deliverer().drain(until, _Waiting(app, sending, until))
    return done


class _Waiting:
    """Says at once that a receiver is away, once for each reason, and then when it is tried again.

    To a person who looks at a bar that stands still a minute is long.
    """

    def __init__(self, app: App, sending: Sending, until: datetime) -> None:
        self._app = app
        self._sending = sending
        self._until = until
        self._said: set[str] = set()

    def __call__(self, failed: str, at: datetime) -> None:
        now = self._app.clock.now()
        left, pause = self._until - now, max(at - now, timedelta(0))
        if failed and failed not in self._said:
            self._said.add(failed)
            self._sending.notice(
                f"Not delivered: {failed}. It is tried again, here for {_minutes(left)} at most "
                "(--wait); what is left then, or at Ctrl-C, goes on with despatch up."
            )
        self._sending.progress(f"waiting: next try in {round(pause.total_seconds())} s", 0, None)


def _minutes(length: timedelta) -> str:
    seconds = round(length.total_seconds())
    return f"{seconds} s" if seconds < 120 else f"{round(seconds / 60)} min"
