"""What a benchmark found, as a table for people and as JSON for programs. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from bench.measure import Cost, Spread, ratios, spread

Table = list[list[str]]
"""Rows of cells; the first row is the heading."""


class Finding(Protocol):
    """One table of a benchmark."""

    @property
    def title(self) -> str:
        """What was compared, in a sentence without a full stop."""
        ...

    def table(self) -> Table:
        """Return it as cells."""
        ...

    def figures(self) -> dict[str, Any]:
        """Return it as JSON, every run's value."""
        ...


@dataclass(frozen=True)
class Contest:
    """Contenders that did the same work in turn, and how each compares to the peers."""

    title: str
    unit: str
    """What was done so many times a second: `messages`."""
    costs: Mapping[str, Sequence[Cost]]
    peers: Sequence[str]
    """Contenders that the others are compared to; one that did not run is left out."""
    per: int = 1_000
    """CPU seconds are given for so many."""

    def table(self) -> Table:
        peers = self._peers()
        heads = ["", f"{self.unit} a second", f"CPU s for {self.per:,}"]
        return [
            [*heads, *(f"speed / {p}" for p in peers), *(f"CPU / {p}" for p in peers)],
            *(self._row(name) for name in self.costs),
        ]

    def figures(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "unit": self.unit,
            "contenders": {
                name: {
                    "a_second": [cost.rate for cost in costs],
                    f"cpu_s_for_{self.per}": self._cpu(costs),
                    "speed_ratio": {p: self._speeds(name, p) for p in self._peers()},
                    "cpu_ratio": {p: self._cpus(name, p) for p in self._peers()},
                }
                for name, costs in self.costs.items()
            },
        }

    def _peers(self) -> list[str]:
        return [peer for peer in self.peers if peer in self.costs]

    def _row(self, name: str) -> list[str]:
        own = self.costs[name]
        return [
            name,
            shown([cost.rate for cost in own]),
            shown(self._cpu(own)),
            *("1" if name == p else shown(self._speeds(name, p)) for p in self._peers()),
            *("1" if name == p else shown(self._cpus(name, p)) for p in self._peers()),
        ]

    def _cpu(self, costs: Sequence[Cost]) -> list[float]:
        return [self.per * cost.cpu_s / cost.count for cost in costs]

    def _speeds(self, name: str, peer: str) -> list[float]:
        return ratios([c.rate for c in self.costs[name]], [c.rate for c in self.costs[peer]])

    def _cpus(self, name: str, peer: str) -> list[float]:
        return ratios(self._cpu(self.costs[name]), self._cpu(self.costs[peer]))


@dataclass(frozen=True)
class Values:
    """Figures that nothing was raced against, such as latencies."""

    title: str
    unit: str
    values: Mapping[str, Sequence[float]]

    def table(self) -> Table:
        return [["", self.unit], *([name, shown(each)] for name, each in self.values.items())]

    def figures(self) -> dict[str, Any]:
        return {"title": self.title, "unit": self.unit, "values": dict(self.values)}


@dataclass(frozen=True)
class Limit:
    """Figures of which the middle one must not exceed a limit."""

    unit: str
    most: float
    values: Sequence[float]

    @property
    def kept(self) -> bool:
        """Whether it is kept."""
        return spread(self.values).median <= self.most


@dataclass(frozen=True)
class Limits:
    """What was promised beside what it came to."""

    title: str
    limits: Mapping[str, Limit]

    def table(self) -> Table:
        return [
            ["", "limit", "measured"],
            *(
                [
                    name if one.kept else f"{name}: BROKEN",
                    f"{number(one.most)} {one.unit}",
                    f"{shown(one.values)} {one.unit}",
                ]
                for name, one in self.limits.items()
            ),
        ]

    def figures(self) -> dict[str, Any]:
        limits = {
            name: {"unit": one.unit, "most": one.most, "kept": one.kept, "values": [*one.values]}
            for name, one in self.limits.items()
        }
        return {"title": self.title, "limits": limits}


@dataclass(frozen=True)
class Report:
    """What a benchmark came to; `missing` says why it, or a peer of it, did not run."""

    name: str
    findings: Sequence[Finding] = ()
    missing: Sequence[str] = field(default_factory=list)

    @property
    def kept(self) -> bool:
        """Whether every limit is kept."""
        found = (one for one in self.findings if isinstance(one, Limits))
        return all(limit.kept for one in found for limit in one.limits.values())


def markdown(report: Report, made: str) -> str:
    """Return a report as Markdown; `made` says where and when, and stands beside the figures."""
    blocks = [made, *(f"Not measured: {reason}." for reason in report.missing)]
    for finding in report.findings:
        blocks += [f"**{finding.title}**", "\n".join(_lines(finding.table()))]
    return "\n\n".join(blocks)


def replaced(page: str, name: str, block: str) -> str:
    """Return a page with what stands between a benchmark's two marks replaced.

    Raises ValueError if the page has no such marks.
    """
    begin, end = f"<!-- bench {name} -->", f"<!-- end {name} -->"
    head, found, rest = page.partition(begin)
    _old, closed, tail = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"the page has no {begin} … {end}")
    return f"{head}{begin}\n\n{block}\n\n{end}{tail}"


def plain(report: Report) -> str:
    """Return a report as text with columns that stand straight."""
    blocks = [f"== {report.name}", *(f"not measured: {reason}" for reason in report.missing)]
    for finding in report.findings:
        table = finding.table()
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        rows = ("  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)) for r in table)
        blocks += ["", finding.title, *(row.rstrip() for row in rows)]
    return "\n".join(blocks)


def as_json(report: Report) -> dict[str, Any]:
    """Return a report as JSON, with every run's value."""
    return {
        "name": report.name,
        "missing": list(report.missing),
        "findings": [finding.figures() for finding in report.findings],
    }


def shown(values: Sequence[float]) -> str:
    """Return the median with the least and the most: `1,234 (1,100 to 1,300)`."""
    found: Spread = spread(values)
    return f"{number(found.median)} ({number(found.least)} to {number(found.most)})"


def number(value: float) -> str:
    """Return about three digits of a number: `12,345`, `123`, `12.3`, `1.23`, `0.0123`."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    if abs(value) >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if abs(value) >= 1 else f"{value:.3g}"


def _lines(table: Table) -> Iterator[str]:
    yield "| " + " | ".join(table[0]) + " |"
    yield "|" + "---|" * len(table[0])
    for row in table[1:]:
        yield "| " + " | ".join(row) + " |"
