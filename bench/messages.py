"""Messages to be published: revisions, encoded, of texts that don't compress better than real ones.

Pure.
"""

import random
from collections.abc import Iterator, Sequence
from string import ascii_lowercase
from typing import TypeVar

from despatch.ports import Outgoing
from despatch.testing.releases import a_release, a_revision
from despatch.topics import encode

T = TypeVar("T")

_WORDS = 4_000
_TEXT_WORDS = 450


def some_messages(topic: str, count: int) -> list[Outgoing]:
    """Return messages of about three and a half kilobytes, each of a release of its own."""
    chance = random.Random(count)  # noqa: S311 - the same messages each time are wanted
    words = [
        "".join(chance.choices(ascii_lowercase, k=chance.randint(2, 10))) for _ in range(_WORDS)
    ]
    usual = [1 / rank for rank in range(1, _WORDS + 1)]  # Zipf's law
    revisions = (
        a_revision(
            a_release(f"bench-{n}", text=" ".join(chance.choices(words, usual, k=_TEXT_WORDS)))
        )
        for n in range(count)
    )
    return [Outgoing(topic, one.release.id, encode(one)) for one in revisions]


def in_parts(things: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Yield the things in parts of `size`, the last one shorter if need be."""
    for at in range(0, len(things), size):
        yield things[at : at + size]
