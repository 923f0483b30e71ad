"""The processors' stage on the embedded log: judging in its own process, and in two others."""

from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path

from bench.classifying import real_or_made_up
from bench.measure import Cost, Stopwatch, alternate
from bench.report import Contest, Report
from despatch.bus.local import LocalBus
from despatch.model import Release
from despatch.ports import Outgoing, SystemClock
from despatch.testing.releases import a_release, a_revision
from despatch.topics import RELEASES, encode, topic_specs
from processors.stage import Classifying
from processors.themes import Theme, load_themes

MESSAGES = 1_500
BATCH = 250

ALONE = "in the stage's own process"
JUDGES = 2


def run(runs: int, folder: Path) -> Report:
    """Return releases a second from topic to topics, once the judges have started."""
    themes = load_themes()
    rows, kind = real_or_made_up(MESSAGES)
    messages = [
        Outgoing(RELEASES, f"r-{number % 97}", encode(a_revision(_release(row, number))))
        for number, row in enumerate(rows)
    ]
    names = count()
    contenders: dict[str, Callable[[], Cost]] = {
        name: partial(_judge, folder, names, messages, themes, judges)
        for name, judges in ((ALONE, 1), (f"{JUDGES} judges", JUDGES))
    }
    title = f"{len(messages):,} {kind}, {len(themes)} themes with evidence"
    return Report("judge", [Contest(title, "releases", alternate(contenders, runs), [ALONE])])


def _release(row: dict[str, str], number: int) -> Release:
    return a_release(str(number), title=row["title"] or "Untitled", text=row["text"])


def _judge(
    folder: Path,
    names: "count[int]",
    messages: Sequence[Outgoing],
    themes: Sequence[Theme],
    judges: int,
) -> Cost:
    """Judge all; what is timed begins behind the first batch, with everything started."""
    with closing(LocalBus(folder / f"{next(names)}.db")) as bus:
        bus.create_topics(topic_specs([theme.id for theme in themes]))
        bus.publish(messages)
        watch = Stopwatch()
        left, timed = len(messages), 0
        with (
            closing(Classifying(themes, SystemClock(), judges=judges)) as stage,
            closing(bus.reader(stage.topics, stage.group)) as reader,
        ):
            while left:
                for batch in reader.poll(timedelta(seconds=1), max_messages=BATCH):
                    timed += len(batch.messages) if left < len(messages) else 0
                    left -= len(batch.messages)
                    stage.prepare(batch.messages)
                    stage.finish(reader, batch, [stage.handle(m) for m in batch.messages], ())
                    watch.start()
            watch.stop()
    return watch.cost(timed)
