"""What a page says: a value that is passed from the child that read it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Article:
    """The article of a page."""

    text: str
    made_by: str
    """What found it in the page, with its version."""
    language: str | None = None
    """As the page itself says."""
