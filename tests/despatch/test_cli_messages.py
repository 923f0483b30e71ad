"""`despatch messages`: an operator sees what readers get before they do; `templates_dir`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from alerts.messages.templates import BUILT_IN, names
from despatch.app import App
from despatch.cli import run
from despatch.errors import SettingsError
from despatch.settings import read

SEEDS = Path(__file__).parents[2] / "seeds"
SEED = "000_4da5003dd1718fc8.txt"
OWN = "release.txt.j2"


@pytest.fixture
def told(home: Path, cli: Callable[..., str]) -> Callable[..., str]:
    """An installation whose subscriber was told of the seed release."""
    cli("subscribe", "--name", "ada", "--theme", "migration", "--to", "console://")
    cli("replay", str(SEEDS), "--deliver", "--yes")
    return cli


def test_a_saved_release_is_shown_in_each_form(told: Callable[..., str]) -> None:
    text = told("messages", "show", SEED)
    assert text.startswith("New: The UK and Türkiye")
    assert "*illegal movement*" in text
    assert "Why you get this: your subscription" in text
    assert "despatch subscriptions remove s-preview" in text, "nobody else's links"
    page = told("messages", "show", SEED, "--as", "email")
    assert page.startswith("<!doctype html>")
    assert "<mark" in page
    assert "**illegal movement**" in told("messages", "show", SEED, "--as", "chat")
    assert len(told("messages", "show", SEED, "--as", "sms").rstrip("\n")) <= 160
    body = json.loads(told("messages", "show", SEED, "--as", "json"))
    assert (body["version"], body["event"]) == (2, "new")


def test_as_an_event_that_nobody_was_told_of_yet(told: Callable[..., str]) -> None:
    said = told("messages", "show", SEED, "--event", "withdrawn")
    assert said.startswith("Withdrawn: The UK")
    assert "this is a preview; nobody was told" in said


def test_a_made_up_message_needs_no_release(cli: Callable[..., str]) -> None:
    assert cli("messages", "show", "--specimen", "digest").startswith("Digest: 5 releases")


@pytest.mark.parametrize(
    "arguments, words",
    [
        ((), "name a release"),
        (("r-1", "--specimen", "new"), "name a release, or a made-up message"),
        (("r-1",), "no release 'r-1'"),
        (("--specimen", "nwe"), "there are: new, late, revised"),
        (("--specimen", "new", "--event", "new"), "each specimen has its own event"),
    ],
)
def test_what_can_t_be_shown_is_said_with_the_way_out(
    cli: Callable[..., str], arguments: tuple[str, ...], words: str
) -> None:
    assert words in cli("messages", "show", *arguments, code=2)


def test_templates_are_listed_copied_and_used(
    cli: Callable[..., str], tmp_path: Path, home: Path
) -> None:
    folder = tmp_path / "templates"
    assert "built in" in cli("messages", "templates")
    cli("messages", "templates", "--copy-to", str(folder))
    assert {file.name for file in folder.iterdir()} == set(names())
    (folder / OWN).write_text("OURS\n" + (BUILT_IN / OWN).read_text(), encoding="utf-8")
    assert f"{folder / OWN}: is there" in cli("messages", "templates", "--copy-to", str(folder))
    home.mkdir(exist_ok=True)
    (home / "despatch.toml").write_text(f'templates_dir = "{folder}"\n')
    assert "OURS" in cli("messages", "show", "--specimen", "new")
    listed = [json.loads(line) for line in cli("messages", "templates", "--json").splitlines()]
    assert {one["file"] for one in listed} == {str(folder / name) for name in names()}


def test_a_broken_template_stops_what_would_send_and_doctor_finds_it(
    cli: Callable[..., str], tmp_path: Path, home: Path
) -> None:
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / OWN).write_text("fine\n{{ said.titel }}", encoding="utf-8")
    home.mkdir(exist_ok=True)
    (home / "despatch.toml").write_text(f'templates_dir = "{folder}"\n')
    broken = f"template {folder / OWN}, line 2: it shows what is not there"
    assert broken in cli("subscribe", "--theme", "migration", "--to", "console://", code=78)
    assert broken in cli("messages", "show", "--specimen", "new", code=78)
    assert run(["--home", str(home), "doctor"]) != 0
    with App(read(home, environ={})) as app, pytest.raises(SettingsError, match="line 2"):
        app.deliverer()
