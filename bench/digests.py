"""A run of digests: composed and written, rendered, and how long an immediate alert waits in it.

The limits: a digest of ten releases takes at most 1 ms of a core to compose and to render as what
an e-mail needs, and 100,000 of them are queued in five minutes, though the run leaves the store to
others for half of its time and another process sends them meanwhile.

The run is whole, once; what it is compared with does some of it.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from alerts.digesting import Digesting
from alerts.messages import Messages
from bench.bare_digests import BareTemplates, written_again
from bench.digest_store import EACH, another, filled
from bench.digest_waits import Waited, waits
from bench.measure import Cost, Stopwatch, alternate
from bench.report import Contest, Limit, Limits, Report
from despatch.model import Alert, DeliveryId
from despatch.ports import SystemClock
from despatch.rubbish import settle
from despatch.testing.stores import temporary_store

COUNT, FULL_COUNT = 2_000, 100_000
SAMPLE = 5_000
"""So many at most are written by each contender."""
RENDERED = 1_000
MOST_MS, MOST_S = 1.0, 300.0
MOST_WAIT_S = 2.0

COMPOSED = "Despatch"
BARE = "bare sqlite3, the same rows"
MAIL, HOOK, CHAT = "Despatch, e-mail", "Despatch, webhook", "Despatch, chat"
JINJA = "bare jinja2, HTML and text"


def run(runs: int, folder: Path) -> Report:
    """Return digests a second, written and rendered, and waits in milliseconds."""
    return _report(runs, folder, COUNT)


def run_full(runs: int, folder: Path) -> Report:
    """Return the same of a run as large as the limit names."""
    return _report(runs, folder, FULL_COUNT)


def _report(runs: int, folder: Path, count: int) -> Report:
    sample = min(count, SAMPLE)
    due = filled(folder / "due", sample, lambda number: f"json://127.0.0.1:9/s{number}")
    settle()  # as every process that lasts does
    written = _written(runs, due, sample)
    rendered = _rendered(runs, _some_alerts(due.with_name("done")))
    waited = waits(folder, count)
    return Report(
        "digests",
        [
            written,
            rendered,
            waited.whole,
            waited.values,
            Limits("What is promised", _limits(written, rendered, waited, count)),
        ],
    )


def _written(runs: int, due: Path, count: int) -> Contest:
    contenders: dict[str, Callable[[], Cost]] = {
        COMPOSED: lambda: _composed(another(due, "done"), count),
        BARE: lambda: written_again(due.with_name("done"), another(due, "bare")),
    }
    title = f"{count:,} digests of {EACH} releases each, composed and written with their deliveries"
    return Contest(title, "digests", alternate(contenders, runs, warm_ups=min(1, runs - 1)), [BARE])


def _composed(home: Path, count: int) -> Cost:
    with temporary_store(home) as store:
        digesting = Digesting(store, SystemClock())
        with Stopwatch() as watch:
            done = digesting.run_due()
    if done != count:
        raise RuntimeError(f"{done} of {count} digests were run")
    return watch.cost(count)


def _some_alerts(home: Path) -> list[Alert]:
    with temporary_store(home) as store, store.transaction() as tx:
        now, found = SystemClock().now(), []
        while len(found) < RENDERED and (
            claims := tx.claim_deliveries("bench", now, timedelta(hours=1), {"bulk": RENDERED})
        ):
            found += [claim.alert for claim in claims]
    return found


def _rendered(runs: int, alerts: Sequence[Alert]) -> Contest:
    bare = BareTemplates()
    contenders: dict[str, Callable[[], Cost]] = {
        MAIL: lambda: _each(alerts, Messages().mail),
        HOOK: lambda: _each(alerts, Messages().encoded),
        CHAT: lambda: _each(alerts, Messages().chat),
        JINJA: lambda: _each(alerts, bare.render),
    }
    title = f"{len(alerts):,} of them rendered and encoded, no two the same"
    return Contest(title, "digests", alternate(contenders, runs), [JINJA])


def _each(alerts: Sequence[Alert], write: Callable[[Alert, DeliveryId], object]) -> Cost:
    key = DeliveryId("y-0123456789abcdef01234567")
    with Stopwatch() as watch:
        for alert in alerts:
            write(alert, key)
    return watch.cost(len(alerts))


def _limits(written: Contest, rendered: Contest, waited: Waited, count: int) -> dict[str, Limit]:
    composed, mailed = written.costs[COMPOSED], rendered.costs[MAIL]
    ms = [
        1_000 * (one.cpu_s / one.count + other.cpu_s / other.count)
        for one, other in zip(composed, mailed, strict=True)
    ]
    queued = [FULL_COUNT * waited.queued_s / count]
    return {
        "CPU of a digest, composed and rendered as e-mail": Limit("ms", MOST_MS, ms),
        "100,000 digests queued, pauses counted": Limit("s", MOST_S, queued),
        "an immediate alert during the run": Limit("s", MOST_WAIT_S, waited.during_s),
    }
