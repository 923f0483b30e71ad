"""Where in a release something stands that means something to themes, in columns. Pure.

A release has hundreds of hits once there are many themes, and most of what is asked is asked of all
of them: that takes a few operations on columns, where an object for each took half of all time.
"""

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
        return Hits(self.firsts.take(which), self.lasts.take(which), self.meanings.take(which))

    def and_(self, others: "Hits") -> "Hits":
        """Return them and, behind them, others."""
        return Hits(*(np.concatenate(both) for both in zip(self, others, strict=True)))
