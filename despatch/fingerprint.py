"""Names that are computed: canonical addresses, release and revision ids, fingerprints. Pure.

Ids are deterministic so that a crash that repeats work repeats its ids, and whoever reads a
message again can drop it.
"""

import hashlib
import re
import unicodedata
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from despatch.vocabulary import ReleaseId, RevisionId, Status

ALGORITHM = "1"
"""Version of `fingerprint`: two fingerprints of different versions can't be compared."""

_TRACKING = re.compile(r"^(utm_\w+|fbclid|gclid|mc_cid|mc_eid|cmpid|ocid|ns_\w+)$", re.IGNORECASE)
_LABEL = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
# Most addresses are canonical as they come, and this is seen in a tenth of the time.
_CANONICAL = re.compile(rf"https://{_LABEL}(?:\.{_LABEL})*(?:/[A-Za-z0-9._~%!$&'()*+,;=:@-]+)*")


def digest(*parts: str, length: int = 24) -> str:
    """Return the first `length` hex digits of the SHA-256 of the parts, told apart by length.

    `digest("ab", "c") != digest("a", "bc")`: a part's length is hashed before it.
    """
    plain = "".join([f"{len(part)}:{part}" for part in parts])
    if plain.isascii():  # a part's characters are its bytes
        return hashlib.sha256(plain.encode()).hexdigest()[:length]
    encoded = [part.encode("utf-8", "surrogatepass") for part in parts]
    told_apart = b"".join([b"%d:%b" % (len(data), data) for data in encoded])
    return hashlib.sha256(told_apart).hexdigest()[:length]


def canonical_address(url: str) -> str:
    """Return the address by which a release is known, whichever source names it.

    `http://www.gov.uk/x/?utm_source=y#2023-08-09T10:00:00Z` and `https://www.gov.uk/x` fall
    together: https, lower-case host without default port, no fragment, no tracking parameter, no
    trailing slash. Other query parameters stay, in their order: they may name the document.
    Raises ValueError for what is not an http or https URL.
    """
    if _CANONICAL.fullmatch(url):
        return url
    parts = urlsplit(url.strip())
    if parts.scheme.lower() not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"{url!r} is not an http or https address")
    host = parts.hostname.lower().rstrip(".")
    if ":" in host:
        host = f"[{host}]"
    if parts.port not in {None, 80, 443}:
        host = f"{host}:{parts.port}"
    kept = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not _TRACKING.match(name)
    ]
    return urlunsplit(("https", host, parts.path.rstrip("/"), urlencode(kept), ""))


def release_id(
    address: str | None, *, edition: str = "", source: str = "", entry: str = ""
) -> ReleaseId:
    """Return the release's id, such as `r-5f2d…`: by address and edition, else by source and entry.

    With an address, source and entry play no part: two sources that show the same address show
    the same release.
    """
    if address is not None:
        return ReleaseId("r-" + digest("address", address, edition))
    return ReleaseId("r-" + digest("entry", source, entry, edition))


def fingerprint(title: str, text: str, status: Status = "live") -> str:
    """Return `"<algorithm>:<hash>"` of what a reader would see, e.g. `"1:9ae0…"`.

    White space and Unicode composition don't count, letters' case does.
    """
    return f"{ALGORITHM}:" + digest(_plain(title), _plain(text), status, length=32)


def revision_id(release: ReleaseId, source: str, number: int, print_: str) -> RevisionId:
    """Return the revision's id: the n-th state of a release that a source showed."""
    return RevisionId("v-" + digest(release, source, str(number), print_))


def _plain(text: str) -> str:
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return " ".join(text.split())
