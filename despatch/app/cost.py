"""What a piece of work cost: time, CPU and memory, with the processes that it started."""

import os
import resource
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_LOOK_EVERY_S = 0.2
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Cost:
    """What was measured, rounded to what can be told apart."""

    wall_s: float
    cpu_s: float
    """User and system time, of the children that have ended too."""
    import_cpu_s: float
    """What this process had cost before it began: starting up, imports, opening log and store."""
    peak_rss_mib: float
    """The peaks of this process and of the children that lived at once, added: what they share
    counts each time."""


class Meter:
    """Measures the block that it is the context manager of; then `cost` holds what it took.

    Children are looked at five times a second (on Linux, by what the kernel keeps of their peaks);
    elsewhere only the largest that has ended is counted.
    """

    cost: Cost

    def __enter__(self) -> Self:
        self._children_kib = 0
        self._largest_kib = _largest_child_kib()
        self._ended = threading.Event()
        self._looking = threading.Thread(target=self._look_on, daemon=True)
        self._looking.start()
        self.begin()
        return self

    def begin(self) -> None:
        """Count time and CPU from now on only: what came before was preparation."""
        self._cpu_s = _cpu_s()
        self._wall_s = time.perf_counter()

    def __exit__(self, *_exc: object) -> None:
        wall_s, cpu_s = time.perf_counter() - self._wall_s, _cpu_s() - self._cpu_s
        self._ended.set()
        self._looking.join()
        largest_kib = _largest_child_kib()
        if largest_kib > self._largest_kib:  # else it was a child of before
            self._children_kib = max(self._children_kib, largest_kib)
        self.cost = Cost(
            wall_s=round(wall_s, 3),
            cpu_s=round(cpu_s, 3),
            import_cpu_s=round(self._cpu_s, 3),
            peak_rss_mib=round((_own_peak_kib() + self._children_kib) / 1024, 1),
        )

    def _look_on(self) -> None:
        while not self._ended.wait(_LOOK_EVERY_S):
            self._children_kib = max(self._children_kib, sum(map(_peak_kib, _children())))


def _cpu_s() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def _largest_child_kib() -> int:
    """Return the peak of the largest child that has ever ended."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss


def _own_peak_kib() -> int:
    # `ru_maxrss` begins with the peak of whoever started this process.
    return _peak_kib(os.getpid()) or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _peak_kib(pid: int) -> int:
    """Return the most memory that a process has had; 0 if nobody knows."""
    try:
        said = (_PROC / str(pid) / "status").read_text()
    except OSError:
        return 0
    lines = (line.split() for line in said.splitlines() if line.startswith("VmHWM:"))
    return next((int(words[1]) for words in lines), 0)


def _children() -> list[int]:
    found: list[int] = []
    for thread in (_PROC / "self" / "task").glob("*/children"):
        try:
            found += map(int, thread.read_text().split())
        except OSError:  # the thread has ended
            continue
    return found
