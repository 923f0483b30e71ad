"""What the runner does with each kind of error is a rule of its own."""

import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import timedelta

import pytest

from despatch.dead_letters import dead_headers, dead_letter, read_dead_letter
from despatch.errors import FencedError, OperatorError, PermanentError, ServerAway
from despatch.runner import FENCES, TRIES, Runner
from despatch.testing import FakeClock
from despatch.testing.stages import GivenStage, ListReader, ReaderBus, some_messages
from despatch.topics import DEAD
from despatch.watchdog import EXIT_STUCK


class ListedAlarms:
    """Alarms as they were opened, and closed while open."""

    def __init__(self, *already: str) -> None:
        self.said: list[str] = []
        self.standing = set(already)

    def open(self, key: str, text: str) -> None:
        self.said.append(f"open {key}")
        self.standing.add(key)

    def close(self, key: str) -> None:
        if key in self.standing:
            self.said.append(f"close {key}")
            self.standing.remove(key)


def run(
    stage: GivenStage, values: Sequence[bytes] = (b"a", b"b", b"c"), alarmed: Sequence[str] = ()
) -> tuple[ListReader, ListedAlarms, Runner[bytes]]:
    """Run a stage over the values until nothing is left."""
    stop = threading.Event()
    reader = ListReader(some_messages(*values), on_empty=stop.set)
    alarms = ListedAlarms(*alarmed)
    runner = Runner(stage, ReaderBus(reader), FakeClock(), alarms=alarms)
    runner.run(stop)
    return reader, alarms, runner


def test_messages_are_handled_in_order_and_committed() -> None:
    reader, alarms, runner = run(GivenStage())
    assert [o.value for o in reader.outgoing] == [b"a", b"b", b"c"]
    assert [m.value for m in reader.committed] == [b"a", b"b", b"c"]
    assert alarms.said == []
    assert (runner.handled, runner.dead) == (3, 0)
    assert reader.closed


def test_a_permanent_error_makes_a_dead_letter_and_the_rest_goes_on() -> None:
    reader, alarms, runner = run(GivenStage({b"b": [PermanentError("no title")]}))
    assert [o.value for o in reader.outgoing if o.topic == "out"] == [b"a", b"c"]
    [letter] = [o for o in reader.outgoing if o.topic == DEAD]
    assert letter.value == b"b"
    assert dict(letter.headers)["despatch-dead-reason"] == b"no title"
    assert dict(letter.headers)["despatch-dead-tries"] == b"1"
    assert alarms.said == ["open dead letters of given"]
    assert runner.dead == 1


def test_a_transient_error_waits_keeps_the_place_and_raises_an_alarm_once() -> None:
    away = [ServerAway("database away")] * 4
    reader, alarms, _ = run(GivenStage({b"b": away}))
    assert [m.value for m in reader.committed] == [b"a", b"b", b"c"]
    assert sum(reader.idled, timedelta()) == timedelta(seconds=0.5 + 1 + 2 + 5), "pauses grow"
    assert alarms.said == ["open stage given waits", "close stage given waits"]


def test_the_other_side_says_how_long_to_wait() -> None:
    asked = ServerAway("busy", retry_after=timedelta(seconds=42))
    reader, _, _ = run(GivenStage({b"a": [asked]}))
    assert sum(reader.idled, timedelta()) == timedelta(seconds=42)


def test_a_fault_of_ours_is_tried_three_times_then_a_dead_letter() -> None:
    reader, _, _ = run(GivenStage({b"b": [ZeroDivisionError("oh")] * TRIES}))
    [letter] = [o for o in reader.outgoing if o.topic == DEAD]
    assert dict(letter.headers)["despatch-dead-error"] == b"ZeroDivisionError"
    assert dict(letter.headers)["despatch-dead-tries"] == b"3"


def test_a_fault_that_passes_is_no_dead_letter() -> None:
    reader, _, runner = run(GivenStage({b"b": [ZeroDivisionError("oh")] * (TRIES - 1)}))
    assert [o.value for o in reader.outgoing] == [b"a", b"b", b"c"]
    assert runner.dead == 0


def test_a_message_that_fails_when_finishing_is_found_and_the_others_pass() -> None:
    """A batch that can't be made durable is taken apart: only the poisoned message dies."""
    reader, _, _ = run(GivenStage(poison=b"b"))
    assert [o.value for o in reader.outgoing if o.topic == "out"] == [b"a", b"c"]
    assert [o.value for o in reader.outgoing if o.topic == DEAD] == [b"b"]
    assert [m.value for m in reader.committed] == [b"a", b"b", b"c"]


def test_a_blip_is_waited_out_without_an_alarm() -> None:
    """A person is woken when it is broken, not when it is busy."""
    reader, alarms, _ = run(GivenStage({b"b": [ServerAway("away")] * 3}))
    assert [m.value for m in reader.committed] == [b"a", b"b", b"c"]
    assert [said for said in alarms.said if "open" in said] == []


def test_finishing_waits_out_a_server_that_is_away() -> None:
    reader, _, runner = run(GivenStage(finish_errors=[ServerAway("away")] * 3))
    assert [o.value for o in reader.outgoing] == [b"a", b"b", b"c"]
    assert runner.dead == 0


def test_a_fenced_batch_is_handed_back_not_lost() -> None:
    reader, _, _ = run(GivenStage(finish_errors=[FencedError("not ours")]))
    assert [o.value for o in reader.outgoing] == [b"a", b"b", b"c"]


