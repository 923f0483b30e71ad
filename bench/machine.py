"""On what machine, with what versions, and when: it stands beside every figure."""

import os
import platform
import sqlite3
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from despatch.testing.kafka_jars import VERSION as KAFKA

# crc32c: kafka-python sums every byte it sends and reads with it, in plain Python if it is absent.
PACKAGES = (
    "despatch",
    "kafka-python",
    "crc32c",
    "apprise",
    "aiohttp",
    "feedparser",
    "pydantic",
    "SQLAlchemy",
    "pyroaring",
    "ahocorasick-rs",
)


def made(runs: int, began: datetime, load: float) -> str:
    """Return a line: when, how often, on what, with what.

    `load` is how many processes wanted a core when it began: others may share the machine.
    """
    return (
        f"{began:%Y-%m-%d %H:%M} UTC, medians of {runs} runs (least to most). {_cores()}, "
        f"{_memory()}, {platform.system()} {platform.release()}; load {load:.1f} as it began. "
        f"Python {platform.python_version()}, {', '.join(_versions())}."
    )


def made_once(began: datetime, *packages: str) -> str:
    """Return a line: when, on what, with which versions of the packages that had a say."""
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return (
        f"{began:%Y-%m-%d %H:%M} UTC. {_cores()}, {_memory()}, {platform.system()} "
        f"{platform.release()}. Python {platform.python_version()}, {versions}."
    )


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def load() -> float:
    """Return how many processes wanted a core, on average, over the last minute."""
    return os.getloadavg()[0]


def file_system(folder: Path) -> str:
    """Return the kind of file system that a folder stands on, such as `ext4`; empty if unknown."""
    mounts = Path("/proc/mounts")
    if not mounts.exists():
        return ""
    whole = folder.resolve()
    best, kind = "", ""
    for line in mounts.read_text().splitlines():
        _device, point, found, *_rest = line.split()
        if whole.is_relative_to(point) and len(point) >= len(best):
            best, kind = point, found
    return kind


def _cores() -> str:
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{count} cores, {_field('/proc/cpuinfo', 'model name') or platform.machine()}"


def _memory() -> str:
    total = _field("/proc/meminfo", "MemTotal").removesuffix(" kB")
    return f"{int(total) / 1024 / 1024:.0f} GiB" if total else "memory unknown"


def _versions() -> list[str]:
    found = [f"SQLite {sqlite3.sqlite_version}", f"Apache Kafka {KAFKA}"]
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"no {name}")
    return found


def _field(file: str, name: str) -> str:
    """Return the first value of a field in one of Linux's own files; empty elsewhere."""
    path = Path(file)
    if not path.exists():
        return ""
    for line in path.read_text().splitlines():
        key, _colon, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""
