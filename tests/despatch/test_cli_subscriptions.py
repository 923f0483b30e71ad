"""`subscribe` and `subscriptions`: asked for, shown, changed and ended, without a secret."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from despatch.cli import run

URL = "json://user:hunter2@hooks.example/in"


class Shell:
    """The command line of one installation."""

    def __init__(self, home: Path, capfd: pytest.CaptureFixture[str]) -> None:
        self._home = home
        self._capfd = capfd

    def says(self, *arguments: str, code: int = 0) -> str:
        """Return all that a command prints, once it ended with this code."""
        assert run(["--home", str(self._home), *arguments]) == code
        captured = self._capfd.readouterr()
        assert "hunter2" not in captured.out + captured.err
        return captured.out + captured.err

    def gives(self, *arguments: str) -> Any:
        """Return the one line of JSON that a command gives."""
        (line,) = self.says(*arguments, "--json").splitlines()
        return json.loads(line)


@pytest.fixture
def shell(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Shell:
    return Shell(tmp_path, capfd)


def test_a_query_is_subscribed_to_with_all_that_was_said(shell: Shell) -> None:
    made = shell.gives(
        *("subscribe", 'theme:migration country:TR,AL -"small boats"', "--to", URL),
        *("--to", "console://", "--name", "desk", "--event", "new", "--title", "Turkey desk"),
        *("--frequency", "daily 08:30 Europe/London", "--quiet", "22:00-07:00"),
        *("--limit", "20/day", "--overflow", "daily 18:00", "--receipt", "daily"),
    )
    assert made["created"]
    assert made["query"] == 'theme:migration country:AL,TR -"small boats"'
    assert made["filter"] == {
        "themes": {"all": ["migration"]},
        "countries": {"any": ["AL", "TR"]},
        "phrases": {"none": [{"text": "small boats"}]},
    }
    assert (made["name"], made["events"], made["subscriber_name"]) == (
        "Turkey desk",
        ["new"],
        "desk",
    )
    assert made["frequency"] == "daily 08:30 Europe/London"
    assert made["quiet"] == "22:00-07:00 Europe/London"
    assert (made["limit"], made["overflow"]) == ("20/day", "daily 18:00 UTC")
    assert made["receipt"].startswith("daily 08:00 ")
    assert len(made["channels"]) == 2
    assert shell.gives("subscriptions", "list") == {
        name: value
        for name, value in made.items()
        if name not in {"created", "experimental", "advice"}
    }


def test_themes_alone_are_named_as_they_always_were(shell: Shell) -> None:
    asked = ("subscribe", "--theme", "migration", "--theme", "partnerships", "--to", URL)
    assert "Subscribed: me: migration or partnerships over json://…" in shell.says(*asked)
    assert "Already subscribed" in shell.says(*asked)
    assert shell.gives("subscriptions", "list")["query"] == "theme:migration,partnerships"


def test_asking_again_with_another_frequency_changes_it(shell: Shell) -> None:
    made = shell.gives("subscribe", "*", "--to", URL)
    again = shell.gives("subscribe", "*", "--to", URL, "--frequency", "hourly")
    assert (again["created"], again["id"], again["frequency"]) == (False, made["id"], "hourly")
    assert shell.gives("subscriptions", "list")["frequency"] == "hourly"


def test_themes_can_be_named_beside_a_query(shell: Shell) -> None:
    made = shell.gives("subscribe", "visa -theme:partnerships", "--theme", "migration", "--to", URL)
    assert made["query"] == "theme:migration -theme:partnerships visa"


def test_a_source_that_is_not_here_is_named(shell: Shell) -> None:
    said = shell.says("subscribe", "theme:migration source:nato", "--to", URL)
    assert "No source here is called nato; see: despatch sources list" in said
    assert "No source" not in shell.says("subscribe", "theme:migration", "--to", URL)


@pytest.mark.parametrize(
    "said, way_out",
    [
        (("subscribe", "--to", URL), "say what to be told of"),
        (("subscribe", "theme:migraton", "--to", URL), "did you mean migration?"),
        (("subscribe", "theme:migration"), "--to URL"),
        (("subscribe", "country:Turkey", "--to", URL), "'Turkey' is TR"),
        (("subscribe", "country:holland", "--to", URL), "'holland' is NL"),
        (("subscribe", "country:uk", "--to", URL), "'uk' is GB"),
        (("subscribe", "country:albana", "--to", URL), "did you mean AL (albania)?"),
        (("subscribe", "country:XZ", "--to", URL), "no country 'XZ'"),
        (("subscribe", "theme:migration", "--theme", "migration", "--to", URL), "not with both"),
        (("subscribe", "*", "--to", URL, "--event", "gone"), "no event 'gone'"),
        (("subscribe", "*", "--to", URL, "--frequency", "daily"), "needs a time of day"),
        (("subscribe", "*", "--to", URL, "--quiet", "late"), "22:00-07:00"),
        (("subscribe", "*", "--to", URL, "--limit", "few"), "20/day"),
        (("subscribe", "*", "--to", URL, "--overflow", "immediate"), "hourly, daily or weekly"),
        (("subscribe", "*", "--to", URL, "--receipt", "hourly"), "daily or weekly"),
        (("subscribe", "*", "--to", "slack://hunter2"), "slack"),
    ],
)
def test_a_wrong_wish_is_refused_in_one_line_and_nothing_is_kept(
    shell: Shell, said: tuple[str, ...], way_out: str
) -> None:
    answer = shell.says(*said, code=2)
    assert way_out in answer
    assert answer.count("\n") == 1
    assert "Nobody is subscribed" in shell.says("subscriptions", "list")


def test_a_subscription_is_shown_with_its_next_digest(shell: Shell) -> None:
    shell.says(
        *("subscribe", "theme:migration", "--to", URL, "--quiet", "22:00-07:00"),
        *("--frequency", "weekly saturday 08:30 Asia/Kolkata", "--limit", "5/hour"),
    )
    shown = shell.says("subscriptions", "show", "me")
    assert "asks for    theme:migration" in shown
    assert "weekly saturday 08:30 Asia/Kolkata; next digest Saturday" in shown
    assert re.search(r"next digest Saturday \d+ \w+ \d{4}, 08:30 Asia/Kolkata", shown)
    assert "left alone 22:00-07:00 Asia/Kolkata; at most 5/hour, what is more hourly" in shown


def test_what_is_edited_changes_and_the_rest_stays(shell: Shell) -> None:
    before = shell.gives("subscribe", "theme:migration", "--to", URL, "--quiet", "22:00-07:00")
    after = shell.gives(
        *("subscriptions", "edit", "me", "--query", "visa", "--frequency", "hourly"),
        *("--quiet", "none", "--limit", "9/week"),
    )
    assert (after["query"], after["name"], after["frequency"]) == ("visa", "visa", "hourly")
    assert (after["quiet"], after["limit"]) == (None, "9/week")
    kept = ("id", "channels", "events", "created_at", "state", "subscriber")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert shell.gives("subscriptions", "show", "me") == after


def test_a_name_that_was_given_stays_when_the_query_changes(shell: Shell) -> None:
    shell.says("subscribe", "theme:migration", "--to", URL, "--title", "Mine")
    assert shell.gives("subscriptions", "edit", "me", "--query", "visa")["name"] == "Mine"


def test_other_channels_take_the_place_of_those_there_are(shell: Shell) -> None:
    shell.says("subscribe", "theme:migration", "--to", URL)
    after = shell.gives("subscriptions", "edit", "me", "--to", "console://")
    assert after["channels_shown"].startswith("console://")
    shell.says("subscriptions", "edit", "me", "--to", "slack://hunter2", code=2)
    assert shell.gives("subscriptions", "show", "me") == after


def test_an_edit_of_nothing_says_what_there_is(shell: Shell) -> None:
    shell.says("subscribe", "theme:migration", "--to", URL)
    assert "edit --help" in shell.says("subscriptions", "edit", "me", code=2)


def test_a_subscription_is_paused_resumed_and_removed(shell: Shell) -> None:
    made = shell.gives("subscribe", "theme:migration", "--to", URL)["id"]
    assert "is paused" in shell.says("subscriptions", "pause", "me")
    assert shell.gives("subscriptions", "show", made)["state"] == "paused"
    assert "is active" in shell.says("subscriptions", "resume", made[:5])
    assert "is removed" in shell.says("subscriptions", "remove", made)
    assert "no subscription" in shell.says("subscriptions", "show", made, code=2)


SIGNED = f"{URL}?secret=whsec_{'c2VjcmV0' * 5}"


def test_who_subscribes_a_webhook_that_is_not_signed_is_told_how_to_sign(shell: Shell) -> None:
    asked = ("subscribe", "--theme", "migration", "--to")
    assert "not signed" in shell.says(*asked, URL)
    assert "not signed" in shell.says("subscriptions", "edit", "me", "--to", URL)
    assert "not signed" not in shell.says("subscriptions", "edit", "me", "--to", SIGNED)
    assert shell.gives(*asked, SIGNED)["advice"] == []
    (said,) = shell.gives(*asked, URL, "--name", "desk")["advice"]
    assert "?secret=" in said


def test_doctor_counts_the_webhooks_that_are_not_signed(shell: Shell) -> None:
    def webhooks() -> str:
        lines = shell.says("doctor", "--json").splitlines()
        return next(line for line in lines if json.loads(line)["looked_at"] == "webhooks")

    assert json.loads(webhooks())["verdict"] == "sound"
    shell.says("subscribe", "--theme", "migration", "--to", SIGNED)
    assert json.loads(webhooks())["text"] == "1, each signed"
    shell.says("subscribe", "--theme", "migration", "--to", URL, "--name", "desk")
    found = json.loads(webhooks())
    assert found["verdict"] == "advice"
    assert found["text"].startswith("1 of 2 are not signed (json://…")
