"""`poll`: the pollers."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from despatch.app import App
from despatch.app.canary import Canaries
from despatch.app.cost import Meter
from despatch.app.running import Heart, Stop, stop_on_signal, until_ready
from despatch.cli.answering import answering
from despatch.cli.context import Health, Json, ago, complain, err, give, here, out
from despatch.cli.progress import looked_at, progress
from despatch.errors import UsageError
from despatch.rubbish import settle

if TYPE_CHECKING:
    from ingest.once import OnDone
    from ingest.report import PollReport


def poll(
    context: typer.Context,
    once: Annotated[
        bool, typer.Option("--once", help="Poll every source that is due once, then stop.")
    ] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="With --once: those that are not due too.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="With --json: before the sum, a line for each source.")
    ] = False,
    health: Health = None,
    as_json: Json = False,
) -> None:
    """Poll the sources and publish what is new.

    With --once and --json, one line says what it came to and what it cost.
    """
    if everything and not once:
        raise UsageError("--all goes with --once: a poller that runs on reads each in its time")
    with here(context).open(service=not once) as app:
        if once:
            app.store.check_schema()
            _poll_once(app, everything, as_json, verbose)
            return
        _poll_until_told(app, health)


def _poll_until_told(app: App, health: str | None) -> None:
    with stop_on_signal() as stop:
        until_ready(app, stop)
        with Heart(app, "ingest"), answering(app, health), Canaries(app):
            asyncio.run(_poll_on(app, stop))


def _poll_once(app: App, everything: bool, as_json: bool, verbose: bool) -> None:
    from ingest.report import totals

    meter = Meter()

    async def run(stop: Stop, on_done: "OnDone | None") -> "list[PollReport]":
        async with until(stop) as told, app.fetcher() as fetcher:
            poller = app.poller(fetcher)
            settle()
            with meter:
                return await poller.poll_once(
                    everything=everything, on_ready=meter.begin, on_done=on_done, stop=told
                )

    with stop_on_signal() as stop, _looking_on(show=not as_json) as on_done:
        reports = asyncio.run(run(stop, on_done))
    if as_json:
        for report in reports if verbose else ():
            give(report.as_dict())
        give(asdict(meter.cost) | totals(reports))
    else:
        _show_reports(reports)
        if not reports and stop.signal is None:
            out.print(_none_due(app))
    if stop.signal is not None:
        complain("stopped: what was not read yet is given back, for the next poll")
        raise typer.Exit(128 + stop.signal)
    if any(report.problem for report in reports):
        raise typer.Exit(1)


@contextmanager
def _looking_on(*, show: bool) -> "Iterator[OnDone | None]":
    """Show a person who looks on how far it is; None if nobody does."""
    if not looked_at(show=show):
        yield None
        return
    done = failed = 0
    with progress(show=show) as bar:

        def on_done(report: "PollReport | None", of: int) -> None:
            nonlocal done, failed
            done += 1
            failed += report is None or bool(report.problem)
            bar(f"polled, {failed} failed" if failed else "polled", done, of)

        yield on_done


def _show_reports(reports: "Sequence[PollReport]") -> None:
    for report in reports:
        if report.outcome == "stopped" and not report.pages:
            continue  # as if it had not been lent
        words = report.problem or f"{report.new} new, {report.changed} changed"
        said = words if words.startswith(report.outcome) else f"{report.outcome}: {words}"
        out.print(f"{report.source}: {said}", markup=False)
        for reason in report.skipped:
            err.print(f"Skipped: {report.source}: {reason}", markup=False)


def _none_due(app: App) -> str:
    now = app.clock.now()
    with app.store.transaction() as tx:
        active = [(due or now, r.id) for r, _health, due in tx.sources() if r.state == "active"]
    if not active:
        return "There is no source to read: despatch sources add URL"
    due, first = min(active)
    when = ago(due, now) if due > now else "which another poller reads now"
    return f"No source is due; the next is {first}, {when}. All, now: despatch poll --once --all"


async def _poll_on(app: App, stop: threading.Event) -> None:
    async with until(stop) as ended, app.fetcher() as fetcher:
        poller = app.poller(fetcher)
        settle()
        await poller.run(ended)


@asynccontextmanager
async def until(stop: threading.Event) -> AsyncIterator[asyncio.Event]:
    """Yield what is set when `stop` is; at the end `stop` is set itself, to wait for nothing."""
    ended = asyncio.Event()

    async def watch() -> None:
        await asyncio.to_thread(stop.wait)
        ended.set()

    watching = asyncio.create_task(watch())
    try:
        yield ended
    finally:
        stop.set()
        await watching
