"""The command line: every command has an example, and faults are one line."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import typer
from rich.text import Text
from typer.core import TyperCommand, TyperGroup, TyperOption

from despatch.cli import app, run
from despatch.cli.context import ago, moment, span
from despatch.errors import UsageError
from despatch.settings import host_and_port

Command = TyperCommand | TyperGroup


def commands(command: object, path: str = "despatch") -> Iterator[tuple[str, Command]]:
    assert isinstance(command, Command)
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from commands(child, f"{path} {name}")


EVERY = dict(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("path", EVERY)
def test_every_command_says_what_it_does_and_has_an_example(path: str) -> None:
    command = EVERY[path]
    assert command.help
    assert path.split()[-1] in (command.epilog or "")
    assert "despatch" in (command.epilog or "")


@pytest.mark.parametrize("path", EVERY)
def test_help_is_in_paragraphs_and_loses_nothing_in_brackets(path: str) -> None:
    """Rich breaks the lines where the screen ends, and takes `[fit]` for a mark of its own."""
    text = EVERY[path].help or ""
    assert [part for part in text.split("\n\n") if "\n" in part] == []
    assert Text.from_markup(text).plain == text


@pytest.mark.parametrize("path", EVERY)
def test_every_option_has_a_sentence(path: str) -> None:
    silent = [
        parameter.name
        for parameter in EVERY[path].params
        if isinstance(parameter, TyperOption) and not parameter.help
    ]
    assert silent == []


@pytest.mark.parametrize(
    "arguments, says",
    [
        (["nonsense"], "No such command 'nonsense'"),
        (["status", "--jsn"], "No such option"),
        (["subscribe"], "--to"),
        (["replay", "."], "--yes"),
        (["subscribe", "*", "--to", "console://", "--since", "90d"], "goes with --preview"),
    ],
)
def test_a_wrong_command_line_is_one_line(
    arguments: list[str], says: str, capfd: pytest.CaptureFixture[str], tmp_path: object
) -> None:
    code = run(["--home", str(tmp_path), *arguments, *(["--deliver"] if says == "--yes" else [])])
    said = capfd.readouterr().err
    assert code == 2
    assert said.startswith("despatch: ")
    assert says in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("value", ["yesterday", "2023-13-01", "90", "d90", ""])
def test_a_time_that_is_none_is_refused_with_the_forms(value: str) -> None:
    with pytest.raises(UsageError, match="2023-08-09"):
        moment(value)


def test_a_time_can_be_a_day_a_moment_or_so_long_ago() -> None:
    assert moment("2023-08-09").isoformat() == "2023-08-09T00:00:00+00:00"
    assert moment("2023-08-09T12:00+01:00").isoformat() == "2023-08-09T12:00:00+01:00"
    assert timedelta(days=1) - (moment("1d") - moment("2d")) < timedelta(minutes=1)


@pytest.mark.parametrize("value", ["8080", "host", "host:port", "host:99999", ""])
def test_an_address_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(UsageError, match=r"HOST:PORT"):
        host_and_port(value)


def test_an_address_without_a_host_is_this_machine_only() -> None:
    assert host_and_port(":8080") == ("127.0.0.1", 8080)
    assert host_and_port("[::1]:8080") == ("::1", 8080)


def test_lengths_of_time_are_said_as_people_do() -> None:
    now = moment("2023-08-09T12:00")
    assert ago(None, now) == "never"
    assert ago(moment("2023-08-09T11:57"), now) == "3 min ago"
    assert ago(moment("2023-08-09T15:00"), now) == "in 3 h"
    assert span(moment("2023-08-09") - moment("2023-07-31")) == "9 days"


def test_settings_are_shown_as_they_are_written_and_secrets_are_not(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "despatch.toml").write_text(
        'operator_url = "json://me:hunter2@example.org"\nretention = "36h"\n'
        'allow_networks = ["10.0.0.0/8"]\n'
    )
    assert run(["--home", str(tmp_path), "settings"]) == 0
    shown = dict(line.split(" = ") for line in capfd.readouterr().out.splitlines() if " = " in line)
    assert shown["retention"] == "36h"
    assert shown["poll_every"] == "15m"
    assert shown["store"] == "local"
    assert shown["allow_networks"] == "10.0.0.0/8"
    assert shown["log_json"] == "false"
    assert shown["contact"] == ""
    assert "hunter2" not in str(shown)
