"""Children that parse: what they give back, and what a hostile feed does to them."""

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from despatch.errors import DespatchError
from ingest.children import LAST_BYTES
from ingest.feedchild import ChildParser
from ingest.feedparse import ParsedFeed, parse_feed

FEEDS = Path(__file__).parent.parent / "data" / "feeds"
ADDRESS = "https://feeds.example.gov/all.xml"

ASKING = (
    b"<rss version='2.0'><channel><title>x</title><ttl>60</ttl>"
    b"<skipHours><hour>3</hour></skipHours>"
    b"<skipDays><day>Sunday</day></skipDays><item><title>y</title></item></channel></rss>"
)
SLOW = b"<rss>" + b"<a>" * 5_000_000
# In an encoding in which the reference is not found and made harmless.
CRASH = (
    "<?xml version='1.0' encoding='utf-16'?><rss><channel><item>"
    f"<title>x &#{'9' * 5_000}; <b></title></item></channel></rss>"
).encode("utf-16")


def parse_all(
    bodies: Sequence[bytes], *, at_once: int = 1, cpu_limit: timedelta = timedelta(seconds=20)
) -> list[ParsedFeed | BaseException]:
    """Parse with children, all at the same time."""

    async def work() -> list[ParsedFeed | BaseException]:
        async with ChildParser(at_once=at_once, cpu_limit=cpu_limit) as parser:
            works = [parser.parse(body, "application/xml", ADDRESS) for body in bodies]
            return await asyncio.gather(*works, return_exceptions=True)

    return asyncio.run(work())


def test_a_child_gives_what_parsing_here_gives() -> None:
    bodies = [ASKING, *(path.read_bytes() for path in sorted(FEEDS.glob("*.xml")))]

    assert parse_all(bodies, at_once=2) == [
        parse_feed(body, "application/xml", ADDRESS) for body in bodies
    ]


def test_errors_come_through_as_they_are() -> None:
    broken = b"<?xml version='1.0'?><rss version='2.0'><channel><title>x"

    found = parse_all([b"<html>", broken])

    assert [(type(e).__name__, str(e)[:11]) for e in found] == [
        ("PermanentError", "not a feed:"),
        ("TransientError", "broken feed"),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("hostile,word", [(SLOW, "too slow"), (CRASH, "broken feed")])
def test_a_hostile_feed_costs_its_child_and_the_next_one_is_read(hostile: bytes, word: str) -> None:
    good = (FEEDS / "rss.xml").read_bytes()

    before, bad, after = parse_all([good, hostile, good], cpu_limit=timedelta(seconds=4))

    assert isinstance(bad, DespatchError)
    assert str(bad).startswith(word)
    assert before == after == parse_feed(good, "application/xml", ADDRESS)


def test_a_parse_that_is_called_off_leaves_nothing_behind() -> None:
    async def work() -> ParsedFeed:
        async with ChildParser(at_once=1) as parser:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(parser.parse(SLOW, "", ADDRESS), 0.5)
            return await parser.parse((FEEDS / "rss.xml").read_bytes(), "", ADDRESS)

    assert len(asyncio.run(work()).entries) == 3


def test_of_small_feeds_that_share_a_way_only_the_hostile_one_is_lost() -> None:
    good = (FEEDS / "rss.xml").read_bytes()

    found = parse_all([ASKING, CRASH, good, ASKING, CRASH, good])

    assert [str(one)[:11] for one in (found[1], found[4])] == ["broken feed"] * 2
    assert found[2] == found[5] == parse_feed(good, "application/xml", ADDRESS)
    assert found[0] == found[3] == parse_feed(ASKING, "application/xml", ADDRESS)


def test_one_that_is_called_off_costs_the_others_nothing() -> None:
    async def work() -> ParsedFeed:
        async with ChildParser(at_once=1) as parser:
            one, other = (
                asyncio.create_task(parser.parse(ASKING, "application/xml", ADDRESS))
                for _ in range(2)
            )
            await asyncio.sleep(0)
            one.cancel()
            return await other

    assert asyncio.run(work()) == parse_feed(ASKING, "application/xml", ADDRESS)


def test_a_long_answer_comes_in_pieces_and_gives_the_same() -> None:
    items = "".join(f"<item><guid>{n}</guid><title>News {n}</title></item>" for n in range(1_201))
    body = f"<rss version='2.0'><channel><title>x</title>{items}</channel></rss>".encode()

    assert parse_all([body]) == [parse_feed(body, "application/xml", ADDRESS)]


def test_a_child_ends_with_a_large_document_and_is_kept_after_a_small_one() -> None:
    large = b"<rss version='2.0'><channel><item><title>x</title></item>%s</channel></rss>"

    async def work() -> list[int]:
        async with ChildParser(at_once=1) as parser:
            left = []
            for body in (ASKING, large % (b" " * LAST_BYTES), ASKING):
                await parser.parse(body, "application/xml", ADDRESS)
                while parser.running and len(body) > LAST_BYTES:
                    await asyncio.sleep(0)
                left.append(parser.running)
            return left

    assert asyncio.run(work()) == [1, 0, 1]


def test_a_child_loads_none_of_what_it_does_not_need() -> None:
    """Each poller starts several: with the models and ports, that takes twice as long."""
    loads = "import ingest.feedworker, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", loads], capture_output=True, text=True, check=True)
    assert not {"pydantic", "structlog", "aiohttp", "despatch.ports"} & set(done.stdout.split())
