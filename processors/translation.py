"""Which release another is the translation of, as its address says. Pure.

GOV.UK puts the language behind the address (`/government/news/ports.cy`), others in its path
(`/ports/cymraeg`). A site whose two languages have words of their own in the address (gov.wales)
says nothing that could be known from it.
"""

import re
from urllib.parse import urlsplit, urlunsplit

from despatch.fingerprint import canonical_address, release_id
from despatch.model import ReleaseId
from processors.language import ENGLISH

_LOCALE = re.compile(r"(?<=[^/])\.([a-z]{2}(?:-[a-z]{2,4}|-[0-9]{3})?)$")
"""As alphagov/publishing-api writes locales: `cy`, `zh-hk`, `es-419`."""
_PATH = re.compile(r"/(?:cymraeg|cy)(?=/|$)")


def original_of(address: str | None, language: str) -> ReleaseId | None:
    """Return the id of the English release that one at this address is a translation of, if any.

    `https://www.gov.uk/government/news/ports.cy` is that of `https://www.gov.uk/government/news/ports`.
    A text that is English after all is no translation.
    """
    if address is None or language == ENGLISH:
        return None
    original = original_address(address)
    return None if original is None else release_id(original)


def original_address(address: str) -> str | None:
    """Return the address without its language, or None if it names none but English."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    path = parts.path
    if (parts.hostname or "").endswith("gov.uk") and (found := _LOCALE.search(path)):
        path = "" if found[1] == ENGLISH else path[: found.start()]
    else:
        path = _PATH.sub("", path, count=1)
    if path in {"", "/", parts.path}:
        return None
    return canonical_address(urlunsplit(parts._replace(path=path)))
