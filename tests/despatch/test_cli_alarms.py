"""`despatch alarms`: an alarm that nothing but a person can end can be ended."""

import json
from pathlib import Path

import pytest

from despatch.app import App
from despatch.app.status import status
from despatch.cli import run

DEAD = "dead letters of processors"


@pytest.fixture
def home(installed: App) -> str:
    installed.alarms.open(DEAD, "processors could not handle it")
    installed.alarms.open("source a fails", "a failed 3 times in a row")
    return str(installed.settings.home)


def test_an_alarm_that_was_seen_to_is_closed_and_the_others_stay(
    home: str, installed: App, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--home", home, "alarms", "close", "dead letters", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"closed": DEAD}
    assert [alarm.key for alarm in status(installed).alarms] == ["source a fails"]


def test_the_list_is_of_the_open_ones_or_of_all(
    home: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["--home", home, "alarms", "close", DEAD])
    capsys.readouterr()
    assert run(["--home", home, "alarms", "list", "--json"]) == 0
    assert [json.loads(line)["alarm"] for line in capsys.readouterr().out.splitlines()] == [
        "source a fails"
    ]
    assert run(["--home", home, "alarms", "list", "--all", "--json"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


@pytest.mark.parametrize("which, says", [("nonsense", "no open alarm"), ("", "no open alarm")])
def test_an_alarm_that_is_not_one_is_refused(
    home: str, which: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--home", home, "alarms", "close", which]) == 2
    assert says in capsys.readouterr().err


def test_without_alarms_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--home", str(tmp_path), "alarms", "list"]) == 0
    assert "No alarm is open" in capsys.readouterr().out
