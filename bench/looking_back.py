"""`despatch backtest` over 10,000 archived releases, against merely reading them back."""

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import cycle, islice
from pathlib import Path

from alerts.query import parse
from bench.measure import Cost, Stopwatch, alternate
from bench.report import Contest, Report
from despatch.app import App
from despatch.app.backtesting import backtest
from despatch.model import Wanted
from despatch.ports import Place, Taken
from despatch.settings import read
from despatch.testing.installation import generate_documents
from despatch.testing.releases import a_classified, a_release, a_revision
from processors.classify import classifier
from processors.themes import load_themes

RELEASES = 10_000
CHARS = 4_000
TEXTS = 200
"""So many texts differ: to judge one each would take longer than all that is measured."""
SINCE = datetime(2023, 1, 1, tzinfo=UTC)
FIRST = SINCE + timedelta(days=1)
EVENTS: frozenset[Wanted] = frozenset({"new", "revised"})
PLACE = Place("bench", "despatch.classified.v1", "bench", 0)

READ = "read the archive back"
QUERIES = (
    "theme:migration",
    '"visa fee" OR title:exact:minister',
    "*",
)


def run(runs: int, folder: Path) -> Report:
    """Return releases a second for queries of several kinds."""
    with App(read(folder / "home", environ={})) as app, closing(app.store):
        _fill(app)
        contenders: dict[str, Callable[[], Cost]] = {READ: partial(_read, app)}
        contenders |= {f"`{query}`": partial(_backtest, app, query) for query in QUERIES}
        costs = alternate(contenders, runs)
    title = f"Backtests over {RELEASES:,} archived releases of {CHARS:,} characters, SQLite"
    return Report("backtest", [Contest(title, "releases", costs, [READ])], [])


def _fill(app: App) -> None:
    judge = classifier(load_themes())
    texts = cycle(row["text"] for row in generate_documents(RELEASES))
    whole = ["\n\n".join(islice(texts, 40))[:CHARS] for _each in range(TEXTS)]
    judged = [judge.classify("Notice", text) for text in whole]
    with app.store.transaction() as tx:
        for number in range(RELEASES):
            at = FIRST + number * timedelta(minutes=10)
            text = whole[number % TEXTS]
            release = a_release(f"notice-{number}", title="Notice", text=text, published_at=at)
            made = a_classified(a_revision(release, observed_at=at), themes=())
            made = made.model_copy(update={"themes": judged[number % TEXTS]})
            tx.archive(Taken(made, PLACE, number, at, "new: the first sight"), best=True)


def _read(app: App) -> Cost:
    with Stopwatch() as watch:
        after, found = None, 0
        while True:
            with app.store.transaction() as tx:
                page = tx.releases_since(SINCE, after, 100)
            if not page:
                break
            found += len(page)
            after = page[-1][0].revision.release.id
    return watch.cost(found)


def _backtest(app: App, query: str) -> Cost:
    with Stopwatch() as watch:
        found = backtest(app, parse(query), EVENTS, since=SINCE)
    return watch.cost(found.releases)
