"""Where in a release something stands that means something to themes, in columns. Pure.

A release has hundreds of hits once there are many themes, and most of what is asked is asked of all
of them: that takes a few operations on columns, where an object for each took half of all time.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from processors.cut import Places


class Hits(NamedTuple):
    """The words `[firsts[n], lasts[n])` stand for the meaning of the number `meanings[n]`."""

    firsts: Places
    lasts: Places
    meanings: Places

    def take(self, which: Places) -> "Hits":
        """Return some of them, in the order asked for."""
        return Hits(*(column.take(which) for column in self))

    def and_(self, others: Iterable[tuple[int, int, int]]) -> "Hits":
        """Return them and, behind them, others given as rows."""
        rows = list(others)
        if not rows:
            return self
        more = np.array(rows, np.int64).T
        return Hits(*(np.concatenate(both) for both in zip(self, more, strict=True)))
