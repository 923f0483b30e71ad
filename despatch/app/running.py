"""Running stages: signs of life, stopping on a signal, and until all is done."""

import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from typing import Any, Literal

from despatch import log
from despatch.app.wiring import ALERTS_GROUP, PROCESSORS_GROUP, App
from despatch.errors import DespatchError, TransientError
from despatch.ports import Beat, Extent, Place
from despatch.runner import Runner
from despatch.topics import CLASSIFIED, RELEASES

BEAT_EVERY = timedelta(seconds=5)
ALIVE_WITHIN = timedelta(seconds=30)
"""A stage whose last sign of life is older than this counts as gone."""


class Stop(threading.Event):
    """Set when a signal tells us to stop; `signal` is which one."""

    signal: int | None = None


@contextmanager
def stop_on_signal() -> Iterator[Stop]:
    """Yield an event that SIGINT or SIGTERM sets; a second SIGINT ends the process at once.

    A second SIGTERM does not, nor one that comes while the process ends: systemd and Docker send it
    to a whole group, and our supervisor sends its own, so each stage of `up` gets two of them.
    """
    stop = Stop()

    def on_signal(number: int, _frame: object) -> None:
        if stop.is_set() and number == signal.SIGINT:
            raise SystemExit(128 + number)
        stop.signal = stop.signal or number
        stop.set()

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, on_signal)
    try:
        yield stop
    finally:
        kept = {signal.SIGTERM} if stop.is_set() else set()
        for number, handler in before.items():
            if number not in kept:
                signal.signal(number, handler)


def until_ready(app: App, stop: threading.Event) -> None:
    """Return once the store can be used, or when told to stop: servers start in any order.

    Raises SchemaError, which waiting would not mend.
    """
    while not stop.is_set():
        try:
            app.store.check_schema()
        except TransientError as exc:
            log.get().warning("waiting for the store", why=str(exc))
            stop.wait(2)
        else:
            return


class Heart:
    """Writes a stage's sign of life into the store every few seconds, from its own thread.

    A store that is away costs a stage only its sign of life.
    """

    def __init__(self, app: App, stage: str, waits_for: Callable[[], str] = lambda: "") -> None:
        self._app = app
        self._stage = stage
        self._waits_for = waits_for
        self._started = app.clock.now()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat_on, name=f"heart {stage}", daemon=True)

    def __enter__(self) -> "Heart":
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stop.set()
        self._thread.join(timeout=10)
        self._beat("stopped")

    def _beat_on(self) -> None:
        while True:
            self._beat("waiting" if self._waits_for() else "running")
            if self._stop.wait(BEAT_EVERY.total_seconds()):
                return

    def _beat(self, state: Literal["running", "waiting", "stopped"]) -> None:
        beat = Beat(
            self._stage,
            self._app.instance,
            self._started,
            self._app.clock.now(),
            state,
            self._waits_for(),
        )
        try:
            with self._app.store.transaction() as tx:
                tx.beat(beat)
            self._app.alarms.catch_up()
            self._app.alarms.tell()
        except DespatchError as exc:
            log.get(stage=self._stage).warning("sign of life not kept", why=str(exc))


class StageThread(threading.Thread):
    """A stage in a thread of its own; `problem` holds what ended it, if anything did.

    A fault of ours is a problem too: Python prints it, and whoever waits for the stage must not
    wait for ever.
    """

    def __init__(self, name: str, run: Callable[[threading.Event], None]) -> None:
        super().__init__(name=name, daemon=True)
        self.problem: DespatchError | None = None
        self._run = run
        self._stopping = threading.Event()

    def run(self) -> None:
        """Run until stopped."""
        problem: DespatchError | None = DespatchError(
            f"{self.name} ended by a fault of Despatch's own; what it was stands above"
        )
        try:
            self._run(self._stopping)
            problem = None
        except DespatchError as exc:
            problem = exc
        finally:
            self.problem = problem

    def ask_to_stop(self) -> None:
        """Ask to stop, and return at once."""
        self._stopping.set()

    def stop(self, wait: timedelta = timedelta(seconds=60)) -> None:
        """Ask to stop, wait for the end, and raise what ended it."""
        self.ask_to_stop()
        self.join(wait.total_seconds())
        if self.problem is not None:
            raise self.problem


@contextmanager
def own_stages(app: App) -> Iterator[list[StageThread]]:
    """Run processors and alerts in threads of this process, for the length of the block."""
    runners: list[Runner[Any]] = [
        Runner(app.classifying(), app.bus, app.clock, alarms=app.alarms),
        Runner(app.alerting(), app.bus, app.clock, alarms=app.alarms),
    ]
    threads = [StageThread(runner.stage.name, runner.run) for runner in runners]
    for thread in threads:
        thread.start()
    try:
        yield threads
    finally:
        for thread in threads:
            thread.ask_to_stop()
        with ExitStack() as each:  # one that ended badly must not leave the other running
            for thread in threads:
                each.callback(thread.stop)


def others_running(app: App, stages: tuple[str, ...] = ("processors", "alerts")) -> bool:
    """Return whether all of these stages show life in other processes."""
    oldest = app.clock.now() - ALIVE_WITHIN
    with app.store.transaction() as tx:
        alive = {b.stage for b in tx.beats() if b.at >= oldest and b.state != "stopped"}
    return alive >= set(stages)


def waiting(app: App, group: str, topic: str) -> Mapping[Place, Extent]:
    """Return what a group has before it, for the partitions where that is anything.

    The alert stage's positions stand in the store; where it has none there, as in the log.
    """
    extents = app.bus.extents(topic)
    in_log = app.bus.positions(group, topic)
    kept = {place: in_log.get(place.partition) for place in extents}
    if group == ALERTS_GROUP:
        with app.store.transaction() as tx:
            in_store = {place: tx.position(group, place) for place in extents}
        kept |= {place: at for place, at in in_store.items() if at is not None}
    ahead = {
        place: Extent(max(extent.oldest, kept[place] or 0), extent.end)
        for place, extent in extents.items()
    }
    return {place: extent for place, extent in ahead.items() if extent.oldest < extent.end}


def lag(app: App, group: str, topic: str) -> int:
    """Return how many messages of a topic a group has not finished."""
    return sum(extent.end - extent.oldest for extent in waiting(app, group, topic).values())


def wait_until_done(
    app: App,
    threads: list[StageThread],
    *,
    until: datetime | None = None,
    on_lag: Callable[[int], None] = lambda _left: None,
) -> bool:
    """Return True when all that was published is classified and matched; False after `until`.

    Raises what ended a stage.
    """
    while True:
        left = lag(app, PROCESSORS_GROUP, RELEASES) + lag(app, ALERTS_GROUP, CLASSIFIED)
        on_lag(left)
        if left == 0:
            return True
        for thread in threads:
            if not thread.is_alive():
                thread.stop()
        if until is not None and app.clock.now() >= until:
            return False
        app.clock.sleep(timedelta(milliseconds=100))


def wait_until_sent(app: App, until: datetime) -> None:
    """Return when nothing is being sent, and what waits waits for another try; or at `until`."""
    while True:
        now = app.clock.now()
        with app.store.transaction() as tx:
            sending = tx.counts().deliveries.get("sending", 0)
            due = tx.next_delivery_at()
        if now >= until or (not sending and (due is None or due > now)):
            return
        app.clock.sleep(timedelta(milliseconds=100))
