"""Parts of an installation, asked for by several threads at once."""

import threading
from concurrent.futures import ThreadPoolExecutor

from despatch.app.part import part


class Whole:
    """Has one part that takes a while: so long that all who ask are there."""

    def __init__(self, asking: int) -> None:
        self.made: list[object] = []
        self.all_ask = threading.Barrier(asking)
        self._seen = threading.Event()

    @part
    def door(self) -> object:
        """The part."""
        self._seen.wait(0.05)
        self.made.append(object())
        return self.made[-1]

    def ask(self) -> object:
        self.all_ask.wait()
        return self.door


def test_a_part_is_made_once_whoever_asks_first() -> None:
    whole = Whole(asking=4)
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(whole.ask) for _ in range(4)]
        given = {id(one.result()) for one in asked}
    assert len(whole.made) == len(given) == 1
    assert whole.door is whole.made[0]
