"""How many deliveries a second a worker manages, as far as the last few turns say. Pure."""

_OVER_S = 0.25


class Pace:
    """What is noted, as a number a second; never under `least`."""

    def __init__(self, least: int) -> None:
        self.a_second = least
        self._least = least
        self._count = 0
        self._since: float | None = None

    def note(self, count: int, at_s: float) -> None:
        """Take note of so many more, at a time of some clock."""
        self._count += count
        if self._since is None:
            self._since = at_s
        if at_s - self._since >= _OVER_S:
            self.a_second = max(self._least, round(self._count / (at_s - self._since)))
            self._count, self._since = 0, at_s
