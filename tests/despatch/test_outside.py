"""Settings that lead outside are looked at before anything runs."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from despatch.app import App
from despatch.app.doctor import examine
from despatch.app.outside import check_outside
from despatch.cli import run
from despatch.errors import SettingsError
from despatch.settings import read


def an_app(home: Path, **said: Any) -> App:
    return App(read(home, environ={}, **said))


def test_alarms_that_could_reach_nobody_are_said_before_there_are_any(tmp_path: Path) -> None:
    with an_app(tmp_path, operator_url=SecretStr("jsn://hunter2")) as app:
        with pytest.raises(
            SettingsError, match=r"setting operator_url: .*did you mean json"
        ) as said:
            check_outside(app)
        assert "hunter2" not in str(said.value)


@pytest.mark.parametrize("command", ["up", "alert"])
def test_no_stage_starts_with_an_operator_whom_nothing_reaches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("DESPATCH_OPERATOR_URL", "jsn://hunter2")
    assert run(["--home", str(tmp_path), command]) == 78


def test_a_file_of_authorities_that_is_not_there_is_named(tmp_path: Path) -> None:
    with (
        an_app(tmp_path, ca_file=tmp_path / "own.pem") as app,
        pytest.raises(SettingsError, match=r"setting ca_file: .*own.pem can't be used"),
    ):
        check_outside(app)


def test_the_doctor_looks_at_what_fetching_needs(tmp_path: Path) -> None:
    with an_app(tmp_path, ca_file=tmp_path / "own.pem") as app:
        [found] = [one for one in examine(app) if one.looked_at == "fetching"]
    assert (found.verdict, "own.pem" in found.text) == ("wrong", True)


def test_settings_that_are_right_or_absent_are_let_through(tmp_path: Path) -> None:
    with an_app(tmp_path) as app:
        check_outside(app)
    with an_app(tmp_path, operator_url=SecretStr("json://hooks.example.org/in")) as app:
        check_outside(app)
