"""What is shown while the log is away: all that the store knows, and that the log is away."""

import json
from pathlib import Path

import pytest

from despatch.app import App
from despatch.cli import run
from despatch.cli.answering import figures
from despatch.settings import read
from despatch.testing.free_ports import free_port


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An installation whose only broker is not there, and that has an alarm."""
    (tmp_path / "despatch.toml").write_text(f'bus = "kafka://127.0.0.1:{free_port()}"\n')
    with App(read(tmp_path, environ={})) as app:
        app.alarms.open("stage alerts waits", "alerts: no Kafka broker answers")
    return tmp_path


def test_status_shows_what_the_store_knows_and_that_the_log_is_away(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--home", str(home), "status"]) == 1
    said = capsys.readouterr().out
    assert "The log does not answer: no Kafka broker answers (127.0.0.1:" in said
    assert "alerts: no Kafka broker answers" in said
    assert "dead letters not known" in said


def test_what_is_not_known_is_no_number_for_machines(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--home", str(home), "status", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["dead"], found["lags"]) == (None, [])
    assert "no Kafka broker answers" in found["log_away"]
    assert len(found["alarms"]) == 1


@pytest.mark.parametrize(
    "command, known",
    [
        ("trace", "the store knows no release 'r-5f'"),
        ("explain", "'r-5f' is no file, and no release that is kept"),
    ],
)
def test_of_a_release_that_the_store_does_not_know_that_is_said_beside_the_log_s_absence(
    home: Path, capsys: pytest.CaptureFixture[str], command: str, known: str
) -> None:
    """It may wait in the log: that it is unknown is not the last word, so the code is no 2."""
    assert run(["--home", str(home), command, "r-5f"]) == 69
    said = capsys.readouterr().err
    assert known in said
    assert "can't be asked: no Kafka broker answers (127.0.0.1:" in " ".join(said.split())


def test_the_figures_of_the_store_are_served_all_the_same(home: Path) -> None:
    with App(read(home, environ={})) as app:
        served = figures(app)
    assert b"despatch_log_up 0.0" in served
    assert b"despatch_alarms_open 1.0" in served
    assert b"despatch_dead_letters" not in served


def test_the_figures_say_that_the_log_answers(tmp_path: Path) -> None:
    with App(read(tmp_path, environ={})) as app:
        served = figures(app)
    assert b"despatch_log_up 1.0" in served
    assert b"despatch_dead_letters 0.0" in served
