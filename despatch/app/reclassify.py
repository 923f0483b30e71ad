"""History judged anew: the releases of the archive, by the themes as they are now, onto the topics.

A message's id is made of its revision and the themes' versions, so that a second run changes
nothing, and one that was cut short is simply run again.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from despatch.app.documents import archived
from despatch.app.wiring import App
from despatch.model import Classified
from despatch.ports import Archived, Outgoing

AT_ONCE = 4_000_000
"""Bytes that are published together, at least one release's: what a crash may repeat."""


@dataclass(frozen=True, slots=True)
class Change:
    """A release whose themes are others now."""

    before: Classified
    after: Classified
    gained: tuple[str, ...]
    lost: tuple[str, ...]


@dataclass(slots=True)
class Progress:
    """How far a run has come; grows while it runs."""

    seen: int = 0
    """Releases of the archive that were looked at."""
    known: int = 0
    """Among them, those that these very themes have judged already."""
    published: int = 0
    gained: Counter[str] = field(default_factory=Counter)
    """By theme."""
    lost: Counter[str] = field(default_factory=Counter)


def reclassify(
    app: App,
    since: datetime | None,
    *,
    deliver: bool,
    progress: Progress,
    on_progress: Callable[[], None] = lambda: None,
) -> Iterator[Change]:
    """Judge what the archive holds from `since` on, and publish it; yield what changed.

    Without `deliver` the alert stage archives the new judgement and tells nobody. What is yielded
    has been published.
    """
    stage = app.classifying()
    waiting: list[tuple[Change | None, tuple[Outgoing, ...]]] = []
    size = 0
    for one in archived(app, since):
        progress.seen += 1
        after = stage.judged(one.classified.revision, quiet=not deliver)
        if after.id in one.seen:
            progress.known += 1
        else:
            outgoing = stage.outgoing(after)
            waiting.append((_change(one, after), outgoing))
            size += sum(len(out.value) for out in outgoing)
        if size >= AT_ONCE:
            yield from _publish(app, waiting, progress)
            waiting, size = [], 0
        on_progress()
    yield from _publish(app, waiting, progress)
    on_progress()


def _publish(
    app: App, waiting: list[tuple[Change | None, tuple[Outgoing, ...]]], progress: Progress
) -> Iterator[Change]:
    app.bus.publish([out for _change, outgoing in waiting for out in outgoing])
    progress.published += len(waiting)
    for change, _outgoing in waiting:
        if change is not None:
            progress.gained.update(change.gained)
            progress.lost.update(change.lost)
            yield change


def _change(one: Archived, after: Classified) -> Change | None:
    before = one.classified
    was = [str(score.theme) for score in before.themes]
    now = [str(score.theme) for score in after.themes]
    if set(was) == set(now):
        return None
    gained = tuple(theme for theme in now if theme not in was)
    lost = tuple(theme for theme in was if theme not in now)
    return Change(before, after, gained, lost)
