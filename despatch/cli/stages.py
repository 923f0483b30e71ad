"""`up`, `process`, `alert`, `deliver`, `serve`: the stages that run on."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from typing import Annotated, Any

import typer
from rich.markup import escape

from despatch.app import App
from despatch.app.canary import Canaries
from despatch.app.housekeeping import Housekeeper
from despatch.app.outside import check_operator, check_outside
from despatch.app.running import Heart, StageThread, stop_on_signal, until_ready
from despatch.cli.answering import answering, figures, reach
from despatch.cli.context import Health, count, err, example, here
from despatch.cli.polling import poll
from despatch.rubbish import settle
from despatch.runner import Runner
from despatch.settings import host_and_port
from despatch.stages import Stage

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
    app.command(rich_help_panel=PANEL, epilog=example("despatch deliver --health 127.0.0.1:8083"))(
        deliver
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

    host, port = host_and_port(listen)
    chosen = here(context)
    with chosen.open(service=True) as app:
        check_outside(app)
        _make_ready(app)
        home, hello = app.settings.home, _hello(app)
        deliverers = app.settings.deliverers
        public, pages_at = app.settings.public_url, host_and_port(app.settings.web_listen)
    options = ["--home", str(home)]
    if chosen.config is not None:
        options += ["--config", str(chosen.config)]
    supervisor = Supervisor(
        options,
        [
            ("serve", ["--listen", listen]),
            ("alert", []),
            *[("deliver", [])] * (deliverers - 1),
            ("process", []),
            ("poll", []),
            *([("web", [])] if public else []),
        ],
    )
    with alone(home), stop_on_signal() as stop:
        need_free(host, port)
        err.print(f"{hello}\nHealth and figures: {_web(host, port)}/ready and /metrics")
        if public:
            need_free(*pages_at, instead="the setting web_listen")
            err.print(f"Public pages: {public}, served at {_web(*pages_at)}", markup=False)
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


def process(context: typer.Context, health: Health = None) -> None:
    """Judge what was published: which themes, on what evidence."""
    with here(context).open(service=True) as app:
        _run(app, lambda: app.classifying(), health)


def alert(context: typer.Context, health: Health = None) -> None:
    """Match what was judged with the subscriptions, run digests when they are due, and deliver."""
    with here(context).open(service=True) as app:
        check_operator(app)
        _run(app, lambda: app.alerting(), health, delivering=True)


def deliver(context: typer.Context, health: Health = None) -> None:
    """Deliver beside the alert stage, which delivers too: for more than one process can send.

    Any number may run; each delivery is lent to one of them. See the setting deliverers.
    """
    with here(context).open(service=True) as app, stop_on_signal() as stop:
        until_ready(app, stop)
        if stop.is_set():
            return
        worker = app.deliverer()
        settle()
        with Heart(app, "deliveries", lambda: worker.waiting_for), answering(app, health):
            worker.run(stop)


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
            answering(app, health, runner),
            _beside(app, stop) if delivering else nullcontext(),
        ):
            runner.run(stop)


@contextmanager
def _beside(app: App, stop: threading.Event) -> Iterator[None]:
    """Run digests, deliver, keep house and send canaries; if one ends, the stage is to stop."""
    threads = [
        StageThread("digests", app.digesting().run),
        StageThread("receipts", app.receipting().run),
        StageThread("deliver", app.deliverer().run),
    ]
    for thread in threads:
        thread.start()
        threading.Thread(target=_end_together, args=(thread, stop), daemon=True).start()
    try:
        with Housekeeper(app), Canaries(app):
            yield
    finally:
        for thread in threads:
            thread.ask_to_stop()
        with ExitStack() as each:  # one that ended badly must not leave the other running
            for thread in threads:
                each.callback(thread.stop)


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

    host, port = host_and_port(listen)
    with here(context).open(service=True) as app:
        checks = Checks(live=lambda: "", ready=lambda: reach(app), metrics=lambda: figures(app))
        with stop_on_signal() as stop, Heart(app, "health"), HealthServer(host, port, checks):
            err.print(f"Serving on {_web(host, port)}")
            stop.wait()


def _make_ready(app: App) -> None:
    """Bring the embedded store up to date; the servers' is a person's decision."""
    if app.settings.store_url.startswith("sqlite"):
        app.store.migrate()
    app.store.check_schema()
    wrong = app.bus.check_topics(app.topics)
    if wrong:
        err.print(f"[yellow]{wrong[0]}[/yellow]")
