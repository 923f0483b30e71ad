"""The alert stage's own transaction: releases taken a second, and what the latest indexes cost it.

The limit: what finds receipts' figures and tells a story once, by an index each, costs at most a
fifth of the processor time more than the same store without them.
"""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from itertools import count
from pathlib import Path

from alerts.stage import Alerting
from bench.measure import Cost, Stopwatch, alternate, ratios
from bench.report import Contest, Limit, Limits, Report
from despatch.bus.local import LocalBus
from despatch.fingerprint import digest
from despatch.model import Classified, SourceId
from despatch.ports import Batch, Message, Place, SystemClock
from despatch.rubbish import settle
from despatch.signature import signature
from despatch.testing.releases import a_classified, a_release, a_revision
from despatch.testing.stages import ListReader
from despatch.testing.stores import temporary_store
from despatch.testing.subscribers import a_channel, a_subscriber, a_subscription
from despatch.topics import CLASSIFIED, encode

RELEASES, MATCHES, AT_ONCE = 200, 50, 20
"""Each is of a story of its own, and is told to so many at once."""
MOST = 1.2

WHOLE, WITHOUT = "as it is", "without these indexes"
_INDEXES = ("ix_told_story", "ix_matches_subscriber_matched_at", "ix_taken_taken_at")
_PLACE = Place("bench", CLASSIFIED, "bench", 0)
_names = count()


def run(runs: int, folder: Path) -> Report:
    """Return releases a second with these indexes and without."""
    messages = [_message(number) for number in range(RELEASES)]
    settle()  # as every process that lasts does
    contenders: dict[str, Callable[[], Cost]] = {
        WHOLE: partial(_taken, folder, messages, ()),
        WITHOUT: partial(_taken, folder, messages, _INDEXES),
    }
    costs = alternate(contenders, runs)
    title = f"{RELEASES} releases taken, each told to {MATCHES} subscribers, {AT_ONCE} at once"
    more = ratios([one.cpu_s for one in costs[WHOLE]], [one.cpu_s for one in costs[WITHOUT]])
    limits = {"CPU with the indexes of told, matches and taken": Limit("times", MOST, more)}
    return Report(
        "take",
        [Contest(title, "releases", costs, [WITHOUT]), Limits("What is promised", limits)],
    )


def _message(number: int) -> Message:
    one = _published(number)
    key = one.revision.release.id
    at = one.revision.observed_at
    return Message(CLASSIFIED, 0, number, key, encode(one), (), at)


def _published(number: int) -> Classified:
    text = " ".join(f"word{digest(str(number), str(n), length=4)}" for n in range(400))
    release = a_release(f"r{number}", source=SourceId("bench"), title=f"No. {number}", text=text)
    revision = a_revision(release, observed_at=SystemClock().now())
    return a_classified(revision, signature=signature(release.title, release.text))


def _taken(folder: Path, messages: Sequence[Message], without: Sequence[str]) -> Cost:
    home = folder / f"take-{next(_names)}"
    home.mkdir()
    with temporary_store(home) as store, closing(LocalBus(home / "log.db")) as bus:
        with store.transaction() as tx:
            for number in range(MATCHES):
                who = a_subscriber(f"s{number}")
                channel = a_channel(who, "json://127.0.0.1:9/sink")
                tx.add_subscriber(who)
                tx.add_channel(channel)
                tx.add_subscription(a_subscription(channel, name=f"of s{number}"))
        with closing(sqlite3.connect(home / "store.db")) as db, db:
            for index in without:
                db.execute(f"DROP INDEX {index}")
        stage = Alerting(store, bus, SystemClock())
        with Stopwatch() as watch:
            for start in range(0, len(messages), AT_ONCE):
                some = tuple(messages[start : start + AT_ONCE])
                batch = Batch(_PLACE, start, start + len(some), some)
                stage.finish(ListReader(()), batch, [stage.handle(one) for one in some], ())
        with store.transaction() as tx:
            told = tx.counts().deliveries["waiting"]
    if told != len(messages) * MATCHES:
        raise RuntimeError(f"{told} deliveries wait")
    return watch.cost(len(messages))
