"""Which releases say nearly the same, so that none is learnt from and judged by at once. Pure."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from hashlib import blake2b

Group = int

KEPT_PERCENT = 15
"""Of all groups: the part that no fitting sees."""

_COMPARED_CHARS = 3_000
_SHINGLE_WORDS = 4
_SKETCH = 64
"""Smallest hashes of a text's shingles: of these, alike texts share their part (Broder 1997)."""
_ALIKE = 0.35
_INSIDE = 0.5
_TOO_COMMON = 60
"""A shingle of so many texts is a form, not a copy."""

_WORD = re.compile(r"[^\W_]+")


def groups(texts: Sequence[tuple[str, str]]) -> list[Group]:
    """Return a group for each title and text: the number of the first that is nearly the same.

    Two are when their sketches share more than a third, or half of the shorter one.
    """
    sketches = [_sketch(title, text) for title, text in texts]
    where: dict[int, list[int]] = defaultdict(list)
    for number, sketch in enumerate(sketches):
        for shingle in sketch:
            where[shingle].append(number)
    shared: Counter[tuple[int, int]] = Counter()
    for numbers in where.values():
        if len(numbers) < _TOO_COMMON:
            shared.update((a, b) for at, b in enumerate(numbers) for a in numbers[:at])
    group = list(range(len(texts)))
    for (a, b), common in sorted(shared.items()):
        if _is_alike(sketches[a], sketches[b], common):
            _join(group, a, b)
    return [_root(group, number) for number in range(len(texts))]


def is_kept(id_: str) -> bool:
    """Tell whether a group, by the least id in it, is one of those that no fitting sees."""
    return int.from_bytes(blake2b(id_.encode(), digest_size=4).digest(), "big") % 100 < KEPT_PERCENT


def _sketch(title: str, text: str) -> frozenset[int]:
    words = _WORD.findall(f"{title} {text[:_COMPARED_CHARS]}".casefold())
    shingles = {
        " ".join(words[at : at + _SHINGLE_WORDS])
        for at in range(max(1, len(words) - _SHINGLE_WORDS + 1))
    }
    hashes = (
        int.from_bytes(blake2b(one.encode("utf-8", "replace"), digest_size=8).digest(), "big")
        for one in shingles
    )
    return frozenset(sorted(hashes)[:_SKETCH])


def _is_alike(a: frozenset[int], b: frozenset[int], common: int) -> bool:
    return common > _ALIKE * len(a | b) or common >= _INSIDE * min(len(a), len(b))


def _join(group: list[int], a: int, b: int) -> None:
    first, second = sorted((_root(group, a), _root(group, b)))
    group[second] = first


def _root(group: list[int], number: int) -> int:
    while group[number] != number:
        group[number] = group[group[number]]
        number = group[number]
    return number
