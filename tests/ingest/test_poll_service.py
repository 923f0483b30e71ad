"""The poller as a service: again and again, through faults and outages, until told to stop."""

import asyncio
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from despatch.errors import (
    OperatorError,
    ServerAway,
)
from despatch.model import SourceId
from despatch.ports import LoggedAlarms
from despatch.testing import FakeClock
from despatch.testing.feeds import FRESH, feed
from despatch.watchdog import EXIT_STUCK
from ingest.patience import Patience
from ingest.poller import Poller

QUARTER = timedelta(minutes=15)


def titles(here: Any) -> list[str]:
    return [revision.release.title for revision in here.published()]


def save_documents(folder: Path, count: int) -> Path:
    """Write a file of so many documents; return its path."""
    rows = [json.dumps({"id": f"{n:04}", "text": f"Document {n:04}."}) for n in range(count)]
    (folder / "saved.jsonl").write_text("\n".join(rows))
    return folder / "saved.jsonl"


def serve(here: Any, poller: Poller, until: Any) -> None:
    """Run a poller until something is so."""

    async def work() -> None:
        stop = asyncio.Event()

        async def watch() -> None:
            while not until():
                await asyncio.sleep(0.01)
            stop.set()

        async with asyncio.timeout(30):
            watching = asyncio.create_task(watch())
            try:
                await poller.run(stop)
            finally:
                watching.cancel()

    asyncio.run(work())


def test_a_service_polls_what_is_due_again_and_again(here: Any) -> None:
    for name in "abc":
        here.add(name, address=f"https://example.gov/{name}")
        here.fetcher.will(f"https://example.gov/{name}", feed(("1", "2026-03-02", f"From {name}")))

    began = here.clock.now()

    def polled_twice() -> bool:
        rests = [here.health(SourceId(name))[1].ok_at == began for name in "abc"]
        if all(rests) and here.clock.now() == began:
            here.clock.move(QUARTER * 1.2)
        return len(here.fetcher.asked) == 6

    serve(here, here.poller(), polled_twice)

    assert titles(here) == ["From a", "From b", "From c"]


def test_a_fault_of_ours_costs_one_source_a_wait_and_the_rest_goes_on(here: Any) -> None:
    here.add("bad", address="https://example.gov/bad")
    here.add("good", address="https://example.gov/good")
    here.fetcher.will("https://example.gov/bad", b"bad")
    here.fetcher.will("https://example.gov/good", feed(FRESH))

    async def parse(body: bytes, content_type: str, address: str) -> Any:
        if body == b"bad":
            raise ZeroDivisionError("a bug")
        return await here.parse(body, content_type, address)

    serve(
        here,
        here.poller(parse=parse),
        lambda: here.health(SourceId("bad"))[1].failures and here.published(),
    )

    assert titles(here) == ["Fresh news"]
    _state, health, due = here.health(SourceId("bad"))
    assert health.problem == "fault in Despatch: ZeroDivisionError('a bug')"
    assert due > here.clock.now()


def test_what_a_person_must_mend_ends_the_service(here: Any) -> None:
    here.add()
    here.fetcher.will(here.feed, feed(FRESH))
    missing = OperatorError("no such topic: run `despatch topics create`")

    with pytest.raises(OperatorError, match="topics create"):
        serve(here, here.poller(bus=here.failing(here.bus, publish=[missing] * 9)), lambda: False)


def test_a_service_told_to_stop_leaves_a_slow_source_at_once(here: Any) -> None:
    source = here.add()

    class Slow:
        asked = False

        async def get(self, *_args: Any, **_options: Any) -> Any:
            self.asked = True
            await asyncio.Event().wait()

    slow = Slow()
    serve(here, here.poller(fetcher=slow), lambda: slow.asked)

    assert here.health(source)[1].failures == 0
    assert here.lease(source, "somebody else")


def test_an_alarm_that_a_killed_poller_left_open_ends(here: Any) -> None:
    here.add()
    here.fetcher.will(here.feed, feed(FRESH))
    here.alarms.open("stage ingest waits", "the broker was away, and the poller was killed")
    serve(here, here.poller(), lambda: here.published())
    assert here.alarms.opened == {}


def test_waiting_out_an_outage_shows_life() -> None:
    """The watchdog ends what hangs, not what waits."""
    seen: list[float] = []
    patience = Patience(FakeClock(), LoggedAlarms(), asyncio.Event())

    def away() -> None:
        seen.append(patience.seen_s)
        if len(seen) < 4:
            raise ServerAway("the broker does not answer")

    asyncio.run(patience.insist(away))
    assert seen == sorted(set(seen))


def test_a_poller_whose_log_never_answers_says_so_and_ends_its_process(tmp_path: Path) -> None:
    """A call that hangs can't be called back, and keeps its source from being read for ever."""
    program = (
        "import asyncio, sys, threading\n"
        "from datetime import timedelta\n"
        "from pathlib import Path\n"
        "from despatch.ports import SourceRecord, SystemClock\n"
        "from despatch.testing.stores import temporary_store\n"
        "from ingest.poller import Poller\n"
        "class Hung:\n"
        "    def publish(self, outgoing): threading.Event().wait()\n"
        "clock = SystemClock()\n"
        "with temporary_store(Path(sys.argv[1])) as store:\n"
        "    with store.transaction() as tx:\n"
        "        settings = {'kind': 'seed', 'path': sys.argv[2]}\n"
        "        tx.add_source(SourceRecord('saved', 'seed', settings, clock.now()))\n"
        "    asyncio.run(Poller(\n"
        "        Hung(), store, None, clock, owner='hung', stuck_after=timedelta(seconds=1)\n"
        "    ).run(asyncio.Event()))\n"
    )
    saved = save_documents(tmp_path, 1)
    ended = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path), str(saved)], capture_output=True, timeout=60
    )
    assert ended.returncode == EXIT_STUCK, ended.stderr.decode()[-2_000:]


def test_a_service_waits_for_a_store_that_is_away(here: Any) -> None:
    here.add()
    here.fetcher.will(here.feed, feed(FRESH))
    away = ServerAway("the database does not answer")
    store = here.failing_store(here.store, lease_due=[away, away])

    serve(here, here.poller(store=store), lambda: here.published())

    assert here.alarms.closed == ["stage ingest waits"]


def test_a_service_has_the_store_made_ready_before_a_source_is_lent(here: Any) -> None:
    here.add()
    here.fetcher.will(here.feed, feed(FRESH))
    journal: list[str] = []
    store = here.failing_store(here.store, journal, keep=[ServerAway("away")])

    serve(here, here.poller(store=store), lambda: here.published())

    of_polling = [name for name in journal if name in {"keep", "lease_due"}]
    assert of_polling[:2] == ["keep", "lease_due"]
