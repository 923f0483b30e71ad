"""What a subscription would have been sent, asked of the archive before anything is kept."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from despatch.app.wiring import App
from despatch.filter import Filter
from despatch.frequency import IMMEDIATE, Frequency
from despatch.model import Classified, ReleaseId, Subscriber, Wanted

if TYPE_CHECKING:
    from alerts.backtest import Rate, WouldSend

_AT_ONCE = 100
"""Releases read in one transaction: for a moment only, since on SQLite writers wait."""

Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True)
class Backtest:
    """What the archive answers."""

    releases: int
    """How many were published or observed in that time."""
    sent: "tuple[WouldSend, ...]"
    """Newest first."""
    rate: "Rate"


def backtest(
    app: App,
    filter_: Filter,
    events: frozenset[Wanted],
    *,
    since: datetime,
    frequency: Frequency = IMMEDIATE,
    who: Subscriber | None = None,
    progress: Progress = lambda _doing, _at, _of: None,
) -> Backtest:
    """Return what a subscription would have been sent since then; nothing is kept or sent.

    `who` has the quiet hours and the limit that it would have come under.
    """
    from alerts.backtest import moment, rate, would_send

    now = app.clock.now()
    with app.store.transaction() as tx:
        expected = tx.count_releases_since(since)
    begin, asked, sent = now, 0, []
    asks = bool(filter_.countries or filter_.organisations or filter_.people)
    for done, observations in enumerate(_history(app, since), start=1):
        if asks:
            observations = tuple(map(_with_facts, observations))
        moments = [moment(one, first=not at) for at, one in enumerate(observations)]
        asked += any(since <= at <= now for at in moments)
        begin = min(begin, moments[0])
        sent += [one for one in would_send(observations, filter_, events) if since <= one.at <= now]
        progress("looking back", done, expected)
    sent.sort(key=lambda one: (one.at, one.release), reverse=True)
    told = (one.at for one in sent)
    counted = rate(told, since=max(since, begin), now=now, frequency=frequency, who=who)
    return Backtest(asked, tuple(sent), counted)


def _with_facts(observed: Classified) -> Classified:
    """Return it with its facts, read now if it was taken before facts were."""
    if observed.facts is not None:
        return observed
    from processors.facts import facts_of

    return observed.model_copy(update={"facts": facts_of(observed.revision.release)})


def _history(app: App, since: datetime) -> Iterator[tuple[Classified, ...]]:
    after: ReleaseId | None = None
    while True:
        with app.store.transaction() as tx:
            page = tx.releases_since(since, after, _AT_ONCE)
        if not page:
            return
        for observations in page:
            yield tuple(observations)
        after = page[-1][0].revision.release.id
