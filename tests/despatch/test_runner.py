"""What the runner does with each kind of error is a rule of its own."""

import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import timedelta

import pytest

from despatch.dead_letters import dead_headers, dead_letter, read_dead_letter
from despatch.errors import FencedError, OperatorError, PermanentError, ServerAway
from despatch.runner import TRIES, Runner
from despatch.testing import FakeClock
from despatch.testing.stages import GivenStage, ListReader, ReaderBus, some_messages
from despatch.topics import DEAD
from despatch.watchdog import EXIT_STUCK


class ListedAlarms:
    """Alarms as they were opened and closed."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def open(self, key: str, text: str) -> None:
        self.said.append(f"open {key}")

    def close(self, key: str) -> None:
        self.said.append(f"close {key}")


def run(
    stage: GivenStage, values: Sequence[bytes] = (b"a", b"b", b"c")
) -> tuple[ListReader, ListedAlarms, Runner[bytes]]:
    """Run a stage over the values until nothing is left."""
    stop = threading.Event()
    reader = ListReader(some_messages(*values), on_empty=stop.set)
    alarms = ListedAlarms()
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
    assert len(reader.idled) == 4
    assert reader.idled == sorted(reader.idled), "pauses grow"
    assert alarms.said == ["open stage given waits", "close stage given waits"]


def test_the_other_side_says_how_long_to_wait() -> None:
    asked = ServerAway("busy", retry_after=timedelta(seconds=42))
    reader, _, _ = run(GivenStage({b"a": [asked]}))
    assert reader.idled == [timedelta(seconds=42)]


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


def test_finishing_waits_out_a_server_that_is_away() -> None:
    reader, _, runner = run(GivenStage(finish_errors=[ServerAway("away")] * 3))
    assert [o.value for o in reader.outgoing] == [b"a", b"b", b"c"]
    assert runner.dead == 0


def test_a_fenced_batch_is_handed_back_not_lost() -> None:
    reader, _, _ = run(GivenStage(finish_errors=[FencedError("not ours")]))
    assert [o.value for o in reader.outgoing] == [b"a", b"b", b"c"]


def test_an_operators_error_stops_the_stage_and_leaves_the_group() -> None:
    stop = threading.Event()
    reader = ListReader(some_messages(b"a"))
    stage = GivenStage({b"a": [OperatorError("run despatch migrate")]})
    runner = Runner(stage, ReaderBus(reader), FakeClock())
    with pytest.raises(OperatorError, match="despatch migrate"):
        runner.run(stop)
    assert reader.closed
    assert reader.committed == []


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
