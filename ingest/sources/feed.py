"""One RSS, RDF or Atom feed."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from despatch.errors import PermanentError
from despatch.guard import host_of
from despatch.model import Fetched, Frozen
from despatch.ports import Response, Validators
from despatch.shorten import shorten
from ingest.govuk_content import CONTENT_API, is_govuk
from ingest.govuk_search import API, Search, search_for
from ingest.hints import Hints, hints_of_answer, kept_hints, newest_moments, to_keep
from ingest.moved import Move, kept_move, move_seen, move_to_keep
from ingest.older import ByLinks, ByNumber, BySearch, Way
from ingest.reading import InFull
from ingest.shown import read_shown
from ingest.source import Page, Part, Source, Tools, Window

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, */*;q=0.1"
)


_TITLE_CHARS = 200


class FeedSource(Frozen):
    """Reads a feed with one GET; the cursor is what to ask with next time."""

    kind: Literal["feed"] = "feed"
    address: str = Field(description="The feed's own address, http or https.")
    every: timedelta | None = Field(
        None, ge=timedelta(minutes=5), description="Pause between two polls, if not the common one."
    )
    page_parameter: str | None = Field(
        None,
        pattern=r"^[A-Za-z_]+$",
        description="Parameter of the address that asks for an older page, such as `page` or "
        "`paged`. Default: `page` for GOV.UK's finders, else none.",
    )
    search_api: str | None = Field(
        None,
        description="Address of the GOV.UK search API that lists what this feed shows; with a "
        "query, that is its filter. Default: GOV.UK's own for its feeds, else none.",
    )
    full_text: Literal["none", "page", "govuk"] | None = Field(
        None,
        description="How the documents behind its entries are read: not at all, as pages, or "
        "through GOV.UK's Content API. If not set: `govuk` for a feed of www.gov.uk, else `none`.",
    )
    content_api: str = Field(CONTENT_API, description="Where GOV.UK's Content API is.")
    complete_later: bool = Field(
        True,
        description="Whether a document that could not be read before its release was published "
        "is tried again, and the release completed by a revision.",
    )
    title: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        description="What it is called in messages. Default: what the feed calls itself.",
    )
    moved_from: str | None = Field(
        None, description="The address that it was added with, if it has moved for good since."
    )
    moved_at: datetime | None = Field(None, description="When that was believed.")

    @field_validator("address", "search_api", "content_api")
    @classmethod
    def _web_address(cls, address: str | None) -> str | None:
        """Where it leads is judged when it is fetched; here only that it can be asked for."""
        if address is None:
            return None
        try:
            host_of(address)
        except PermanentError as exc:
            raise ValueError(str(exc)) from exc
        return address

    @property
    def in_full(self) -> InFull | None:
        """As the settings say; if they don't, by the feed's address."""
        chosen = self.full_text or ("govuk" if is_govuk(self.address) else "none")
        if chosen == "none":
            return None
        api = self.content_api if chosen == "govuk" else ""
        return InFull(chosen, api, self.complete_later)

    @property
    def accept(self) -> str:
        """Feeds first, and then whatever there is."""
        return ACCEPT

    def known(self, cursor: Mapping[str, Any]) -> Validators:
        """Return what the last answer gave to ask again with."""
        return Validators(cursor.get("etag"), cursor.get("last_modified"))

    def nothing(self, answer: Response, cursor: Mapping[str, Any], now: datetime) -> Page | None:
        """Return the page of an answer without news: a 304, or the same bytes as before."""
        before = cursor.get("body_sha256")
        if answer.status != 304 and answer.sha256 != before:
            return None
        known = kept_hints(cursor)
        hints = hints_of_answer(answer, known)
        move = move_seen(kept_move(cursor), self.address, answer, now)
        if move is not None or hints != known or not _as_before(answer, cursor):
            familiar = {"familiar": cursor["familiar"]} if "familiar" in cursor else {}
            cursor = {**_cursor(answer, before, hints, move), **familiar}
        return Page(
            cursor=cursor,
            outcome="not modified" if answer.status == 304 else "unchanged",
            status=answer.status,
            settings=self._moved(move, now),
            last=True,
            hints=hints,
        )

    async def read(
        self, tools: Tools, cursor: Mapping[str, Any], now: datetime
    ) -> AsyncIterator[Page]:
        """Yield one page: the feed's window of entries, or none if nothing moved."""
        answer = await tools.fetcher.get(self.address, self.known(cursor), accept=ACCEPT)
        if (page := self.nothing(answer, cursor, now)) is not None:
            yield page
            return
        known = kept_hints(cursor)
        move = move_seen(kept_move(cursor), self.address, answer, now)
        sha256 = answer.sha256
        content_type = answer.header("content-type") or ""
        shown = await read_shown(tools.parse, answer, content_type, cursor)
        feed = shown.feed
        fetched = Fetched(
            address=answer.address, at=answer.at, body_sha256=sha256, http_status=answer.status
        )
        dates = [entry.updated_at or entry.published_at for entry in feed.entries]
        moments = newest_moments(known.moments, dates, now)
        said = hints_of_answer(answer, feed.hints if shown.parsed else known)
        hints = said._replace(moments=moments)
        yield Page(
            cursor=_cursor(answer, sha256, hints, move),
            parts=(Part(fetched, answer.body, feed.entries),),
            outcome="ended" if feed.ended else "fetched",
            window=Window(content_type, () if shown.unchanged else feed.places, feed.older),
            status=answer.status,
            skipped=(f"{self.address}: {feed.empty} items without title and text",)
            if feed.empty
            else (),
            settings=self._moved(move, now),
            last=True,
            hints=hints,
            unchanged=shown.unchanged,
            settled=shown.settled,
            title=shorten(feed.title, _TITLE_CHARS),
        )

    def ways(self, link: str) -> Sequence[Way]:
        """Return how older entries are reached: as the feed says, by page number, by search."""
        found: list[Way] = [ByLinks(link)] if link else []
        finder = is_govuk(self.address) and urlsplit(self.address).path.startswith("/search/")
        if parameter := self.page_parameter or ("page" if finder else None):
            found.append(ByNumber(self.address, parameter))
        if (search := self.search()) is not None:
            found.append(BySearch(search))
        return found

    def search(self) -> Search | None:
        """Return the question to GOV.UK's search API that stands for this feed, if there is one."""
        if self.search_api is None and not is_govuk(self.address):
            return None
        return search_for(self.address, self.search_api or API)

    def _moved(self, move: Move | None, now: datetime) -> Mapping[str, Any] | None:
        """Return the settings from now on, once a move is believed; the first address is kept."""
        if move is None or not move.believed(now):
            return None
        first = self.moved_from or self.address
        moved = self.model_copy(update={"address": move.to, "moved_from": first, "moved_at": now})
        # What is not set stays unset: a default may change one day.
        return moved.model_dump(
            mode="json", exclude={"kind"}, exclude_unset=True, exclude_none=True
        )


def _cursor(
    answer: Response, sha256: str | None, hints: Hints, move: Move | None
) -> Mapping[str, Any]:
    return {
        "etag": answer.validators.etag,
        "last_modified": answer.validators.last_modified,
        "body_sha256": sha256,
        "hints": to_keep(hints),
        **move_to_keep(move),
    }


def _as_before(answer: Response, cursor: Mapping[str, Any]) -> bool:
    """Return whether a cursor is ours alone, and the next poll asks as this one did."""
    given = answer.validators
    return (
        cursor.keys() <= _KEYS
        and given.etag == cursor.get("etag")
        and given.last_modified == cursor.get("last_modified")
    )


_KEYS = frozenset({"etag", "last_modified", "body_sha256", "hints", "familiar"})
"""What a cursor holds of a source that has not moved."""


SOURCE: type[Source] = FeedSource
