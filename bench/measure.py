"""Measuring: contenders take turns, and what each took is kept by round.

A machine that is shared slows everybody down for a while, so times are compared within a round
only: A B A B, and the ratio of each pair.
"""

import gc
import os
import resource
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Cost:
    """What it took to do something `count` times."""

    count: int
    wall_s: float
    cpu_s: float
    """Of this process with all its threads, and of its children that have ended."""

    @property
    def rate(self) -> float:
        """How many a second."""
        return self.count / self.wall_s


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle and the ends of several runs."""

    median: float
    least: float
    most: float


class Stopwatch:
    """Takes the time of the block, or from `start` to `stop`."""

    def __init__(self) -> None:
        self._wall_s = 0.0
        self._cpu_s = 0.0
        self._began: tuple[float, float] | None = None

    def start(self) -> None:
        """Begin; nothing if it has begun."""
        if self._began is None:
            self._began = (time.perf_counter(), cpu_s())

    def stop(self) -> None:
        """End; nothing if it has not begun."""
        if self._began is not None:
            wall, cpu = self._began
            self._wall_s += time.perf_counter() - wall
            self._cpu_s += cpu_s() - cpu
            self._began = None

    def cost(self, count: int) -> Cost:
        """Return what was taken, for doing something so many times."""
        return Cost(count, self._wall_s, self._cpu_s)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()


def alternate(
    contenders: Mapping[str, Callable[[], T]], runs: int, *, warm_ups: int = 1
) -> dict[str, list[T]]:
    """Let the contenders take turns; return what each came to, round by round.

    The first rounds are not kept: imports, caches and connections are not what is measured.
    """
    kept: dict[str, list[T]] = {name: [] for name in contenders}
    for number in range(warm_ups + runs):
        for name, run in contenders.items():
            gc.collect()
            result = run()
            if number >= warm_ups:
                kept[name].append(result)
    return kept


def spread(values: Sequence[float]) -> Spread:
    """Return the median, the least and the most of at least one value."""
    return Spread(statistics.median(values), min(values), max(values))


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Return ours as a multiple of theirs, round by round: never a mean against a mean."""
    return [a / b for a, b in zip(ours, theirs, strict=True)]


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that `percent` of them don't exceed: the nearest rank.

    `percentile([1, 2, 3, 4], 50) == 2`, and 95 of 20 values is the 19th.
    """
    ordered = sorted(values)
    rank = -(-len(ordered) * percent // 100)  # rounded up
    return ordered[max(0, int(rank) - 1)]


def cpu_s() -> float:
    """Return the processor time of this process and of its children that have ended."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def cpu_of(pid: int) -> float:
    """Return the processor time of another process so far (proc(5), fields 14 and 15 of stat)."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")
