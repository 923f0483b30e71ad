"""A dry run of one poll: everything is asked for and decided, and nothing is stored or told."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from despatch.errors import DespatchError, PermanentError, TransientError
from despatch.ports import (
    Due,
    Fetcher,
    Grow,
    Health,
    KnownEntry,
    Response,
    SourceRecord,
    Validators,
)
from ingest.discover import Candidate, feeds_of
from ingest.documents import to_read
from ingest.entry import Entry
from ingest.feedparse import ParsedFeed
from ingest.hints import kept_hints
from ingest.newness import Contact, Decision, Publish, decide, names_of
from ingest.reading import Ask
from ingest.schedule import next_due, spread_of
from ingest.source import Parse, Source, Tools
from ingest.standing import GONE
from ingest.text import clean_line

Known = Callable[[set[str], set[str]], Sequence[KnownEntry]]
"""Returns what is kept of the entries with these keys or these addresses."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is checked: a source as the store has it, or one that is not added."""

    record: SourceRecord
    cursor: Mapping[str, Any]
    health: Health
    known: Known
    every: timedelta
    """The common pause between two polls."""


@dataclass(frozen=True, slots=True)
class Document:
    """A feed that was parsed."""

    answer: Response
    parsed: ParsedFeed


@dataclass(frozen=True, slots=True)
class Checked:
    """What a poll would come to."""

    outcome: str
    """`fetched`, `not modified`, `unchanged`, `ended` or `failed`."""
    problem: str
    documents: tuple[Document, ...]
    decided: tuple[tuple[Entry, Decision], ...]
    """Each entry, oldest first, with what would be done about it, judged by the feed's own text."""
    unchanged: int
    """Entries that are the same bytes as when they were dealt with: they are not even parsed."""
    to_read: tuple[Ask, ...]
    """Documents that would be read for their full text before anything is published."""
    found: tuple[Candidate, ...]
    """If the address is a page: the feeds that it names."""
    due: Due
    """When the next poll would be, and why."""


async def check(case: Case, source: Source, tools: Tools, now: datetime) -> Checked:
    """Return what a poll of a source would come to just now."""
    seen = _Seen(tools.fetcher, tools.parse)
    hints = kept_hints(case.cursor)
    outcome = ""
    failure: DespatchError | None = None
    decided: list[tuple[Entry, Decision]] = []
    asks: list[Ask] = []
    unchanged = 0
    try:
        async for page in source.read(Tools(seen, seen.parse), case.cursor, now):
            hints = page.hints
            outcome = outcome if page.outcome == "unchanged" and outcome else page.outcome
            unchanged += page.unchanged
            names = names_of(entry for part in page.parts for entry in part.entries)
            known = case.known(*names)
            asks += to_read(page.parts, known, source.in_full)
            for part in page.parts:
                contact = Contact(
                    source=case.record.id,
                    added_at=case.record.added_at,
                    first=case.health.ok_at is None,
                    now=now,
                    fetched=part.fetched,
                )
                decisions = decide(part.entries, known, contact)
                decided += zip(part.entries, decisions, strict=True)
            if page.last:
                break
    except DespatchError as exc:
        failure = exc
    if failure is not None:
        gone = isinstance(failure, PermanentError) and failure.status == GONE
        outcome = "ended" if gone else "failed"
    failures = case.health.failures + 1 if failure else 0
    due = next_due(
        now,
        source.every or case.every,
        hints,
        fixed=source.every is not None,
        failures=failures,
        retry_after=failure.retry_after if isinstance(failure, TransientError) else None,
        spread=spread_of(case.record.id, now),
    )
    return Checked(
        outcome=outcome,
        problem=clean_line(str(failure or "")),
        documents=tuple(seen.documents),
        decided=tuple(decided),
        unchanged=unchanged,
        to_read=tuple(asks),
        found=tuple(seen.feeds_named()) if isinstance(failure, PermanentError) else (),
        due=due._replace(why="it has ended, and would be asked no more")
        if outcome == "ended"
        else due,
    )


def named_by(entry: Entry) -> str:
    """Return what tells an entry from the others of its source: its id, its link, its content."""
    if entry.repeated:
        return "its id and its link: several share the id"
    if entry.stable:
        return "the feed's own id"
    return "its link" if entry.address else "its content: it has neither id nor link"


def identity(decision: Publish) -> str:
    """Return by what the release of a decision is known to the rest of the world."""
    release = decision.revision.release
    if release.address is None:
        return f"by its source and entry ({release.source}, {release.entry}): it has no address"
    if release.edition:
        return f"by {release.address}, edition {release.edition}: the address is used again"
    return f"by {release.address}"


class _Seen:
    """A fetcher and a parser whose last answers are kept."""

    def __init__(self, fetcher: Fetcher, parse: Parse) -> None:
        self.documents: list[Document] = []
        self._fetcher = fetcher
        self._parse = parse
        self._answer: Response | None = None

    async def get(
        self,
        address: str,
        validators: Validators | None = None,
        *,
        accept: str = "*/*",
        grow: Grow | None = None,
    ) -> Response:
        given = validators or Validators()
        self._answer = await self._fetcher.get(address, given, accept=accept, grow=grow)
        return self._answer

    async def parse(self, body: bytes, content_type: str, address: str) -> ParsedFeed:
        parsed = await self._parse(body, content_type, address)
        if self._answer is not None:
            self.documents.append(Document(self._answer, parsed))
        return parsed

    def feeds_named(self) -> list[Candidate]:
        answer = self._answer
        return feeds_of(answer.body, answer.address) if answer and not self.documents else []
