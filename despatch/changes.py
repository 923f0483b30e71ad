"""What changed between two texts, sentence by sentence. Pure.

Time grows with the length of the texts, not with its square: sentences are matched by a table,
and only a bounded number of them is looked at word by word to find which became which.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from despatch.sentences import lowered, sentences, words

MAX_PAIRED = 200
"""Sentences on each side that are looked at to find which became which."""
ALIKE = 0.5
"""Share of words two sentences must have in common for one to have become the other."""

MAX_COMPARED = 2_000
"""Characters of a sentence by which it is told whether it is alike another."""

Sentences = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Edit:
    """One step from a text to another: a sentence that stays, goes or comes."""

    kind: Literal["same", "gone", "come"]
    sentence: str
    moved: bool = False
    """It went here and came elsewhere, or the other way round."""


@dataclass(frozen=True, slots=True)
class Changes:
    """The way from one text to another, and what stands in only one of the two."""

    script: tuple[Edit, ...] = ()
    """Every sentence of both, in order; between two that stay, what goes before what comes."""
    became: tuple[tuple[str, str], ...] = ()
    """Sentences with their new wording."""
    added: Sentences = ()
    removed: Sentences = ()

    def __bool__(self) -> bool:
        """Tell whether anything was said anew; sentences that only moved don't count."""
        return bool(self.became or self.added or self.removed)

    @property
    def moved(self) -> Sentences:
        """Sentences that stand elsewhere than they did."""
        return tuple(edit.sentence for edit in self.script if edit.moved and edit.kind == "come")

    def reversed(self) -> "Changes":
        """Return the way back."""
        return Changes(
            script=tuple(_in_order(map(_turned, self.script))),
            became=tuple((new, old) for old, new in self.became),
            added=self.removed,
            removed=self.added,
        )

    def apply(self, before: Sequence[str]) -> Sentences:
        """Return the sentences of the new text. Raises ValueError if it changed another one."""
        old = tuple(edit.sentence for edit in self.script if edit.kind != "come")
        if old != tuple(before):
            raise ValueError("these are the changes of another text")
        return tuple(edit.sentence for edit in self.script if edit.kind != "gone")


def compare(before: str, after: str) -> Changes:
    """Return what changed between two texts.

    `compare(a, b) == compare(b, a).reversed()`, and `compare(a, b).apply(sentences(a)) ==
    sentences(b)`.
    """
    old, new = sentences(before), sentences(after)
    # Which sentence became which is found from one side: always the same one, so that the way
    # back is the same way.
    return _compared(old, new) if old <= new else _compared(new, old).reversed()


def _compared(old: Sentences, new: Sentences) -> Changes:
    script = tuple(_script(old, new))
    gone = [edit.sentence for edit in script if edit.kind == "gone" and not edit.moved]
    come = [edit.sentence for edit in script if edit.kind == "come" and not edit.moved]
    became, added, removed = _paired(gone, come)
    return Changes(script, became, added, removed)


def _script(old: Sentences, new: Sentences) -> Iterator[Edit]:
    """Yield the steps: the n-th of several equal sentences is matched with the n-th there."""
    old_keys, new_keys = list(_numbered(old)), list(_numbered(new))
    places = {key: at for at, key in enumerate(new_keys)}
    pairs = [(at, places[key]) for at, key in enumerate(old_keys) if key in places]
    stays = _longest_rising(pairs)
    matched = {old_keys[at] for at, _there in pairs}
    at = there = 0
    for here, its in [*stays, (len(old), len(new))]:
        yield from (Edit("gone", old[n], old_keys[n] in matched) for n in range(at, here))
        yield from (Edit("come", new[n], new_keys[n] in matched) for n in range(there, its))
        if here < len(old):
            yield Edit("same", old[here])
        at, there = here + 1, its + 1


def _numbered(these: Sentences) -> Iterator[tuple[str, int]]:
    seen: Counter[str] = Counter()
    for sentence in these:
        seen[sentence] += 1
        yield sentence, seen[sentence]


def _longest_rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the most pairs that are in order on both sides, by patience sorting."""
    tops: list[int] = []
    piles: list[int] = []
    under: list[int] = []
    for number, (_at, there) in enumerate(pairs):
        pile = bisect_left(tops, there)
        under.append(piles[pile - 1] if pile else -1)
        tops[pile : pile + 1] = [there]
        piles[pile : pile + 1] = [number]
    kept = []
    number = piles[-1] if piles else -1
    while number >= 0:
        kept.append(pairs[number])
        number = under[number]
    return kept[::-1]


def _turned(edit: Edit) -> Edit:
    if edit.kind == "same":
        return edit
    return Edit("come" if edit.kind == "gone" else "gone", edit.sentence, edit.moved)


def _in_order(script: Iterable[Edit]) -> Iterator[Edit]:
    """Yield the steps, what goes before what comes between two sentences that stay."""
    coming: list[Edit] = []
    for edit in script:
        if edit.kind == "come":
            coming.append(edit)
            continue
        if edit.kind == "same":
            yield from coming
            coming.clear()
        yield edit
    yield from coming


def _paired(
    gone: Sequence[str], come: Sequence[str]
) -> tuple[tuple[tuple[str, str], ...], Sentences, Sentences]:
    """Find which sentence that went became which that came: the first that is most alike."""
    became: list[tuple[str, str]] = []
    added: list[str] = []
    bags = {n: _bag(old) for n, old in enumerate(gone[:MAX_PAIRED])}
    for n, sentence in enumerate(come):
        best = _most_alike(_bag(sentence), bags) if bags and n < MAX_PAIRED else None
        if best is None:
            added.append(sentence)
        else:
            became.append((gone[best], sentence))
            del bags[best]
    used = set(range(min(len(gone), MAX_PAIRED))) - set(bags)
    removed = [old for n, old in enumerate(gone) if n not in used]
    return tuple(became), tuple(added), tuple(removed)


def _bag(sentence: str) -> frozenset[str]:
    return frozenset(lowered(words(sentence[:MAX_COMPARED])))


def _most_alike(bag: frozenset[str], bags: dict[int, frozenset[str]]) -> int | None:
    scores = {n: _overlap(bag, other) for n, other in bags.items()}
    best = max(scores, key=lambda n: (scores[n], -n))
    return best if scores[best] >= ALIKE else None


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Return how alike two bags of words are; two empty ones are alike (only marks differ)."""
    most = max(len(one), len(other))
    return len(one & other) / most if most else 1.0
