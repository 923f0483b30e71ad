"""A new theme's file: valid at once, with words that explain each part."""

import re
from pathlib import Path
from string import Template

from despatch.errors import UsageError

MOST_WORDS = 8

_FILE = Path(__file__).parent / "new_theme.toml"
_ID = re.compile(r"[a-z][a-z0-9-]{0,40}")


def new_theme(name: str) -> str:
    """Return the text of a new theme's file. Raises UsageError for a name that can't be one."""
    words = " ".join(name.replace("-", " ").split())
    if not _ID.fullmatch(name) or name.endswith("-") or len(words.split()) > MOST_WORDS:
        raise UsageError(
            f"{name!r} can't be a theme's name: write small letters, digits and -, at most 41 of "
            f"them and {MOST_WORDS} words, a letter first, such as social-care"
        )
    text = _FILE.read_text("utf-8")
    return Template(text).substitute(id=name, words=words, title=words.capitalize())
