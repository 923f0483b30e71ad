"""Examples as a table of numbers, and which words are worth a column. Pure."""

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix

from processors.fitting.examples import Example, Key
from processors.fitting.regression import Array

MAX_WORDS = 200
"""So many words are kept: a file that a person can read."""

LABELS_A_WORD = 6
"""Of fewer labels, a word for so many is kept."""

MIN_RELEASES = 10
MIN_PUBLISHERS = 2
"""A word of one publisher alone says who speaks, not of what."""

MAX_SHARE = 0.2
"""A word in more of the releases tells them apart too little for the time that it takes."""


def worth_trying(examples: Sequence[Example]) -> list[str]:
    """Return the words of enough releases and publishers, in a lasting order."""
    whole = [one for one in examples if one.whole]
    releases: Counter[str] = Counter()
    publishers: dict[str, set[str]] = defaultdict(set)
    for one in whole:
        releases.update(one.words.keys())
        for word in one.words:
            publishers[word].add(one.publisher)
    return sorted(
        word
        for word, count in releases.items()
        if MIN_RELEASES <= count <= MAX_SHARE * len(whole)
        and len(publishers[word]) >= MIN_PUBLISHERS
    )


def most_telling(examples: Sequence[Example], words: Sequence[str], weights: Array) -> list[str]:
    """Return the words that move most: by weight times standard deviation."""
    table = counts(examples, [], words)
    mean = np.asarray(table.mean(axis=0)).ravel()
    square = np.asarray(table.multiply(table).mean(axis=0)).ravel()
    order = np.argsort(-np.abs(weights) * np.sqrt(square - mean**2), kind="stable")
    most = min(MAX_WORDS, sum(one.whole for one in examples) // LABELS_A_WORD)
    return [words[at] for at in order[:most]]


def counts(examples: Sequence[Example], terms: Sequence[Key], words: Sequence[str]) -> csr_matrix:
    """Return how often each term counts in each example, then in how many places each word."""
    term_at = {key: at for at, key in enumerate(terms)}
    word_at = {word: at for at, word in enumerate(words, start=len(terms))}
    data: list[int] = []
    columns: list[int] = []
    ends = [0]
    for one in examples:
        found = [(term_at[key], count) for key, count in one.terms.items() if key in term_at]
        found += [(word_at[word], count) for word, count in one.words.items() if word in word_at]
        columns += [at for at, _ in found]
        data += [count for _, count in found]
        ends.append(len(data))
    shape = (len(examples), len(terms) + len(words))
    return csr_matrix((np.array(data, float), columns, ends), shape=shape)
