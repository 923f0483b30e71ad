"""GOV.UK's Content API: an item's JSON to a document. Pure.

Shapes as alphagov/content-store presents them (content_item_presenter.rb) and as the schemas of
alphagov/publishing-api have them; the documentation is at https://content-api.publishing.service.gov.uk.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urljoin, urlsplit

from despatch.errors import PermanentError
from despatch.fingerprint import canonical_address, digest
from despatch.model import Change, Details, Linked
from despatch.shorten import shorten
from ingest.dates import parse_date
from ingest.fulltext import Elsewhere, FullText, Gone
from ingest.html import html_to_text
from ingest.text import MAX_TITLE_CHARS, clean_line, clean_text

_HOST = "www.gov.uk"
SITE = f"https://{_HOST}"
CONTENT_API = f"{SITE}/api/content"

MOST_LINKED = 30
MOST_CHANGES = 30
_NAME_CHARS = 150
_NOTE_CHARS = 300
_LINK_BYTES = 300

_BODIES = (
    "summary",  # travel advice
    "final_outcome_detail",  # consultations: what came of it stands first
    "outcome_detail",
    "public_feedback_detail",
    "introduction",
    "introductory_paragraph",
    "body",
    "more_information",
)

Item = Mapping[str, Any]


def is_govuk(address: str) -> bool:
    """Return whether an address is one of www.gov.uk, whose documents the Content API has."""
    if _HOST not in address.lower():
        return False  # as most, and to take an address apart takes ten times as long
    try:
        return urlsplit(address).hostname == _HOST
    except ValueError:
        return False


def parse_content(body: bytes, path: str) -> FullText | Elsewhere | Gone:
    """Return the document that an answer holds; `path` is what was asked for.

    Of a redirect: `Elsewhere`, its address whole (`https://www.gov.uk/government/news/new`).
    Raises PermanentError (`bad answer`) for what is no content item.
    """
    item = _item(body, path)
    schema = _words(item, "schema_name") or _words(item, "document_type")
    if schema == "redirect":
        to = _destination(item, path)
        return Elsewhere(to) if to else Gone("a redirect to nothing")
    if schema == "gone":
        return Gone(why_gone(body))
    title = clean_line(_words(item, "title"))
    if not title:
        raise PermanentError(f"bad answer: the content item {path} has no title")
    given = list(_texts(item))
    notice = _mapping(item, "withdrawn_notice")
    return FullText(
        title=shorten(title, MAX_TITLE_CHARS),
        text=_joined(given),
        raw=digest(title, *given, "withdrawn" if notice else "live", length=32),
        text_from="api",
        read_from=canonical_address(urljoin(SITE, _words(item, "base_path") or path)),
        published_at=parse_date(_words(item, "first_published_at")),
        updated_at=parse_date(_words(item, "public_updated_at")),
        language=clean_line(_words(item, "locale"))[:35] or None,
        status="withdrawn" if notice else "live",
        details=_details(item, notice),
    )


def why_gone(body: bytes) -> str:
    """Return what a 410 says of why, and where to look instead; it may say nothing at all."""
    try:
        details = _mapping(_item(body, ""), "details")
    except PermanentError:
        details = {}
    why = clean_line(html_to_text(_words(details, "explanation"))) or "the site says it is gone"
    instead = clean_line(_words(details, "alternative_path"))
    return shorten(f"{why} (instead: {instead})" if instead else why, _NOTE_CHARS)


def _item(body: bytes, path: str) -> Item:
    try:
        item = json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise PermanentError(f"bad answer: the content item {path} is not JSON") from exc
    if not isinstance(item, dict):
        raise PermanentError(f"bad answer: the content item {path} is not an object")
    return item


def _destination(item: Item, path: str) -> str | None:
    """Return where a redirect item sends a path: by its own route, else by a prefix of it."""
    routes = [route for route in _list(item, "redirects") if isinstance(route, Mapping)]
    for route in sorted(routes, key=lambda one: len(_words(one, "path")), reverse=True):
        base, to = _words(route, "path").rstrip("/"), _words(route, "destination")
        rest = path.removeprefix(base)
        if not to or not (path == base or (path.startswith(f"{base}/") and _is_prefix(route))):
            continue
        if rest and route.get("segments_mode") != "ignore":
            to = to.rstrip("/") + rest
        try:
            return urljoin(SITE, to)
        except ValueError:
            return None
    return None


def _is_prefix(route: Item) -> bool:
    return route.get("type") == "prefix"


def _texts(item: Item) -> Iterator[str]:
    """Yield what a reader sees below the title, in its order, as HTML."""
    details = _mapping(item, "details")
    yield _html(item.get("description"))
    for name in _BODIES:
        yield _html(details.get(name))
    for part in _list(details, "parts"):
        if isinstance(part, Mapping):
            yield f"<h2>{_words(part, 'title')}</h2>"
            yield _html(part.get("body"))


def _html(value: object) -> str:
    """Return a field as HTML: some are a text, some a list with one form of it each."""
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        return ""
    forms = {_words(one, "content_type"): _words(one, "content") for one in _mappings(value)}
    return forms.get("text/html") or next((text for text in forms.values() if text), "")


def _joined(given: Sequence[str]) -> str:
    """Return the texts one below the other; a lead that the text begins with is said once."""
    texts = [text for text in map(html_to_text, given) if text]
    if len(texts) > 1 and texts[1].startswith(texts[0]):
        texts = texts[1:]
    return clean_text("\n\n".join(texts))


def _details(item: Item, notice: Item) -> Details:
    links, details = _mapping(item, "links"), _mapping(item, "details")
    return Details(
        document_type=clean_line(_words(item, "document_type"))[:_NAME_CHARS] or None,
        organisations=_linked(
            links, "primary_publishing_organisation", "organisations", "worldwide_organisations"
        ),
        world_locations=_linked(links, "world_locations"),
        topics=_linked(links, "taxons", "topical_events"),
        changes=tuple(_changes(item, details)),
        withdrawn_at=parse_date(_words(notice, "withdrawn_at")),
        withdrawn_why=_note(_words(notice, "explanation")),
    )


def _linked(links: Item, *names: str) -> tuple[Linked, ...]:
    """Return what these links lead to, each once, in the order of the names."""
    found: dict[Linked, None] = {}
    for one in (link for name in names for link in _mappings(_list(links, name))):
        title = shorten(clean_line(_words(one, "title")), _NAME_CHARS)
        if title:
            found[Linked(title=title, address=_page(clean_line(_words(one, "base_path"))))] = None
    return tuple(found)[:MOST_LINKED]


def _page(path: str) -> str | None:
    try:
        address = canonical_address(urljoin(SITE, path)) if path else None
    except ValueError:
        return None
    return address if address and len(address.encode()) <= _LINK_BYTES else None


def _changes(item: Item, details: Item) -> Iterator[Change]:
    """Yield what the publisher says it changed: a history, else the last note alone."""
    history = _mappings(_list(details, "change_history"))
    dated = [(parse_date(_words(one, "public_timestamp")), one) for one in history]
    # The API gives them in either order; undated ones stand last.
    dated.sort(key=lambda one: one[0].timestamp() if one[0] else float("-inf"), reverse=True)
    notes = [(at, _note(_words(one, "note"))) for at, one in dated]
    if not notes:
        last = _words(details, "change_note") or _words(details, "change_description")
        notes = [(parse_date(_words(item, "public_updated_at")), _note(last))]
    for at, note in [one for one in notes if one[1]][:MOST_CHANGES]:
        yield Change(at=at, note=note)


def _note(given: str) -> str:
    return shorten(clean_line(html_to_text(given)), _NOTE_CHARS)


def _words(item: Item, name: str) -> str:
    value = item.get(name)
    return value if isinstance(value, str) else ""


def _mapping(item: Item, name: str) -> Item:
    value = item.get(name)
    return value if isinstance(value, Mapping) else {}


def _list(item: Item, name: str) -> Sequence[object]:
    value = item.get(name)
    return value if isinstance(value, list) else ()


def _mappings(values: Iterable[object]) -> list[Item]:
    return [value for value in values if isinstance(value, Mapping)]
