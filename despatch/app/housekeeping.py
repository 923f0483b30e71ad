"""What has to be done now and then while an installation runs: dropping, and looking around."""

import threading
from contextlib import suppress
from datetime import timedelta

from alerts.gaps import tell_of_gap
from alerts.stories import WINDOW
from despatch import log
from despatch.app.moving import READS
from despatch.app.overdue import LookingForOverdue
from despatch.app.running import ALIVE_WITHIN, waiting
from despatch.app.silence import look_for_silence
from despatch.app.wiring import App
from despatch.errors import DespatchError, TransientError

LOOK_EVERY = timedelta(minutes=1)
DROP_EVERY = timedelta(hours=1)
_COPIES_SOUGHT = WINDOW + timedelta(days=1)
"""What was seen earlier can't be found as a copy; a day for stages that are behind."""

WATCHED = ("ingest", "processors")
"""The stages whose end is an alarm: the alert stage, where house is kept, can't tell its own."""

_NOT_KEPT = "house is not kept"
"""The alarm's key while old messages and bodies can't be dropped, or lag can't be looked at."""


class Housekeeper:
    """Keeps house in a thread of its own. Several may run: what they do can be done twice."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._dropped_at = app.clock.now() - DROP_EVERY
        self._silent: dict[str, int] = {}
        """At how many looks in a row a stage showed no life."""
        self._gaps_told: set[str] = set()
        """So that subscriptions are not read again every minute for a gap that stays open."""
        self._overdue = LookingForOverdue(app)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="housekeeper", daemon=True)
        self._log = log.get(stage="housekeeper")

    def __enter__(self) -> "Housekeeper":
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stop.set()
        self._thread.join(timeout=30)

    def _run(self) -> None:
        while True:
            self.keep()
            if self._stop.wait(LOOK_EVERY.total_seconds()):
                return

    def keep(self) -> None:
        """Keep house; whatever goes wrong, again next time: a full disk would stop everything."""
        try:
            self.once()
            self._app.alarms.close(_NOT_KEPT)
        except TransientError as exc:
            self._log.warning("house not kept", why=str(exc))
        except Exception as exc:  # noqa: BLE001 - this thread must not end in silence
            self._log.error("house not kept", why=repr(exc)[:500])
            with suppress(DespatchError):  # the alarms' own store may be what is wrong
                self._app.alarms.open(_NOT_KEPT, f"{_NOT_KEPT}: {exc or repr(exc)}")

    def once(self) -> None:
        """Look at life, lag, gaps, what is overdue; hourly, drop what is old, look for silence."""
        self._look_for_life()
        for stage in READS:
            self._look(stage)
        self._tell_gaps()
        self._overdue.look()
        now = self._app.clock.now()
        if now - self._dropped_at >= DROP_EVERY:
            self._dropped_at = now
            messages = self._app.bus.trim(self._app.topics, now)
            with self._app.store.transaction() as tx:
                bodies = tx.forget_bodies(now - self._app.settings.body_retention)
                tx.forget_hashes(now - _COPIES_SOUGHT)
                signups = tx.drop_signups(now)
            self._log.info(
                "house kept",
                messages_dropped=messages,
                bodies_dropped=bodies,
                signups_dropped=signups,
            )
            look_for_silence(self._app)

    def _tell_gaps(self) -> None:
        """Tell of gaps that could not be repaired at once; the operator knows them as alarms."""
        with self._app.store.transaction() as tx:
            for gap in tx.gaps():
                if gap.tries and gap.id not in self._gaps_told:
                    tell_of_gap(tx, gap, self._app.clock.now())
                    self._gaps_told.add(gap.id)

    def _look_for_life(self) -> None:
        """Raise an alarm for a stage that showed no life at this look, nor at the one before.

        One look is too few: a machine that slept, or starts, finds every stage silent.
        """
        now = self._app.clock.now()
        with self._app.store.transaction() as tx:
            beats = sorted(tx.beats(), key=lambda beat: beat.at)
        last = {beat.stage: beat.at for beat in beats}
        alive = {b.stage for b in beats if now - b.at <= ALIVE_WITHIN and b.state != "stopped"}
        for stage in WATCHED:
            key = f"life of {stage}"
            if stage in alive:
                self._silent[stage] = 0
                self._app.alarms.close(key)
            elif stage in last:  # one that never ran here is no stage that ended
                self._silent[stage] = self._silent.get(stage, 0) + 1
                if self._silent[stage] == 2:
                    since = f"{last[stage]:%d %B %Y, %H:%M} UTC"
                    self._app.alarms.open(key, f"{stage} shows no life since {since}: start it")

    def _look(self, stage: str) -> None:
        """Raise an alarm if a stage's next message is half as old as its topic keeps them."""
        key = f"lag of {stage}"
        age = self._age(stage)
        if age * 2 > self._app.settings.retention:
            self._app.alarms.open(
                key,
                f"{stage} is {_spelt(age)} behind, and messages are dropped after "
                f"{_spelt(self._app.settings.retention)}: start it, or more of it",
            )
        else:
            self._app.alarms.close(key)

    def _age(self, stage: str) -> timedelta:
        """Return the age of the oldest message that a stage has before it; zero if none."""
        ages = [timedelta(0)]
        for place, extent in waiting(self._app, *READS[stage]).items():
            before = self._app.bus.browse(
                place.topic, partition=place.partition, offset=extent.oldest
            )
            message = next(before, None)
            if message is not None:
                ages.append(self._app.clock.now() - message.at)
        return max(ages)


def _spelt(span: timedelta) -> str:
    """Return `90 days`, or `36 hours` for less than two days."""
    return f"{span.days} days" if span.days >= 2 else f"{span // timedelta(hours=1)} hours"
