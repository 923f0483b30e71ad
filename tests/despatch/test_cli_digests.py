"""`despatch digests`, and the other screens that say what is told later."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from despatch.app import App
from despatch.app.status import status
from despatch.testing import FakeClock
from despatch.web.metrics import render

Say = Callable[..., str]
URL = "json://user:hunter2@hooks.example/in"
FEES = "Visa fees rise\n\nThe fee for a visa rises. Migration rules change for visa applicants."


@pytest.fixture
def release(tmp_path: Path, installed: App, cli: Say) -> str:
    """The desk's daily digest, and the id of a release that waits for it."""
    file = tmp_path / "visa-fees.txt"
    file.write_text(FEES, encoding="utf-8")
    cli("subscribe", "visa", "--name", "desk", "--to", URL, "--frequency", "daily 08:30")
    said = cli("replay", str(file), "--deliver", "--yes")
    assert "Told later, by a digest or after quiet hours: 1" in said
    assert "1 alert." in said, "not that it was sent"
    with installed.store.transaction() as tx:
        ((who,),) = [tx.subscribers()]
        (item,) = tx.items_for(who.id)
    return item.release


def test_what_waits_is_listed_with_its_moment(release: str, cli: Say) -> None:
    (run,) = [json.loads(line) for line in cli("digests", "list", "--json").splitlines()]
    assert (run["subscriber_name"], run["state"], run["items"]) == ("desk", "waiting", 1)
    assert "08:30 UTC" in cli("digests", "list", "--subscriber", "desk")
    assert "waits for the digest of daily 08:30 UTC" in cli("digests", "waiting", "desk")


def test_a_subscriber_that_is_unknown_is_named(release: str, cli: Say) -> None:
    assert "no subscriber 'dsk'" in cli("digests", "list", "--subscriber", "dsk", code=2)
    assert "no subscriber 'dsk'" in cli("digests", "waiting", "dsk", code=2)


def test_every_screen_says_that_it_waits(release: str, cli: Say) -> None:
    assert "waits       1 release; waits for the digest" in cli("subscriptions", "show", "desk")
    assert json.loads(cli("subscriptions", "show", "desk", "--json"))["waiting"] == 1
    assert "Not sent yet: waits for the digest of daily 08:30 UTC" in cli("why", "desk", release)
    assert "waits for the digest of daily 08:30 UTC" in cli("trace", release)
    (later,) = json.loads(cli("trace", release, "--json"))["later"]
    assert (later["state"], later["why"]) == ("waiting", "daily 08:30 UTC")
    assert "Told later: 1 item in 1 digest" in cli("status", code=1)


def test_a_trace_says_how_sure_a_theme_is_as_messages_do(release: str, cli: Say) -> None:
    assert re.search(r"migration, \d+% sure \(v", cli("trace", release))
    [taken] = json.loads(cli("trace", release, "--json"))["taken"]
    assert isinstance(taken["classified"]["themes"][0]["score"], float)


def test_the_figures_say_how_much_waits_and_what_is_overdue(
    release: str, installed: App, clock: FakeClock
) -> None:
    with installed.store.transaction() as tx:
        due = tx.next_digest_at()
    assert due is not None
    clock.at = due + timedelta(minutes=2)
    figures = render(status(installed)).decode()
    assert "despatch_digests_waiting 1.0" in figures
    assert "despatch_items_waiting 1.0" in figures
    assert "despatch_digest_overdue_seconds 120.0" in figures


def test_once_it_was_sent_it_is_said_in_what_and_of_which_period(
    release: str, installed: App, clock: FakeClock, cli: Say
) -> None:
    with installed.store.transaction() as tx:
        due = tx.next_digest_at()
    assert due is not None
    clock.at = due
    installed.digesting().run_due()
    (run,) = [json.loads(line) for line in cli("digests", "list", "--json").splitlines()]
    assert (run["state"], run["items"]) == ("sent", 1)
    assert f"sent in {run['alert']}" in cli("trace", release)
    said = cli("why", "desk", release)
    assert "in the digest of daily 08:30 UTC" in said
    assert "Nothing waits for desk." in cli("digests", "waiting", "desk")
