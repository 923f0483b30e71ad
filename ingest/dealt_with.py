"""About which entries of a page nothing remains to be done. Pure."""

from collections.abc import Mapping, Sequence

from despatch.ports import KnownEntry
from ingest.newness import Decision, Ignore
from ingest.source import Part


def dealt_with(
    decided: Sequence[tuple[Part, Sequence[Decision]]], known: Mapping[str, KnownEntry]
) -> frozenset[str]:
    """Return the keys of the entries that are known now as they were given.

    What was ignored as an older state is not among them: it is judged anew each time.
    """
    pairs = (pair for part, some in decided for pair in zip(part.entries, some, strict=True))
    return frozenset(
        entry.key
        for entry, decision in pairs
        if (kept := decision.known or known.get(_key_of(decision))) and kept.raw == entry.raw
    )


def _key_of(decision: Decision) -> str:
    return decision.key if isinstance(decision, Ignore) else decision.known.key
