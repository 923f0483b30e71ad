"""Reads one document at its own address: the one place that asks a site for it."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from despatch.errors import BadStatus
from despatch.fingerprint import canonical_address, digest
from despatch.model import Fetched
from despatch.ports import Clock, Fetcher, ReadAs, Response, Validators
from ingest.article import Article
from ingest.entry import Entry
from ingest.fulltext import Elsewhere, FullText, Gone, Read, Same
from ingest.govuk_content import is_govuk, parse_content, why_gone

ACCEPT = {"govuk": "application/json", "page": "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"}

MOST_HOPS = 3
"""So many redirect items are followed; the redirects of HTTP itself are the fetcher's."""

Extract = Callable[[bytes, str, str], Awaitable[Article]]
"""Finds the article of a page in its bytes, content type and address; errors as `read_page`."""

_NONE = Validators()


@dataclass(frozen=True, slots=True)
class Ask:
    """What to read, and what is known of it."""

    address: str
    """Where it is asked for."""
    read_as: ReadAs
    content_api: str = ""
    validators: Validators = _NONE
    body_sha256: str = ""
    """Of what was read last."""

    @property
    def host(self) -> str:
        """Who is asked."""
        asked = self.content_api if self.read_as == "govuk" else self.address
        return urlsplit(asked).hostname or ""


@dataclass(frozen=True, slots=True)
class InFull:
    """What a source wants of the documents behind its entries."""

    read_as: ReadAs
    content_api: str
    complete: bool
    """Whether a summary that was sent ahead is completed later."""

    def ask(self, entry: Entry) -> Ask | None:
        """Return how an entry's document is read; None if it has none, or gives all of it.

        GOV.UK's own record is read for what it says besides the text.
        """
        if entry.address is None:
            return None
        if self.read_as == "govuk":
            return (
                Ask(entry.address, "govuk", self.content_api) if is_govuk(entry.address) else None
            )
        return Ask(entry.link, "page") if entry.link and entry.text_kind == "summary" else None


class DocumentReader:
    """Reads documents; the fetcher keeps to the pace of each host. One event loop's own."""

    def __init__(self, fetcher: Fetcher, extract: Extract, clock: Clock) -> None:
        self._fetcher = fetcher
        self._extract = extract
        self._clock = clock

    async def read(self, ask: Ask) -> Read | Same:
        """Return what stands at an address now.

        What was taken down is an answer (`Gone`), not an error: a 410, and a redirect to a 404
        or to a site's front page. Raises TransientError and PermanentError as the fetcher, and
        PermanentError (`bad answer`, `not a page`, `no text`) for what no text can be read from.
        """
        read = self._govuk if ask.read_as == "govuk" else self._page
        return await read(ask)

    async def _govuk(self, ask: Ask) -> Read | Same:
        path, validators, hops = urlsplit(ask.address).path or "/", ask.validators, 0
        while True:
            address = ask.content_api.rstrip("/") + path
            answer = await self._get(ask, address, validators, led_here=hops > 0)
            if not isinstance(answer, Response):
                return answer
            if _is_same(answer, ask) and not hops:
                return Same(answer.validators)
            found = await asyncio.to_thread(parse_content, answer.body, path)
            if not isinstance(found, Elsewhere) or not is_govuk(found.to):
                # A redirect item's validators say nothing of the document that it leads to.
                return _read(found, answer, _NONE if hops else answer.validators)
            to = urlsplit(found.to).path.rstrip("/")
            if not to or hops == MOST_HOPS:
                why = "to the front page" if not to else "in circles"
                return _read(Gone(f"it redirects {why}"), answer, answer.validators)
            path, validators, hops = to, _NONE, hops + 1

    async def _page(self, ask: Ask) -> Read | Same:
        answer = await self._get(ask, ask.address, ask.validators, led_here=False)
        if not isinstance(answer, Response):
            return answer
        if _is_same(answer, ask):
            return Same(answer.validators)
        read_from = canonical_address(answer.address)
        if not urlsplit(read_from).path and urlsplit(ask.address).path:
            gone = Gone("it redirects to the front page", sure=False)
            return _read(gone, answer, answer.validators)
        kind = answer.header("content-type") or ""
        article = await self._extract(answer.body, kind, answer.address)
        document = FullText(
            text=article.text,
            text_from="page",
            read_from=read_from,
            raw=digest(article.text, length=32),
            made_by=article.made_by,
            language=article.language,
        )
        return _read(document, answer, answer.validators)

    async def _get(
        self, ask: Ask, address: str, validators: Validators, *, led_here: bool
    ) -> Response | Read:
        """Return the answer, or that there is nothing any more; `led_here` by a redirect item."""
        try:
            return await self._fetcher.get(address, validators, accept=ACCEPT[ask.read_as])
        except BadStatus as exc:
            if exc.status == 410:
                why = why_gone(exc.body) if ask.read_as == "govuk" else str(exc)
                return self._gone(Gone(why), exc)
            if exc.status == 404 and (led_here or _differ(address, exc.address)):
                why = f"it leads to {exc.address}, where there is nothing"
                return self._gone(Gone(why, sure=ask.read_as == "govuk"), exc)
            raise

    def _gone(self, gone: Gone, said: BadStatus) -> Read:
        sha256 = hashlib.sha256(said.body).hexdigest()
        fetched = Fetched(
            address=said.address, at=self._clock.now(), body_sha256=sha256, http_status=said.status
        )
        return Read(gone, fetched, said.body)


def _read(found: FullText | Elsewhere | Gone, answer: Response, validators: Validators) -> Read:
    fetched = Fetched(
        address=answer.address,
        at=answer.at,
        body_sha256=answer.sha256,
        http_status=answer.status,
    )
    return Read(found, fetched, answer.body, validators)


def _is_same(answer: Response, ask: Ask) -> bool:
    if answer.status == 304:
        return True
    return answer.sha256 == ask.body_sha256


def _differ(asked: str, answered: str) -> bool:
    try:
        return canonical_address(asked) != canonical_address(answered)
    except ValueError:
        return True
