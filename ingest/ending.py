"""How a turn ends: its source is given back with when it is next due, and who must know is told."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from structlog.typing import FilteringBoundLogger

from despatch.errors import DespatchError, PermanentError, TransientError
from despatch.ports import Clock, Health, Poll
from ingest.lent import Lent
from ingest.report import PollReport
from ingest.standing import GONE, Standing

QUIET = frozenset({"not modified", "unchanged"})
"""Not worth a line of the log: a source's history has them."""


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of one source's turn."""

    lent: Lent
    standing: Standing
    clock: Clock
    began_at: datetime
    log: FilteringBoundLogger

    async def well(self, report: PollReport) -> None:
        """Give back a source that was read whole, or that has ended by its own word."""
        now, before = self.clock.now(), self.lent.leased.health
        newest_at = now if report.new else before.newest_at
        await self.standing.move(self.lent.leased.epoch)
        # Before the failures are forgotten: killed in between, the next poll does it again.
        await self.standing.well(before.failures)
        due = self.standing.due(ended=report.outcome == "ended")
        health = Health(polled_at=now, ok_at=now, newest_at=newest_at)
        await self.lent.give_back(due, health, self._poll(report))
        if report.outcome == "ended":
            await self.standing.retire("says that it has ended")
        if report.outcome not in QUIET:
            self.log.info(
                "source polled", outcome=report.outcome, new=report.new, changed=report.changed
            )

    async def failed(self, report: PollReport, why: DespatchError) -> PollReport:
        """Give back a source that could not be read; return the report with the reason."""
        now, before = self.clock.now(), self.lent.leased.health
        failures = before.failures + 1
        problem = str(why)[:500]
        status = why.status if isinstance(why, TransientError | PermanentError) else None
        ended = status == GONE
        outcome = "ended" if ended else "failed"
        report = report._replace(outcome=outcome, problem=problem, status=status)
        retry_after = why.retry_after if isinstance(why, TransientError) else None
        due = self.standing.due(failures, retry_after, ended=ended)
        self.log.warning("poll failed", why=problem, failures=failures, due=due.at.isoformat())
        health = before._replace(polled_at=now, failures=failures, problem=problem)
        await self.lent.give_back(due, health, self._poll(report))
        if ended:
            await self.standing.retire(f"is gone for good ({problem})")
        else:
            await self.standing.ill(failures, problem)
        return report

    def _poll(self, report: PollReport) -> Poll:
        now = self.clock.now()
        return Poll(
            at=now,
            outcome=report.outcome,
            took=max(now - self.began_at, timedelta(0)),
            status=report.status,
            new=report.new,
            changed=report.changed,
            problem=report.problem,
        )
