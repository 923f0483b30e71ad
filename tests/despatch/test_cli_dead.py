"""`despatch dead`: what could not be handled is listed, and put back, whatever stands beside it."""

import json

import pytest

from despatch.app import App
from despatch.cli import run
from despatch.dead_letters import dead_headers, dead_letter
from despatch.errors import PermanentError
from despatch.ports import Outgoing
from despatch.testing.stages import some_messages
from despatch.topics import DEAD, RELEASES


@pytest.fixture
def home(installed: App) -> str:
    """An installation with a stranger's message among the dead letters."""
    [message] = some_messages(b"broken")
    letter = dead_letter(
        "processors", message, PermanentError("no title"), 1, installed.clock.now()
    )
    installed.bus.publish(
        [
            Outgoing(DEAD, "x", b"a stranger's"),
            Outgoing(DEAD, message.key, message.value, dead_headers(letter)),
        ]
    )
    return str(installed.settings.home)


def test_what_is_no_dead_letter_does_not_hide_those_that_are(
    home: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--home", home, "dead", "list", "--since", "2026-01-01", "--json"]) == 0
    said = capsys.readouterr()
    assert [json.loads(line)["reason"] for line in said.out.splitlines()] == ["no title"]
    assert "is no dead letter" in said.err


def test_a_retried_letter_is_the_very_message_on_its_topic_again(
    home: str, installed: App, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--home", home, "dead", "retry", "d-", "--json"]) == 0
    [message] = installed.bus.browse(RELEASES)
    assert (message.key, message.value) == ("r-0", b"broken")
    assert [name for name, _value in message.headers] == ["despatch-retried-from"]
