"""One item of a source, as the source gave it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from despatch.characters import storable
from despatch.fingerprint import canonical_address, digest
from despatch.shorten import shorten
from despatch.vocabulary import Status, TextFrom, TextKind
from ingest.text import MAX_TITLE_CHARS, Cut, cut_text, title_from_text

MAX_NAME_BYTES = 2_000
"""A longer id is named by its hash, a longer address is none: no message and no index of a
database (PostgreSQL: 2,704 bytes) has room for it."""

_TIMESTAMP = re.compile(r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:?\d{2})$")
_GOVUK_TAG = re.compile(r"^tag:(www\.gov\.uk),\d{4}(?:-\d{2}){0,2}:(/.*)$")


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of a source, its text cleaned; `raw` is of the item as it was given."""

    key: str
    """Its identity within the source: feed id, else link, else content."""
    stable: bool
    """True if the key is the source's own id for it."""
    id: str
    """The id as given; empty if it has none."""
    address: str | None
    """Canonical address of the document."""
    title: str
    text: str
    truncated: bool
    raw: str
    """Hash of title, content, link and status as given: no cleaner of ours plays a part."""
    text_kind: TextKind
    text_from: TextFrom
    published_at: datetime | None = None
    updated_at: datetime | None = None
    language: str | None = None
    status: Status = "live"
    repeated: bool = False
    """True if its document gives the same id to several addresses."""
    link: str = ""
    """Where the document is, as given: a canonical address names it, but need not answer."""


def make_entry(
    *,
    id: str = "",  # noqa: A002 - the word that feeds use
    link: str = "",
    title: str = "",
    text: str = "",
    raw: tuple[str, ...],
    text_kind: TextKind,
    text_from: TextFrom,
    published_at: datetime | None = None,
    updated_at: datetime | None = None,
    language: str | None = None,
    status: Status = "live",
) -> Entry | None:
    """Return the entry that cleaned parts make, every one of them within its limit.

    None if there is neither a title nor a text. A missing title is the first sentence of the
    text. `raw` is what was given, before any cleaning.
    """
    title = title or title_from_text(text)
    if not title:
        return None
    id = storable(id)  # noqa: A001
    address = address_of(link)
    given = identity_of(id)
    cut: Cut = cut_text(text)
    return Entry(
        key=bounded(given or (f"link {address}" if address else "content " + digest(*raw))),
        stable=bool(given),
        id=id if len(id) <= MAX_NAME_BYTES else id[:MAX_NAME_BYTES] + "…",
        address=address,
        title=shorten(title, MAX_TITLE_CHARS),
        text=cut.text,
        truncated=cut.truncated,
        raw=digest(*raw, status, length=32),
        text_kind=text_kind,
        text_from=text_from,
        published_at=published_at,
        updated_at=updated_at,
        language=storable(language[:35]) if language else None,
        status=status,
        link=_bounded_link(link.strip(), address),
    )


def address_of(link: str) -> str | None:
    """Return a link's canonical address; None for what is no web address or far too long."""
    try:
        address = canonical_address(link)
        return address if len(address.encode()) <= MAX_NAME_BYTES else None
    except ValueError:
        return None


def _bounded_link(link: str, address: str | None) -> str:
    if address is None:
        return ""
    return link if len(link.encode("utf-8", "surrogatepass")) <= MAX_NAME_BYTES else address


def bounded(key: str) -> str:
    """Return a key, or what stands for one that is too long for an index."""
    if len(key) <= MAX_NAME_BYTES // 4 or (
        len(key.encode("utf-8", "surrogatepass")) <= MAX_NAME_BYTES
    ):
        return key
    return "long " + digest(key, length=64)


def identity_of(id_: str) -> str:
    """Return the part of a feed's id that stays the same while the document does.

    `http://x.gov/a/` and `https://x.gov/a` are one id, other fragments than a version's stay.
    GOV.UK has two families of feeds: `tag:www.gov.uk,2005:/x` and `https://www.gov.uk/x#<updated>`
    (alphagov/finder-frontend entry_presenter.rb, alphagov/collections feed_entry_presenter.rb):
    both give `https://www.gov.uk/x`, so that a source that changes families brings no news.
    """
    plain = id_.strip()
    if tag := _GOVUK_TAG.match(plain):
        plain = f"https://{tag[1]}{tag[2]}"
    if plain[:4].lower() != "http":
        return plain
    try:
        address = canonical_address(plain)
        fragment = urlsplit(plain).fragment
        host = urlsplit(plain).hostname or ""
    except ValueError:
        return plain
    versioned = _TIMESTAMP.match(fragment) and f".{host}".endswith(".gov.uk")
    return f"{address}#{fragment}" if fragment and not versioned else address


def tell_apart(entries: Sequence[Entry]) -> list[Entry]:
    """Mark entries whose id their document gives to several addresses; drop exact repeats.

    Some feeds give every item the id `1`: keyed on it alone, each would be an edit of the others.
    The same id at the same address with another text is another version of it, and stays so.
    """
    once = list({(e.key, e.address, e.raw, e.updated_at): e for e in entries}.values())
    addresses: dict[str, set[str | None]] = {}
    for entry in once:
        addresses.setdefault(entry.key, set()).add(entry.address)
    return [replace(e, repeated=True) if len(addresses[e.key]) > 1 else e for e in once]
