"""Fakes and makers for tests: ours, and those of whoever writes a source or a channel."""

from despatch.testing.buses import BusUnderTest
from despatch.testing.clock import FakeClock
from despatch.testing.http import Answer, FakeFetcher, LoopbackServer
from despatch.testing.releases import a_classified, a_release, a_revision

__all__ = [
    "Answer",
    "BusUnderTest",
    "FakeClock",
    "FakeFetcher",
    "LoopbackServer",
    "a_classified",
    "a_release",
    "a_revision",
]
