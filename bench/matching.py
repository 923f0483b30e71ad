"""`despatch match`: a million subscriptions beside its limits, and beside a walk over all."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from alerts.plain import PlainRelease, PlainSubscription, meets
from alerts.plain_lines import read_releases, read_subscriptions
from alerts.plain_match import PlainMatcher
from bench.measure import Cost, Stopwatch, alternate, percentile
from bench.report import Contest, Limit, Limits, Report, Values
from bench.subscriptions import World, write
from despatch.errors import PermanentError

SUBSCRIPTIONS = 1_000_000
RELEASES = 300
NAIVE_SUBSCRIPTIONS = 20_000
NAIVE_RELEASES = 10
CHANGES = 1_000

MAX_BUILD_S = 10
MAX_MS = 4
MAX_RSS_MIB = 600
MAX_CHANGE_MS = 1

OURS = "the index"
NAIVE = "a walk over all"


def run(runs: int, folder: Path) -> Report:
    """Return what matching takes beside its limits, and the index beside a naive walk."""
    world = World()
    subscriptions = write(folder / "subscriptions.jsonl", world.subscriptions(SUBSCRIPTIONS))
    releases = write(folder / "releases.jsonl", world.releases(RELEASES))
    commands = [_command(subscriptions, releases) for _ in range(runs)]
    rounds = [_round(subscriptions, releases, world) for _ in range(runs)]
    most_memory = Limit("MiB", MAX_RSS_MIB, [each["peak_rss_mib"] for each in commands])
    limits = {
        name: Limit(one.unit, one.most, [each[name].took for each in rounds])
        for name, one in rounds[0].items()
    }
    title = f"{SUBSCRIPTIONS:,} subscriptions, {RELEASES} releases of 5 kB: processor time"
    clock = {
        "build the index, s": [each["build_s"] for each in commands],
        "match a release, ms": [each["ms_per_release"] for each in commands],
    }
    return Report(
        "match",
        [
            Limits(title, limits | {"most memory of despatch match": most_memory}),
            Values("The same, as despatch match says it", "on the clock", clock),
            _contest(subscriptions, releases, runs),
        ],
    )


def _command(subscriptions: Path, releases: Path) -> dict[str, Any]:
    """Return the summary of a process of its own: its memory is the command's alone."""
    done = subprocess.run(  # noqa: S603 - our own arguments, no shell
        [sys.executable, "-m", "despatch.cli", "match", str(subscriptions), str(releases)],
        check=True,
        capture_output=True,
        text=True,
    )
    summary: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return summary


@dataclass(frozen=True)
class _Took:
    unit: str
    most: float
    took: float


def _round(subscriptions: Path, releases: Path, world: World) -> dict[str, _Took]:
    """Build, match and change once, and return what each took of the processor."""
    with ThreadPoolExecutor(1) as pool:
        with subscriptions.open("rb") as lines, Stopwatch() as building:
            matcher = read_subscriptions(lines, subscriptions.name, _refuse, pool.submit)
        with releases.open("rb") as lines:
            some = [*read_releases(lines, releases.name, _refuse)]
        matching = _timed(matcher.match, some)
        asked = [
            PlainSubscription(id=f"new-{n}", **_fields(row, f"novel {n}"))
            for n, row in enumerate(world.subscriptions(CHANGES))
        ]
        added = [_ms(partial(_add, matcher, one)) for one in asked]
        removed = [_ms(partial(matcher.remove, one.id)) for one in asked]
    return {
        "build the index, reading the file included": _Took(
            "s", MAX_BUILD_S, building.cost(1).cpu_s
        ),
        "match a release": _Took("ms", MAX_MS, 1000 * matching.cpu_s / len(some)),
        "add one, 99 of 100": _Took("ms", MAX_CHANGE_MS, percentile(added, 99)),
        "remove one, 99 of 100": _Took("ms", MAX_CHANGE_MS, percentile(removed, 99)),
    }


def _fields(row: dict[str, Any], phrase: str) -> dict[str, tuple[str, ...]]:
    """Return a subscription's fields with a phrase that nobody asked for before."""
    fields = {name: tuple(values) for name, values in row.items() if name != "id"}
    return fields | {"keywords": (*fields.get("keywords", ()), phrase)}


def _add(matcher: PlainMatcher, asked: PlainSubscription) -> None:
    matcher.add(asked)
    matcher.settle()


def _ms(change: Callable[[], None]) -> float:
    began = time.thread_time()
    change()
    return 1000 * (time.thread_time() - began)


def _contest(subscriptions: Path, releases: Path, runs: int) -> Contest:
    """Race the index and the walk on as many subscriptions as a walk can be waited for."""
    decode = msgspec.json.Decoder(PlainSubscription).decode
    with subscriptions.open("rb") as lines:
        asked = [decode(line) for line in islice(lines, NAIVE_SUBSCRIPTIONS)]
    with releases.open("rb") as lines:
        some = [*islice(read_releases(lines, releases.name, _refuse), NAIVE_RELEASES)]
    matcher = PlainMatcher()
    for one in asked:
        matcher.add(one)
    matcher.settle()
    for release in some:
        if [*matcher.ids(matcher.match(release))] != _walk(asked, release):
            raise AssertionError(f"the index and the walk disagree about {release.id}")
    contenders: dict[str, Callable[[], Cost]] = {
        OURS: partial(_timed, matcher.match, some),
        NAIVE: partial(_timed, partial(_walk, asked), some),
    }
    title = f"{NAIVE_SUBSCRIPTIONS:,} of them against {NAIVE_RELEASES} releases, the same answers"
    return Contest(title, "releases", alternate(contenders, runs), [NAIVE])


def _walk(asked: Sequence[PlainSubscription], release: PlainRelease) -> list[str | int]:
    return [one.id for one in asked if meets(one, release)]


def _timed(match: Callable[[PlainRelease], object], releases: Sequence[PlainRelease]) -> Cost:
    with Stopwatch() as watch:
        for release in releases:
            match(release)
    return watch.cost(len(releases))


def _refuse(fault: PermanentError) -> None:
    raise fault
