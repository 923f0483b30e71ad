"""Has the database say who is told of a release, so that two workers never tell one story twice."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from alerts.revisions import Hold
from alerts.stories import apart_from
from alerts.telling import Outcome
from alerts.tying import Tying
from despatch.model import Classified, SubscriberId
from despatch.ports import Transaction


class Settle(Protocol):
    """Says what a release comes to, given who heard of a copy of it."""

    def __call__(self, *, heard: Mapping[SubscriberId, Hold]) -> Outcome: ...


def claim(
    tx: Transaction,
    tying: Tying | None,
    classified: Classified,
    settle: Settle,
    heard: Mapping[SubscriberId, Hold],
) -> Outcome:
    """Record who is told, and return the outcome that then holds.

    Whoever has heard of the story already, by the database's word, is looked at again: they are
    held back if they heard of a copy meanwhile, as in another worker's transaction that has just
    ended. Else the release says something beyond the story (a copy was withdrawn, or they know it
    with another figure): they are told, under a name of its own.
    """
    outcome = settle(heard=heard)
    refused = [(one, one.story) for one in outcome.told if not tx.add_told(one) and one.story]
    if not refused or tying is None:
        return outcome
    meanwhile = tying.heard_meanwhile(classified, {one.subscriber for one, _story in refused})
    for one, story in refused:
        if one.subscriber not in meanwhile:
            tx.add_told(replace(one, story=apart_from(story, classified.revision)))
    if not meanwhile:
        return outcome
    second = settle(heard={**heard, **meanwhile})
    for one in set(second.told).difference(outcome.told):
        tx.add_told(one)
    return second
