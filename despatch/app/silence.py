"""Sources that have fallen silent: an alarm until they publish again."""

from typing import TYPE_CHECKING

from despatch.app.wiring import App
from despatch.model import SourceId

if TYPE_CHECKING:
    from ingest.silence import Rhythm


def rhythm(app: App, source: SourceId) -> "Rhythm | None":
    """Return how a source publishes, and from when on its silence would be an alarm.

    None while it has not published often enough for a habit.
    """
    from ingest.silence import HISTORY, rhythm_of

    with app.store.transaction() as tx:
        times = tx.publication_times(source, app.clock.now() - HISTORY)
    return rhythm_of(times)


def look_for_silence(app: App) -> None:
    """Raise an alarm for each source that has fallen silent; end it when it publishes again.

    Only one that was read since it should have published is silent: a poller that rests, and a
    source that can't be read, are alarms of their own.
    """
    with app.store.transaction() as tx:
        sources = tx.sources()
        opened = {alarm.key for alarm in tx.alarms()}
    for record, health, _due in sources:
        key = f"silence of {record.id}"
        found = rhythm(app, record.id) if record.state == "active" else None
        if found is not None and health.ok_at is not None and health.ok_at >= found.silent_from:
            app.alarms.open(
                key,
                f"{record.id} has published nothing since {found.last:%d %B %Y, %H:%M} UTC. By its "
                f"own history, about {max(1, round(found.a_week))} a week, that is an alarm since "
                f"{found.silent_from:%d %B %Y, %H:%M} UTC. It is read without error: does its "
                "publisher rest, or publish elsewhere now? The alarm ends with its next release",
            )
        elif key in opened:
            app.alarms.close(key)
