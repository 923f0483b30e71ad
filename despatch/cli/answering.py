"""What a stage's process answers over HTTP when it is asked how it is."""

from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from typing import Any

from despatch.app import App
from despatch.app.status import status
from despatch.errors import DespatchError
from despatch.runner import Runner
from despatch.settings import host_and_port


def answering(
    app: App, listen: str | None, runner: Runner[Any] | None = None
) -> AbstractContextManager[object]:
    """Serve a process's own /live, /ready and /metrics for the length of the block."""
    if listen is None:
        return nullcontext()
    from despatch.web.health import Checks, HealthServer

    def live() -> str:
        age = runner.watchdog.age if runner else timedelta(0)
        return f"no progress for {age.total_seconds():.0f} s" if age > timedelta(minutes=2) else ""

    def ready() -> str:
        return (runner.waiting_for if runner else "") or reach(app)

    return HealthServer(*host_and_port(listen), Checks(live, ready, lambda: figures(app)))


def figures(app: App) -> bytes:
    """Return the whole installation's figures in Prometheus' text format."""
    from despatch.web.metrics import render

    return render(status(app))


def reach(app: App) -> str:
    """Return why bus or store can't be used; empty if they can."""
    try:
        app.store.check_schema()
        wrong = app.bus.check_topics(app.topics)
    except DespatchError as exc:
        return str(exc)
    return wrong[0] if wrong else ""
