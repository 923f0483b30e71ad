"""Examples as a table of numbers, and which phrases are worth a column. Pure."""

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix

from processors.fitting.examples import Example, Key
from processors.fitting.phrases import nested
from processors.fitting.regression import Array
from processors.themes.fitted import MOST_IN_BODY

MAX_PHRASES = 40
"""So many phrases, each at one place, are kept: a file that a person can read."""

MIN_RELEASES = 10
MIN_PUBLISHERS = 2
"""A phrase of one publisher alone says who speaks, not of what."""

MAX_SHARE = 0.15
"""A phrase in more of the releases tells them apart too little for the time that it takes."""


def worth_trying(examples: Sequence[Example]) -> list[Key]:
    """Return the phrases of enough releases and publishers, in a lasting order.

    One of them says something by itself: `and it` does not, `@country and` does.
    """
    whole = [one for one in examples if one.whole]
    releases: Counter[Key] = Counter()
    words: Counter[str] = Counter()
    publishers: dict[Key, set[str]] = defaultdict(set)
    for one in whole:
        releases.update(one.phrases.keys())
        words.update({phrase for _, phrase in one.phrases})
        for key in one.phrases:
            publishers[key].add(one.publisher)
    most = MAX_SHARE * len(whole)
    return sorted(
        key
        for key, count in releases.items()
        if MIN_RELEASES <= count <= most
        and len(publishers[key]) >= MIN_PUBLISHERS
        and any(word.startswith("@") or words[word] <= most for word in key[1].split())
    )


def most_telling(examples: Sequence[Example], phrases: Sequence[Key], weights: Array) -> list[Key]:
    """Return the phrases that move most: by weight times standard deviation.

    None of them stands in another.
    """
    table = counts(examples, [], phrases)
    mean = np.asarray(table.mean(axis=0)).ravel()
    square = np.asarray(table.multiply(table).mean(axis=0)).ravel()
    order = np.argsort(-np.abs(weights) * np.sqrt(square - mean**2), kind="stable")
    kept: list[Key] = []
    names: set[str] = set()
    for at in order:
        if len(kept) == MAX_PHRASES:
            break
        name = phrases[at][1]
        if name in names or not nested(name, names):
            names.add(name)
            kept.append(phrases[at])
    return kept


def counts(examples: Sequence[Example], terms: Sequence[Key], phrases: Sequence[Key]) -> csr_matrix:
    """Return how often each term and phrase counts in each example: terms first."""
    term_at = {key: at for at, key in enumerate(terms)}
    phrase_at = {key: at for at, key in enumerate(phrases, start=len(terms))}
    data: list[int] = []
    columns: list[int] = []
    ends = [0]
    for one in examples:
        found = [(term_at[key], count) for key, count in one.terms.items() if key in term_at]
        found += [
            (phrase_at[key], min(count, MOST_IN_BODY if key[0] == "body" else 1))
            for key, count in one.phrases.items()
            if key in phrase_at
        ]
        columns += [at for at, _ in found]
        data += [count for _, count in found]
        ends.append(len(data))
    shape = (len(examples), len(terms) + len(phrases))
    return csr_matrix((np.array(data, float), columns, ends), shape=shape)
