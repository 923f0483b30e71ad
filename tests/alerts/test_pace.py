"""How much is claimed follows how much is sent."""

from alerts.pace import Pace


def test_it_is_the_number_a_second_over_the_last_few_turns() -> None:
    pace = Pace(10)
    pace.note(0, 100.0)
    pace.note(100, 100.1)
    assert pace.a_second == 10, "too short a time to tell"
    pace.note(400, 100.5)
    assert pace.a_second == 1_000
    pace.note(50, 101.0)
    assert pace.a_second == 100


def test_it_never_falls_below_the_least() -> None:
    pace = Pace(10)
    pace.note(0, 0.0)
    pace.note(1, 60.0)
    assert pace.a_second == 10
