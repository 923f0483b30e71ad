"""Cutting text to a length: between words, or behind a sentence. Pure."""

import re
import unicodedata

_SENTENCE = re.compile(r"[.!?。！？][\"'”’)\]]*(?=\s)|\n")
_JOINER = "\u200d"
"""Ties what stands on both sides into one sign, as in 👩‍⚕️."""
_WITH_ITS_BASE = ("\u200d", "\u200c", "\ufe0e", "\ufe0f")
_LONGEST_SIGN = 16
"""Characters of one sign that is kept whole; longer ones are somebody's joke."""


def shorten(text: str, most: int) -> str:
    """Return a text of at most so many characters: cut between words, and ended by `…`.

    `shorten("one two, three", 10) == "one two…"`. A word that takes more than half of the room is
    cut itself, though not between a letter and its accents, nor within an emoji.
    """
    if len(text) <= most:
        return text
    if most < 1:
        return ""
    kept = text[: most - 1]
    between_words = text[most - 1].isspace() or kept[-1:].isspace()
    head, space, _word = kept.rpartition(" ")
    if not between_words and space and len(head) > most // 2:
        kept = head
    else:
        kept = kept[: _before_sign(text, len(kept))]
    return kept.rstrip(" \n,;:–—-") + "…"


def shorten_to_sentence(text: str, most: int) -> str:
    """Return a text of at most so many characters, cut behind a sentence and ended by ` …`.

    If the first sentence takes more than all of it, or leaves half of the room empty: `shorten`.
    """
    if len(text) <= most:
        return text
    ends = [end.end() for end in _SENTENCE.finditer(text[: max(0, most - 1)])]
    if not ends or ends[-1] < most // 2:
        return shorten(text, most)
    return f"{text[: ends[-1]].rstrip()} …"


def _before_sign(text: str, at: int) -> int:
    """Return the last place, not behind `at`, at which no sign that a reader sees is cut."""
    place = at
    while 0 < place < len(text) and at - place < _LONGEST_SIGN and _is_within(text, place):
        place -= 1
    return at if at - place >= _LONGEST_SIGN else place


def _is_within(text: str, at: int) -> bool:
    """Tell whether one sign goes on from before `at`: an accent, a tone, a joined emoji, a flag."""
    here, before = text[at], text[at - 1]
    if here in _WITH_ITS_BASE or before == _JOINER or "\U0001f3fb" <= here <= "\U0001f3ff":
        return True
    if unicodedata.category(here) in {"Mn", "Me", "Mc"}:
        return True
    return _is_flag_letter(here) and _flag_letters_before(text, at) % 2 == 1


def _is_flag_letter(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _flag_letters_before(text: str, at: int) -> int:
    """Two of these letters are one flag."""
    start = at
    while start > 0 and _is_flag_letter(text[start - 1]):
        start -= 1
    return at - start
