"""What is told of a release besides its themes and facts: language, original, signature. Pure."""

from typing import TypedDict

from despatch.boilerplate import without_boilerplate
from despatch.model import Release, ReleaseId
from despatch.signature import MAX_CHARS, signature
from processors.language import language_of_release
from processors.translation import original_of


class Reading(TypedDict):
    """Fields of a classified release."""

    language: str
    translation_of: ReleaseId | None
    signature: tuple[int, ...]


def read(release: Release) -> Reading:
    """Return what a release is written in, whose translation it is, and what it is alike by."""
    language = language_of_release(release.title, release.text, release.language)
    # Twice what counts: contacts and cookie notices are left out of it.
    own = without_boilerplate(release.text[: 2 * MAX_CHARS])
    return Reading(
        language=language,
        translation_of=original_of(release.address, language),
        signature=signature(release.title, own),
    )
