"""`despatch deliveries`: what could not be delivered is listed, and can be tried again."""

import json

import pytest

from despatch.app import App
from despatch.cli import run
from despatch.ports import Finished
from despatch.testing.subscribers import a_channel, a_subscriber, a_subscription, an_alert


@pytest.fixture
def home(installed: App) -> str:
    """An installation with one delivery that failed."""
    now = installed.clock.now()
    with installed.store.transaction() as tx:
        tx.add_subscriber(a_subscriber())
        tx.add_channel(a_channel())
        tx.add_subscription(a_subscription())
        tx.add_alert(an_alert(), [a_channel().id], now)
        (claim,) = tx.claim_deliveries("me", now, now - now, {"urgent": 1})
        tx.finish_deliveries("me", [Finished(claim, None, "failed", now, "http 410: gone")])
    return str(installed.settings.home)


def listed(home: str, capsys: pytest.CaptureFixture[str], *more: str) -> list[dict[str, object]]:
    assert run(["--home", home, "deliveries", "list", "--json", *more]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_what_failed_is_listed_with_its_reason_and_no_secret(
    home: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--home", home, "deliveries", "list"]) == 0
    shown = capsys.readouterr().out
    assert "http 410: gone" in shown
    assert "despatch deliveries retry" in shown
    assert "hunter2" not in shown
    (one,) = listed(home, capsys)
    assert (one["state"], one["reason"], one["tries"]) == ("failed", "http 410: gone", 0)
    assert "hunter2" not in repr(one)


def test_it_can_be_tried_again_once(home: str, capsys: pytest.CaptureFixture[str]) -> None:
    (one,) = listed(home, capsys)
    assert run(["--home", home, "deliveries", "retry", str(one["delivery"])]) == 0
    assert "1 delivery is due." in capsys.readouterr().out
    assert listed(home, capsys) == []
    assert len(listed(home, capsys, "--state", "waiting")) == 1
    assert run(["--home", home, "deliveries", "retry", str(one["delivery"])]) == 2
    assert "despatch deliveries list" in capsys.readouterr().err


def test_all_of_a_channel_can_be_tried_again(home: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--home", home, "deliveries", "retry", a_channel().id, "--json"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_without_any_it_says_so(home: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--home", home, "deliveries", "list", "--state", "cancelled"]) == 0
    assert "No delivery has the state cancelled." in capsys.readouterr().out
