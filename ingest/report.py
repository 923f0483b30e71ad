"""What a poll of one source came to."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from despatch.model import SourceId
from ingest.newness import OLDER_AGAIN, Decision, Publish
from ingest.source import Page

MOST_SKIPS = 1_000
"""So many reasons a report holds; the rest is counted."""


class PollReport(NamedTuple):
    """What a poll of one source came to, so far or in all."""

    source: SourceId
    outcome: str = "fetched"
    """`fetched`, `not modified`, `unchanged`, `ended`; or `failed`; `fenced` and `busy`: another
    poller has the source; `stopped`: told to stop before the source was read whole."""
    status: int | None = None
    """The last answer's HTTP status, if there was one."""
    pages: int = 0
    new: int = 0
    revised: int = 0
    completed: int = 0
    withdrawn: int = 0
    restored: int = 0
    ignored: int = 0
    """Entries with nothing to tell anybody."""
    first_seen: int = 0
    """Ids that the source had not shown before, whatever release they belong to."""
    flapped: int = 0
    """Sights of an older state again, as a cache shows it that flips back: nobody is told."""
    gaps: int = 0
    """1 if the source's window had moved past all that was known."""
    late: int = 0
    """Releases among the new ones that a gap's repair or a reconciliation found."""
    left_out: int = 0
    """Entries that the source's settings leave out, such as `since`."""
    skips: int = 0
    skipped: tuple[str, ...] = ()
    """What could not be read, a sentence each; the first 1,000 of `skips`."""
    problem: str = ""
    """Why the poll failed; begins with the failure's word."""

    @property
    def changed(self) -> int:
        """Revisions that are not the first of their release."""
        return self.revised + self.completed + self.withdrawn + self.restored

    @property
    def entries(self) -> int:
        """What was read, save what could not be."""
        return self.new + self.changed + self.ignored + self.left_out

    def with_page(
        self, page: Page, decisions: Sequence[Decision], *, gap: bool = False, late: bool = False
    ) -> "PollReport":
        """Return the report with one more page counted; a late one is not what was asked for."""
        causes = [d.cause for d in decisions if isinstance(d, Publish)]
        return self._replace(
            outcome=self.outcome if late else page.outcome,
            status=self.status if late else page.status,
            pages=self.pages + 1,
            new=self.new + causes.count("new"),
            revised=self.revised + causes.count("revised"),
            completed=self.completed + causes.count("completed"),
            withdrawn=self.withdrawn + causes.count("withdrawn"),
            restored=self.restored + causes.count("restored"),
            ignored=self.ignored + len(decisions) - len(causes) + page.unchanged,
            first_seen=self.first_seen + sum(d.first_sight for d in decisions),
            flapped=self.flapped + sum(d.reason == OLDER_AGAIN for d in decisions),
            gaps=self.gaps + gap,
            late=self.late + (causes.count("new") if late else 0),
            left_out=self.left_out + page.left_out,
            skips=self.skips + len(page.skipped),
            skipped=(self.skipped + page.skipped)[:MOST_SKIPS],
        )

    @classmethod
    def of_nothing(cls, source: SourceId, page: Page) -> "PollReport":
        """Return the report of a poll that one page without entries was all of."""
        return cls(
            source, page.outcome, page.status, 1, ignored=page.unchanged, left_out=page.left_out
        )

    def with_nothing(self, page: Page) -> "PollReport":
        """Return the report with one more page counted that has no entries."""
        return self._replace(
            outcome=page.outcome,
            status=page.status,
            pages=self.pages + 1,
            ignored=self.ignored + page.unchanged,
            left_out=self.left_out + page.left_out,
            skips=self.skips + len(page.skipped),
            skipped=(self.skipped + page.skipped)[:MOST_SKIPS],
        )

    def as_dict(self) -> dict[str, Any]:
        """Return all of it, for JSON."""
        return self._asdict()


def totals(reports: Sequence[PollReport]) -> dict[str, int]:
    """Return what many polls came to, for JSON; a feed that has ended was fetched.

    `failed` are all that were not read, sources that another poller has among them. A source that
    was given back in the middle (`stopped`) has had no turn, but what it brought counts.
    """
    ended = [report for report in reports if report.outcome != "stopped"]
    outcomes = [report.outcome for report in ended if not report.problem]
    return {
        "sources": len(ended),
        "fetched": outcomes.count("fetched") + outcomes.count("ended"),
        "not_modified": outcomes.count("not modified"),
        "unchanged": outcomes.count("unchanged"),
        "failed": len(ended) - len(outcomes),
        "new": sum(report.new for report in reports),
        "revised": sum(report.revised for report in reports),
    }
