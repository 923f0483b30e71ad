"""How often Python looks for rubbish in circles, in a process that works for long."""

import gc

_YOUNG = 20_000
"""So many new objects more than freed ones, and the young ones are looked through; Python's own
700 is for small programs: a poll or a batch of messages makes tens of thousands and frees them by
counting."""


def settle() -> None:
    """Leave out of the search what start-up made, which stays; look through the rest more rarely.

    To be called once all is set up. A tenth to a fifth of a poller's time went into it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, 20, 50)