def test_a_message_whose_dead_letter_is_fenced_is_handed_back_not_lost() -> None:
    """Its partition went to another owner meanwhile: that is no end of the stage."""
    reader, _, _ = run(
        GivenStage(finish_errors=[PermanentError("no"), FencedError("gone")]), [b"a"]
    )
    assert [o.value for o in reader.outgoing] == [b"a"]


def test_a_reader_whose_batches_are_never_ours_is_opened_anew() -> None:
    """It may hold a place that was moved under it: only a new one asks where to go on."""

    class Places(ReaderBus):
        given = 0

        def reader(self, *arguments: object, **named: object) -> ListReader:
            self.given += 1
            return reader

    stop = threading.Event()
    reader = ListReader(some_messages(b"a"), on_empty=stop.set)
    bus = Places(reader)
    stage = GivenStage(finish_errors=[FencedError("moved")] * (2 * FENCES))
    Runner(stage, bus, FakeClock()).run(stop)
    assert bus.given == 3
    assert [m.value for m in reader.committed] == [b"a"]


def test_an_operators_error_stops_the_stage_says_so_and_leaves_the_group() -> None:
    stop = threading.Event()
    reader = ListReader(some_messages(b"a"))
    stage = GivenStage({b"a": [OperatorError("run despatch migrate")]})
    alarms = ListedAlarms()
    runner = Runner(stage, ReaderBus(reader), FakeClock(), alarms=alarms)
    with pytest.raises(OperatorError, match="despatch migrate"):
        runner.run(stop)
    assert reader.closed
    assert reader.committed == []
    assert alarms.said == ["open stage given stopped"]


def test_alarms_that_a_killed_life_left_open_end_with_the_first_batch() -> None:
    left = ["stage given waits", "stage given stopped", "stage other waits"]
    _, alarms, _ = run(GivenStage(), alarmed=left)
    assert alarms.standing == {"stage other waits"}


def test_alarms_of_an_earlier_life_stay_while_nothing_shows_that_it_is_well() -> None:
    """A stage that stops again at its first batch must not say each time that it recovered."""
    alarms = ListedAlarms("stage given stopped")
    stage = GivenStage({b"a": [OperatorError("position lost")]})
    runner = Runner(stage, ReaderBus(ListReader(some_messages(b"a"))), FakeClock(), alarms=alarms)
    with pytest.raises(OperatorError):
        runner.run(threading.Event())
    assert alarms.said == ["open stage given stopped"]


def test_told_to_stop_while_waiting_nothing_is_committed_and_nothing_dies() -> None:
    """A stop during an outage is no reason for a dead letter."""
    stop = threading.Event()
    reader = ListReader(some_messages(b"a", b"b"))
    stage = GivenStage({b"b": [ServerAway("away")] * 1000})
    runner = Runner(stage, ReaderBus(reader), FakeClock())
    idle = reader.idle

    def stop_then_idle(wait: timedelta) -> None:
        stop.set()
        idle(wait)

    reader.idle = stop_then_idle  # type: ignore[method-assign]
    runner.run(stop)
    assert reader.committed == []
    assert reader.outgoing == []


def test_a_dead_letter_says_who_when_why_and_from_where() -> None:
    [message] = some_messages(b"x")
    clock = FakeClock()
    letter = dead_letter("given", message, PermanentError("why"), 2, clock.now())
    headers = dead_headers(letter)
    again = read_dead_letter(
        type(message)(DEAD, 0, 7, message.key, message.value, headers, clock.now())
    )
    assert again == letter
    assert (again.stage, again.failed_at, again.reason) == ("given", clock.now(), "why")
    assert (again.topic, again.partition, again.offset) == (message.topic, 0, 0)


def test_a_message_without_those_headers_is_no_dead_letter() -> None:
    with pytest.raises(PermanentError, match="is no dead letter"):
        read_dead_letter(some_messages(b"x")[0])


def test_a_stuck_process_says_so_and_ends_with_its_own_code() -> None:
    program = (
        "import threading\n"
        "from datetime import timedelta\n"
        "from despatch.watchdog import Watchdog\n"
        "with Watchdog('hung', timedelta(milliseconds=50)):\n"
        "    threading.Event().wait(60)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60)
    assert ended.returncode == EXIT_STUCK
    assert b"stage stuck" in ended.stdout + ended.stderr


def test_a_stuck_process_ends_though_nobody_can_read_what_it_says() -> None:
    program = (
        "import sys, threading\n"
        "from datetime import timedelta\n"
        "from despatch.watchdog import Watchdog\n"
        "sys.stderr.close()\n"
        "with Watchdog('hung', timedelta(milliseconds=50)):\n"
        "    threading.Event().wait(60)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60)
    assert ended.returncode == EXIT_STUCK


def test_told_to_stop_it_does_not_wait_to_the_end_of_a_pause() -> None:
    stop = threading.Event()
    asked = ServerAway("busy", retry_after=timedelta(hours=1))
    reader = ListReader(some_messages(b"a"))
    stage = GivenStage({b"a": [asked] * 2})
    runner = Runner(stage, ReaderBus(reader), FakeClock())
    idle = reader.idle

    def stop_then_idle(wait: timedelta) -> None:
        stop.set()
        idle(wait)

    reader.idle = stop_then_idle  # type: ignore[method-assign]
    runner.run(stop)
    assert sum(reader.idled, timedelta()) <= timedelta(seconds=1)
