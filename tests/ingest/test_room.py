"""Large bodies: so many bytes of them are in hand at a time, and nobody waits for ever."""

import asyncio
from collections.abc import Sequence
from contextlib import contextmanager
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

from despatch.errors import NoRoom, PermanentError
from despatch.testing import Answer, FakeFetcher, LoopbackServer
from despatch.testing.hostile import item, rss
from despatch.vocabulary import LARGE_BYTES
from ingest.http import HttpFetcher
from ingest.room import ROOM_BYTES, InRoom, Room

LARGE = rss(item("Large news")).replace(b"</channel>", b" " * (ROOM_BYTES // 3) + b"</channel>")


class Counting:
    """A fetcher, and a store, that count the bytes of large bodies between answer and end."""

    def __init__(self, fetcher: FakeFetcher, store: Any) -> None:
        self.in_hand: dict[str, int] = {}
        self.most = 0
        self.refused = 0
        self._fetcher = fetcher
        self._store = store

    async def get(self, address: str, *args: Any, **options: Any) -> Any:
        try:
            answer = await self._fetcher.get(address, *args, **options)
        except NoRoom:
            self.refused += 1
            raise
        self.in_hand[address.rpartition("/")[2]] = len(answer.body)
        self.most = max(self.most, sum(self.in_hand.values()))
        return answer

    @contextmanager
    def transaction(self) -> Any:
        with self._store.transaction() as tx:
            yield _Keeping(tx, self.in_hand)


class _Keeping:
    def __init__(self, tx: Any, in_hand: dict[str, int]) -> None:
        self._tx = tx
        self._in_hand = in_hand

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)

    def keep(self, progress: Sequence[Any]) -> Any:
        for one in progress:
            if one.due is not None:
                del self._in_hand[one.source]
        return self._tx.keep(progress)


def test_of_many_large_feeds_no_more_bytes_are_in_hand_than_there_is_room_for(here: Any) -> None:
    for n in range(8):
        here.add(f"s{n}", address=f"https://example.gov/s{n}")
        here.fetcher.will(f"https://example.gov/s{n}", LARGE)
    counting = Counting(here.fetcher, here.store)

    reports = asyncio.run(here.poller(fetcher=counting, store=counting).poll_once())

    assert [report.new for report in reports] == [1] * 8
    assert counting.refused, "not all of them found room at once"
    assert LARGE_BYTES < counting.most <= ROOM_BYTES


def test_large_feeds_whose_documents_are_at_the_same_host_all_come_to_an_end(here: Any) -> None:
    """Who has room waits for the host's one lane; who has the lane must not wait for room."""
    with LoopbackServer() as server:
        for n in range(5):
            page = f"<html><body><article><p>{'All of the news. ' * 40}</p></article></body></html>"
            link = server.will(f"/page-{n}", Answer(body=page.encode()))
            large = rss(item(f"News {n}", date="2026-03-02", link=link))
            large = large.replace(b"</channel>", b" " * (ROOM_BYTES // 2) + b"</channel>")
            address = server.will(f"/feed-{n}", Answer(body=large))
            here.add(f"s{n}", address=address, full_text="page")

        async def poll() -> list[Any]:
            networks = [ip_network("127.0.0.0/8")]
            async with (
                asyncio.timeout(60),
                HttpFetcher(allow_networks=networks, per_host=1) as fetcher,
            ):
                return list(await here.poller(fetcher=fetcher).poll_once())

        reports = asyncio.run(poll())

    assert [(report.outcome, report.new) for report in reports] == [("fetched", 1)] * 5


def test_room_is_given_back_whatever_becomes_of_a_poll(here: Any) -> None:
    source = here.add()
    here.fetcher.will(here.feed, LARGE)

    async def broken(*_args: Any) -> Any:
        raise PermanentError("broken feed: x")

    async def poll() -> tuple[Any, int]:
        poller = here.poller(parse=broken)
        report = await poller.poll(here.lease(source))
        return report, poller.room.taken

    report, taken = asyncio.run(poll())
    assert (report.outcome, taken) == ("failed", 0)


def test_a_small_body_needs_no_room() -> None:
    async def rule() -> int:
        room = Room(most=0)
        fetcher = FakeFetcher()
        fetcher.will("https://example.gov/x", b"x" * LARGE_BYTES)
        await InRoom(fetcher, room.share(), nothing, 9).get("https://example.gov/x")
        return room.taken

    assert asyncio.run(rule()) == 0


async def nothing() -> None:
    """Do nothing meanwhile."""


def test_who_waits_for_all_of_the_room_has_it_before_those_who_come_later() -> None:
    async def rule() -> None:
        room = Room(most=10)
        first, waits, later = room.share(), room.share(), room.share()
        assert first.grow(4)
        waiting = asyncio.create_task(waits.have_all())
        await asyncio.sleep(0)

        assert not later.grow(1)
        first.give_back()
        await waiting
        assert (waits.held, room.taken) == (10, 10)
        waits.settle(3)
        assert room.taken == 0, "three bytes are no large body"

    asyncio.run(rule())


def test_nobody_waits_while_they_have_room() -> None:
    async def then_give_back(share: Any) -> None:
        await share.have_all()
        share.give_back()

    async def both() -> None:
        room = Room(most=10)
        shares = [room.share(), room.share()]
        assert all(share.grow(5) for share in shares)
        async with asyncio.timeout(10):
            await asyncio.gather(*map(then_give_back, shares))
        assert room.taken == 0

    asyncio.run(both())


def test_who_gives_up_waiting_leaves_the_room_to_the_next() -> None:
    async def rule() -> None:
        room = Room(most=10)
        has, gives_up, waits = room.share(), room.share(), room.share()
        assert has.grow(10)
        first, second = (asyncio.create_task(s.have_all()) for s in (gives_up, waits))
        await asyncio.sleep(0)

        has.give_back()  # it is given to the first, who goes before it has noticed
        first.cancel()

        await second
        assert (gives_up.held, waits.held, room.taken) == (0, 10, 10)

    asyncio.run(rule())


def test_waiting_for_room_keeps_the_lease() -> None:
    async def rule() -> int:
        room, kept = Room(), []
        has = room.share()
        assert has.grow(room.most)
        fetcher = FakeFetcher()
        fetcher.will("https://example.gov/x", LARGE)

        async def keep() -> None:
            kept.append(1)
            if len(kept) == 3:
                has.give_back()

        await InRoom(fetcher, room.share(), keep, 0.001).get("https://example.gov/x")
        return len(kept)

    assert asyncio.run(rule()) >= 3


def test_a_large_page_is_saved_before_the_next_is_asked_for(here: Any) -> None:
    """What it has come to takes room as well."""
    first = rss(item("Known", id_="1", date="2026-03-01"))
    here.fetcher.will(here.feed, first)
    source = here.add(address=here.feed, page_parameter="page")
    here.poll(source)
    here.clock.move(timedelta(hours=1))
    pages = {
        here.feed: rss(item("New", id_="9", date="2026-03-02")),
        f"{here.feed}?page=2": rss(item("Old", id_="1", date="2026-03-01")),
    }
    for address, body in pages.items():
        here.fetcher.will(address, body.replace(b"</rss>", b" " * LARGE_BYTES + b"</rss>"))
    saved_first: list[bool] = []

    class Asking(Counting):
        async def get(self, address: str, *args: Any, **options: Any) -> Any:
            if "page=" in address:
                with here.store.transaction() as tx:
                    saved_first.append(bool(tx.known_entries(source, ["9"])))
            return await super().get(address, *args, **options)

    asking = Asking(here.fetcher, here.store)
    asyncio.run(here.poller(fetcher=asking).poll(here.lease(source)))

    assert saved_first
    assert all(saved_first)
