"""Saying less, step by step, where a channel has too little room. Pure.

Whole sentences go, the least important first; title, link and what happened stay.
"""

from dataclasses import replace
from functools import lru_cache

from alerts.messages.notes import paragraphs, plain
from alerts.messages.said import DigestSaid, Group, Item, NoteSaid, ReleaseSaid, Said
from despatch.shorten import shorten_to_sentence

STEPS = 6
"""So many steps there are; what does not fit after the last is said in one line."""


def lessen(said: Said, step: int) -> Said:
    """Return what is left to say after so many steps; all of it at step 0."""
    if step == 0:
        return said
    if isinstance(said, ReleaseSaid):
        return _of_release(said, step)
    if isinstance(said, DigestSaid):
        return _of_digest(said, step)
    return _of_note(said, step)


def _of_release(said: ReleaseSaid, step: int) -> ReleaseSaid:
    """Drop facts, then all but one sentence of evidence and change, then those too."""
    sentences = (3, 1, 1, 0, 0, 0, 0)[step]
    changes = (6, 6, 2, 1, 1, 0, 0)[step]
    words = (8, 8, 4, 4, 2, 0, 0)[step]
    gone = max(0, len(said.changes) - changes)
    return replace(
        said,
        facts=(),
        themes=tuple(
            replace(theme, excerpts=theme.excerpts[:sentences], words=theme.words[:words])
            for theme in said.themes
        ),
        changes=said.changes[:changes],
        changed=said.changed[:changes],
        more_changes=said.more_changes + gone,
        about=said.about if step < 4 else replace(said.about, also=()),
        notes=said.notes if step < 6 else said.notes[:1],
    )


def _of_digest(said: DigestSaid, step: int) -> DigestSaid:
    """Show half as many releases, and a half of those, each group its first ones."""
    room = max(1, sum(len(group.items) for group in said.groups) >> step)
    groups: list[Group] = []
    for number, group in enumerate(said.groups):
        left = len(said.groups) - number
        share = min(len(group.items), max(1, room // left)) if room else 0
        room -= share
        items = tuple(item if step < 3 else _bare(item) for item in group.items[:share])
        groups.append(replace(group, items=items))
    return replace(said, groups=tuple(groups))


@lru_cache(500)
def _bare(item: Item) -> Item:
    """Return an item without its sentences: the same one again, so that it is rendered once."""
    return replace(item, evidence=(), changed="")


def _of_note(said: NoteSaid, step: int) -> NoteSaid:
    text = plain(said.paragraphs)
    return replace(said, paragraphs=paragraphs(shorten_to_sentence(text, len(text) >> step)))
