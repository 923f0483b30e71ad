"""The ledger: many turns, one publishing and one transaction; what fails is theirs whose it is."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from despatch.errors import FencedError, ServerAway, TooLarge
from despatch.model import SourceId
from despatch.ports import Asked, Outgoing, Progress
from despatch.topics import MAX_MESSAGE_BYTES, RELEASES
from ingest.ledger import Ledger

LEASE = timedelta(minutes=2)

Work = Callable[[Ledger], Awaitable[Any]]


def done(here: Any, *work: Work, journal: list[str] | None = None, **failing: Any) -> list[Any]:
    """Do all of it at the same time; return what each gave, or raised."""
    notes = journal if journal is not None else []
    bus = here.failing(here.bus, notes, publish=failing.pop("publish", []))
    store = here.failing_store(here.store, notes, **failing)

    async def all_of_it() -> list[Any]:
        async with Ledger(bus, store, here.clock, owner="test", lease=LEASE) as ledger:
            asked = (each(ledger) for each in work)
            return await asyncio.gather(*asked, return_exceptions=True)

    return asyncio.run(all_of_it())


def a_message(key: str, size: int = 1) -> list[Outgoing]:
    return [Outgoing(RELEASES, key, b"x" * size)]


def test_what_waits_together_is_done_together(here: Any) -> None:
    """The first is done at once; what came meanwhile is one publishing and one transaction."""
    names = [here.add(f"s{number}") for number in range(20)]
    journal: list[str] = []

    leased = done(
        here,
        *(lambda ledger, n=name: ledger.lease([n]) for name in names),
        *(lambda ledger, n=name: ledger.publish(a_message(n)) for name in names),
        *(lambda ledger, n=name: ledger.known(Asked(n, ["k"])) for name in names),
        journal=journal,
    )

    assert [list(each) for each in leased[:20]] == [[name] for name in names]
    assert leased[20:] == [None] * 20 + [[]] * 20
    assert len(journal) <= 6
    assert sum(extent.end for extent in here.bus.extents(RELEASES).values()) == 20


def test_a_message_that_can_never_be_published_is_an_error_of_its_own_turn(here: Any) -> None:
    found = done(
        here,
        lambda ledger: ledger.publish(a_message("first")),
        lambda ledger: ledger.publish(a_message("good")),
        lambda ledger: ledger.publish(a_message("bad", MAX_MESSAGE_BYTES + 1)),
        lambda ledger: ledger.publish(a_message("better")),
    )

    assert [type(each) for each in found] == [type(None), type(None), TooLarge, type(None)]
    kept = {message.key for message in here.bus.browse(RELEASES)}
    assert kept == {"first", "good", "better"}


def test_a_lost_lease_is_an_error_of_its_own_turn(here: Any) -> None:
    mine, theirs = (here.lease(here.add(name)) for name in ("mine", "theirs"))

    found = done(
        here,
        lambda ledger: ledger.lease([SourceId("unknown")]),
        lambda ledger: ledger.keep(Progress(mine.source.id, mine.epoch, mine.health, {"at": 1})),
        lambda ledger: ledger.keep(Progress(theirs.source.id, 99, theirs.health, {"at": 1})),
    )

    assert found[:2] == [{}, None]
    assert isinstance(found[2], FencedError)
    assert "theirs" in str(found[2])
    kept = [dict(here.lease(each.source.id).cursor) for each in (mine, theirs)]
    assert kept == [{"at": 1}, {}]


def test_a_store_that_is_away_is_everybodys_error_and_what_is_asked_again_is_done(
    here: Any,
) -> None:
    source = here.add()
    away = ServerAway("the database does not answer")

    async def insist(ledger: Ledger) -> Any:
        try:
            return await ledger.lease([source])
        except ServerAway:
            return await ledger.lease([source])

    (leased,) = done(here, insist, lease_sources=[away])

    assert list(leased) == [source]


def test_who_takes_part_is_waited_for_a_moment(here: Any) -> None:
    """Two turns ask one after the other: it is one transaction, as neither was done without."""
    names = [here.add(f"s{number}") for number in range(2)]
    journal: list[str] = []

    async def turn(ledger: Ledger, name: SourceId, steps: int) -> Any:
        with ledger.turn():
            for _ in range(steps):
                await asyncio.sleep(0)
            return await ledger.lease([name])

    leased = done(
        here,
        *(lambda ledger, n=name, s=10 * at: turn(ledger, n, s) for at, name in enumerate(names)),
        journal=journal,
    )

    assert [list(each) for each in leased] == [[name] for name in names]
    assert journal == ["lease_sources"]
