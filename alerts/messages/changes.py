"""What a publisher changed, word by word: what went and what came. Pure."""

import re
from difflib import SequenceMatcher

from alerts.messages.said import Piece, Pieces, Reworded
from alerts.words import one_line
from despatch.model import Rewording
from despatch.shorten import shorten

MAX_SENTENCE = 400
MAX_WORDS = 200
"""Words of a sentence that are compared one by one; a longer one is shown as changed whole."""

_WORDS = re.compile(r"\s+|[^\s]+")


def reworded(one: Rewording) -> Reworded:
    """Return a changed sentence with the words marked that went and came."""
    before = shorten(one_line(one.before), MAX_SENTENCE)
    now = shorten(one_line(one.now), MAX_SENTENCE)
    if not before or not now:
        return Reworded(_whole(before), _whole(now))
    old, new = _WORDS.findall(before), _WORDS.findall(now)
    if max(len(old), len(new)) > MAX_WORDS:
        return Reworded(_whole(before), _whole(now))
    went, came = _Sentence(), _Sentence()
    for how, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        went.add(old[a:b], hit=how != "equal")
        came.add(new[c:d], hit=how != "equal")
    return Reworded(went.pieces, came.pieces)


class _Sentence:
    """Grows word by word; what is marked begins and ends with a word."""

    def __init__(self) -> None:
        self._pieces: list[Piece] = []

    def add(self, words: list[str], *, hit: bool) -> None:
        text = "".join(words)
        inner = text.strip()
        if not hit or not inner:
            self._say(text, hit=False)
            return
        start = text.index(inner)
        self._say(text[:start], hit=False)
        self._say(inner, hit=True)
        self._say(text[start + len(inner) :], hit=False)

    def _say(self, text: str, *, hit: bool) -> None:
        if text and self._pieces and self._pieces[-1].hit == hit:
            text = self._pieces.pop().words + text
        if text:
            self._pieces.append(Piece(text, hit))

    @property
    def pieces(self) -> Pieces:
        return tuple(self._pieces)


def _whole(text: str) -> Pieces:
    return (Piece(text),) if text else ()
