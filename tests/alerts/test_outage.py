"""An outage of the store: one of the processes with one home folder tells of it, and of its end."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts.outage import CLAIMED_FOR, SETTLES_AFTER, TOLD_FOR, SharedOutage

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)

Process = Callable[[], SharedOutage]


@pytest.fixture
def process(tmp_path: Path) -> Process:
    """Makes one more process' view of the same home folder."""
    return lambda: SharedOutage(tmp_path / "store-is-away")


def test_the_first_that_sees_it_tells_and_the_others_leave_it_to_that_one(process: Process) -> None:
    views = [process() for _ in range(3)]
    assert [view.begin(NOW) for view in views] == [True, False, False]
    views[0].told(NOW)
    assert [view.begin(NOW + SECOND) for view in views] == [False, False, False]
    assert not process().begin(NOW + SECOND), "nor does one that is started meanwhile"


def test_the_first_that_finds_the_store_back_tells_it_and_then_a_new_one_is_told(
    process: Process,
) -> None:
    one, other = process(), process()
    assert one.begin(NOW)
    one.told(NOW)
    other.begin(NOW)
    assert [other.end(NOW), one.end(NOW), other.end(NOW)] == [True, False, False]
    assert other.begin(NOW), "the next outage"


def test_one_that_could_not_tell_leaves_it_to_others_and_to_its_own_next_try(
    process: Process,
) -> None:
    one, other = process(), process()
    assert one.begin(NOW)
    one.not_told()
    assert other.begin(NOW)
    other.not_told()
    assert one.begin(NOW)


def test_one_that_was_killed_while_it_told_is_waited_for_a_while_only(process: Process) -> None:
    assert process().begin(NOW)
    assert not process().begin(NOW + CLAIMED_FOR - SECOND)
    assert process().begin(NOW + CLAIMED_FOR)


def test_an_outage_that_lasts_is_told_again_by_who_finds_it_so(process: Process) -> None:
    one = process()
    assert one.begin(NOW)
    one.told(NOW)
    assert not process().begin(NOW + TOLD_FOR - SECOND)
    assert process().begin(NOW + TOLD_FOR)


def test_what_a_life_before_has_left_ends_once_the_store_answers(process: Process) -> None:
    """Else the next outage would be told to nobody."""
    one = process()
    assert one.begin(NOW)
    one.told(NOW)
    assert not process().end(NOW + SETTLES_AFTER - SECOND), "it may be locked for others"
    assert process().end(NOW + SETTLES_AFTER)
    assert process().begin(NOW + SETTLES_AFTER)


@pytest.mark.parametrize("file", [None, Path("/dev/null/no-such-folder/file")])
def test_without_a_file_each_process_tells_for_itself(file: Path | None) -> None:
    for view in (SharedOutage(file), SharedOutage(file)):
        assert [view.begin(NOW), view.begin(NOW)] == [True, False]
        view.told(NOW)
        assert [view.end(NOW), view.end(NOW)] == [True, False]
        assert view.begin(NOW)


def test_a_file_with_something_else_in_it_keeps_nothing_back(tmp_path: Path) -> None:
    file = tmp_path / "store-is-away"
    file.write_text("nonsense")
    assert SharedOutage(file).begin(NOW)


def test_no_file_is_left_beside_it(process: Process, tmp_path: Path) -> None:
    one = process()
    one.begin(NOW)
    one.told(NOW)
    assert [each.name for each in tmp_path.iterdir()] == ["store-is-away"]
    one.end(NOW)
    assert list(tmp_path.iterdir()) == []
