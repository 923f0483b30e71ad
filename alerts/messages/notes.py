"""A note's own text, in paragraphs, lines and links. Pure."""

import re

from alerts.messages.about import link_of
from alerts.messages.said import NO_URL, Line, Linked, Paragraph

_ADDRESS = re.compile(r"(https?://[^\s<>\"']*[^\s<>\"'.,;:!?)\]])")


def paragraphs(text: str) -> tuple[Paragraph, ...]:
    """Return a text's paragraphs; an address of the web within a line is a link."""
    blocks = (block for block in text.split("\n\n") if block.strip())
    return tuple(tuple(_line(line) for line in block.strip("\n").splitlines()) for block in blocks)


def plain(these: tuple[Paragraph, ...]) -> str:
    """Return the text that paragraphs were made of."""
    return "\n\n".join("\n".join(words(line) for line in lines) for lines in these)


def words(line: Line) -> str:
    """Return a line as plain text."""
    return "".join(part.title for part in line)


def _line(line: str) -> Line:
    parts = enumerate(_ADDRESS.split(line))
    return tuple(
        Linked(part, link_of(part) if number % 2 else NO_URL) for number, part in parts if part
    )
