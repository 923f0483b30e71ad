"""Moving a stage to another place in the log: a person's decision."""

from collections.abc import Sequence
from datetime import datetime

from despatch.app.running import others_running
from despatch.app.wiring import ALERTS_GROUP, PROCESSORS_GROUP, App
from despatch.errors import UsageError
from despatch.ports import Place
from despatch.topics import CLASSIFIED, RELEASES

READS = {"processors": (PROCESSORS_GROUP, RELEASES), "alerts": (ALERTS_GROUP, CLASSIFIED)}
"""Each stage's group, and the topic that it reads."""


def move_stage(app: App, stage: str, to: datetime | str) -> Sequence[tuple[Place, int]]:
    """Set where a stage goes on: at its topic's `oldest`, `newest`, or at a time.

    Returns the new position of each partition. Raises UsageError if there is no such stage, or
    if it is running.
    """
    if stage not in READS:
        raise UsageError(f"no stage {stage!r} reads the log; there are {', '.join(READS)}")
    if others_running(app, (stage,)):
        raise UsageError(f"{stage} is running: stop it first, then move it")
    group, topic = READS[stage]
    offsets = {place: _offset(app, place, to) for place in app.bus.extents(topic)}
    # The log knows best who reads: it refuses first, before anything is changed.
    app.bus.move(group, topic, {place.partition: at for place, at in offsets.items()})
    if stage == "alerts":
        with app.store.transaction() as tx:
            for place, offset in offsets.items():
                tx.move(group, place, offset)
    return sorted(offsets.items(), key=lambda one: one[0].partition)


def _offset(app: App, place: Place, to: datetime | str) -> int:
    extent = app.bus.extents(place.topic)[place]
    if isinstance(to, str):
        return extent.oldest if to == "oldest" else extent.end
    first = next(app.bus.browse(place.topic, since=to, partition=place.partition), None)
    return extent.end if first is None else first.offset
