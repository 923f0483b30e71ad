"""`up`, `poll`, `process`, `alert`, `serve`: the stages."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from despatch.app import App
from despatch.app.cost import Meter
from despatch.app.housekeeping import Housekeeper
from despatch.app.rubbish import settle
from despatch.app.running import Heart, StageThread, stop_on_signal, until_ready
from despatch.app.status import status
from despatch.cli.context import Health, Json, address, ago, count, err, example, give, here, out
from despatch.errors import DespatchError, UsageError
from despatch.runner import Runner, Stage

if TYPE_CHECKING:
    from ingest.report import PollReport

PANEL = "Stages"


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(
        rich_help_panel=PANEL,
        epilog=example("despatch up", "despatch --home ./state up --listen :8080"),
    )(up)
    app.command(
        rich_help_panel=PANEL, epilog=example("despatch poll", "despatch poll --once --json")
    )(poll)
    app.command(rich_help_panel=PANEL, epilog=example("despatch process --health 127.0.0.1:8081"))(
        process
    )
    app.command(rich_help_panel=PANEL, epilog=example("despatch alert --health 127.0.0.1:8082"))(
        alert
    )
    app.command(rich_help_panel=PANEL, epilog=example("despatch serve --listen 127.0.0.1:8080"))(
        serve
    )


def up(
    context: typer.Context,
    listen: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Where /live, /ready and /metrics are served.")
    ] = "127.0.0.1:8080",
) -> None:
    """Run everything: poller, processors, alerts and the web page. Ctrl-C stops in order.

    Each stage is a process of its own and is started again if it ends. The embedded log and
    store are made ready first; those on servers have to be: despatch migrate, despatch topics
    create.
    """
    from despatch.app.alone import alone, need_free
    from despatch.app.supervise import Supervisor

    host, port = address(listen)
    chosen = here(context)
    with chosen.open(service=True) as app:
        _make_ready(app)
        home, hello = app.settings.home, _hello(app)
    options = ["--home", str(home)]
    if chosen.config is not None:
        options += ["--config", str(chosen.config)]
    supervisor = Supervisor(
        options,
        [("serve", ["--listen", listen]), ("alert", []), ("process", []), ("poll", [])],
    )
    with alone(home), stop_on_signal() as stop:
        need_free(host, port)
        err.print(f"{hello}\nHealth and figures: {_web(host, port)}/ready and /metrics")
        code = supervisor.run(stop)
    raise typer.Exit(code)


def _hello(app: App) -> str:
    """Return what is there, and what is missing for anybody to be told anything."""
    with app.store.transaction() as tx:
        sources, subscriptions = len(tx.sources()), len(tx.subscriptions())
    lines = [
        f"Despatch runs in {escape(str(app.settings.home))}: {count(sources, 'source')}, "
        f"{count(subscriptions, 'subscription')}."
    ]
    if not sources:
        lines.append("No source yet: despatch sources add URL")
    if not subscriptions:
        lines.append("Nobody is subscribed yet: despatch subscribe --theme migration --to URL")
    return "\n".join(lines)


def _web(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


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
    with here(context).open(service=not once) as app, stop_on_signal() as stop:
        if once:
            app.store.check_schema()
            _poll_once(app, everything, as_json, verbose)
            return
        until_ready(app, stop)
        with Heart(app, "ingest"), _health(app, health, None):
            asyncio.run(_poll_on(app, stop))


def _poll_once(app: App, everything: bool, as_json: bool, verbose: bool) -> None:
    from ingest.report import totals

    meter = Meter()

    async def run() -> "list[PollReport]":
        async with app.fetcher() as fetcher:
            poller = app.poller(fetcher)
            settle()
            with meter:
                return await poller.poll_once(everything=everything)

    reports = asyncio.run(run())
    if as_json:
        for report in reports if verbose else ():
            give(report.as_dict())
        give(asdict(meter.cost) | totals(reports))
    else:
        _show_reports(reports)
        if not reports:
            out.print(_none_due(app))
    if any(report.problem for report in reports):
        raise typer.Exit(1)


def _show_reports(reports: "Sequence[PollReport]") -> None:
    for report in reports:
        words = report.problem or f"{report.new} new, {report.changed} changed"
        out.print(f"{report.source}: {report.outcome}: {words}", markup=False)
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
    ended = asyncio.Event()

    async def watch() -> None:
        await asyncio.to_thread(stop.wait)
        ended.set()

    watching = asyncio.create_task(watch())
    try:
        async with app.fetcher() as fetcher:
            poller = app.poller(fetcher)
            settle()
            await poller.run(ended)
    finally:
        stop.set()
        await watching


def process(context: typer.Context, health: Health = None) -> None:
    """Judge what was published: which themes, on what evidence."""
    with here(context).open(service=True) as app:
        _run(app, lambda: app.classifying(), health)


def alert(context: typer.Context, health: Health = None) -> None:
    """Match what was judged with the subscriptions, and deliver."""
    with here(context).open(service=True) as app:
        _run(app, lambda: app.alerting(), health, delivering=True)


def _run(
    app: App, stage: Callable[[], Stage[Any]], health: str | None, *, delivering: bool = False
) -> None:
    """Run a stage until told to stop; with `delivering`, send and keep house beside it."""
    with stop_on_signal() as stop:
        until_ready(app, stop)
        if stop.is_set():
            return
        runner = Runner(stage(), app.bus, app.clock, alarms=app.alarms)
        settle()
        with (
            Heart(app, runner.stage.name, lambda: runner.waiting_for),
            _health(app, health, runner),
            _beside(app, stop) if delivering else nullcontext(),
        ):
            runner.run(stop)


@contextmanager
def _beside(app: App, stop: threading.Event) -> Iterator[None]:
    """Deliver and keep house; if delivering ends by itself, the stage is told to stop."""
    deliverer = StageThread("deliver", app.deliverer().run)
    deliverer.start()
    threading.Thread(target=_end_together, args=(deliverer, stop), daemon=True).start()
    try:
        with Housekeeper(app):
            yield
    finally:
        deliverer.stop()


def _end_together(thread: StageThread, stop: threading.Event) -> None:
    thread.join()
    stop.set()


def serve(
    context: typer.Context,
    listen: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where to serve.")] = (
        "127.0.0.1:8080"
    ),
) -> None:
    """Serve /live, /ready and /metrics of the whole installation."""
    from despatch.web.health import Checks, HealthServer

    host, port = address(listen)
    with here(context).open(service=True) as app:
        checks = Checks(live=lambda: "", ready=lambda: _reach(app), metrics=lambda: _figures(app))
        with stop_on_signal() as stop, Heart(app, "web"), HealthServer(host, port, checks):
            err.print(f"Serving on {_web(host, port)}")
            stop.wait()


def _health(
    app: App, listen: str | None, runner: Runner[Any] | None
) -> AbstractContextManager[object]:
    if listen is None:
        return nullcontext()
    from despatch.web.health import Checks, HealthServer

    def live() -> str:
        age = runner.watchdog.age if runner else timedelta(0)
        return f"no progress for {age.total_seconds():.0f} s" if age > timedelta(minutes=2) else ""

    def ready() -> str:
        return (runner.waiting_for if runner else "") or _reach(app)

    return HealthServer(*address(listen), Checks(live, ready, lambda: _figures(app)))


def _figures(app: App) -> bytes:
    from despatch.web.metrics import render

    return render(status(app))


def _reach(app: App) -> str:
    """Return why bus or store can't be used; empty if they can."""
    try:
        app.store.check_schema()
        wrong = app.bus.check_topics(app.topics)
    except DespatchError as exc:
        return str(exc)
    return wrong[0] if wrong else ""


def _make_ready(app: App) -> None:
    """Bring the embedded store up to date; the servers' is a person's decision."""
    if app.settings.store_url.startswith("sqlite"):
        app.store.migrate()
    app.store.check_schema()
    wrong = app.bus.check_topics(app.topics)
    if wrong:
        err.print(f"[yellow]{wrong[0]}[/yellow]")
