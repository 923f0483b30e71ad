"""GOV.UK's search API: the same question as a feed of GOV.UK asks, and its answer. Pure.

Its finders' feeds are a search over this API (alphagov/finder-frontend, app/lib/search/
query_builder.rb; alphagov/search-api, config/finders/news_and_communications.yml), and so are
those of organisations (alphagov/collections, app/services/feed_content.rb). Parameters as in
alphagov/search-api docs/using-the-search-api.md: at most 1,500 results a page, unknown ones are
refused.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from despatch.errors import PermanentError
from ingest.dates import parse_date
from ingest.entry import Entry, make_entry
from ingest.text import clean_line, clean_text

API = "https://www.gov.uk/api/search.json"
SITE = "https://www.gov.uk/"
"""What the results' links are relative to, wherever the API is served."""
A_PAGE = 200
"""Results asked for at a time."""

_SUPERGROUPS = {
    "/search/news-and-communications": "news_and_communications",
    "/search/guidance-and-regulation": "guidance_and_regulation",
    "/search/transparency-and-freedom-of-information-releases": "transparency",
}
"""What each finder filters by, besides what its reader chooses."""

_FACETS = ("organisations", "people", "roles", "world_locations", "topical_events")
_TAXONS = ("level_one_taxon", "level_two_taxon")
_ORGANISATION = "/government/organisations/"
_NO_OTHERS = ("reject_content_purpose_supergroup", "other")
_FIELDS = "title,link,description,public_timestamp"

Filter = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Search:
    """A question to the search API that stands for a feed."""

    api: str
    filter: Filter

    def address(self, since: datetime, start: int = 0) -> str:
        """Return the address that lists what was published since the day of a time, newest first.

        The API takes days; what is older than asked for is known, or of no harm.
        """
        query = (
            *self.filter,
            ("filter_public_timestamp", f"from:{since - timedelta(days=1):%Y-%m-%d}"),
            ("order", "-public_timestamp"),
            ("fields", _FIELDS),
            ("count", str(A_PAGE)),
            ("start", str(start)),
        )
        return f"{self.api}?{urlencode(query)}"


@dataclass(frozen=True, slots=True)
class Results:
    """One page of an answer."""

    entries: tuple[Entry, ...]
    """Oldest first."""
    listed: int
    """How many results the page has."""
    total: int
    """How many there are in all."""
    skipped: tuple[str, ...] = ()


def search_for(address: str, api: str = API) -> Search | None:
    """Return the question that a GOV.UK feed is an answer to; None if it can't be put so.

    A finder that is not known here, or a parameter, would make it another question: better none.
    An `api` that has a query is the whole question itself.
    """
    base, _, query = api.partition("?")
    if query:
        return Search(base, tuple(parse_qsl(query)))
    parts = urlsplit(address)
    path = parts.path.removesuffix(".atom")
    if path == "/government/feed" and not parts.query:
        return Search(api, (_NO_OTHERS,))
    if path == parts.path:
        return None
    if path.startswith(_ORGANISATION) and not parts.query:
        return Search(api, (_NO_OTHERS, ("filter_organisations[]", path.split("/")[-1])))
    chosen = _chosen(parts.query)
    if chosen is None or (path != "/search/all" and path not in _SUPERGROUPS):
        return None
    if group := _SUPERGROUPS.get(path):
        chosen = (("filter_content_purpose_supergroup[]", group), *chosen)
    return Search(api, chosen)


def _chosen(query: str) -> Filter | None:
    """Return what a finder's reader chose, as the API says it; None for what we can't say."""
    said: list[tuple[str, str]] = []
    for name, value in parse_qsl(query):
        plain = name.removesuffix("[]")
        if plain in _FACETS:
            said.append((f"filter_{plain}[]", value))
        elif plain in _TAXONS:
            said.append(("filter_all_part_of_taxonomy_tree[]", value))
        elif plain == "keywords":
            said.append(("q", value))
        elif plain not in {"order", "page"}:
            return None
    return tuple(said)


def parse_results(body: bytes, address: str) -> Results:
    """Return what a page of an answer lists.

    Raises PermanentError (`bad answer`) for what is no answer of this API.
    """
    try:
        answer = json.loads(body)
        rows, total = answer["results"], int(answer["total"])
        entries = [_entry(row) for row in rows]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as exc:
        raise PermanentError(f"bad answer: {address} is no answer of the search API") from exc
    read = [entry for entry in entries if entry is not None]
    empty = len(entries) - len(read)
    return Results(
        entries=tuple(read[::-1]),
        listed=len(rows),
        total=total,
        skipped=(f"{address}: {empty} results without a title or a link",) if empty else (),
    )


def _entry(row: Mapping[str, Any]) -> Entry | None:
    title, link = str(row.get("title") or ""), str(row.get("link") or "")
    text = str(row.get("description") or "")
    address = urljoin(SITE, link)
    if not link or not title:
        return None
    return make_entry(
        id=address,
        link=address,
        title=clean_line(title),
        text=clean_text(text),
        raw=(title, text, address),
        text_kind="summary",
        text_from="feed",  # a list of summaries, whoever gives it: no document was read
        updated_at=parse_date(str(row.get("public_timestamp") or "")),
    )
