"""`despatch gaps`: what may have been missed stands there until it is repaired or seen to."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from despatch.app import App
from despatch.app.status import status
from despatch.cli import run
from despatch.model import SourceId
from despatch.ports import Gap, SourceRecord
from despatch.web.metrics import render

ALARM = "gap g-1 of govuk"


@pytest.fixture
def home(installed: App) -> str:
    now, source = installed.clock.now(), SourceId("govuk")
    with installed.store.transaction() as tx:
        tx.add_source(SourceRecord(source, "feed", {"address": "https://x.gov/f"}, now))
        for id_ in ("g-1", "g-2"):
            tx.add_gap(Gap(id_, source, now, now - timedelta(days=1), now - timedelta(hours=1)))
        tx.try_gap("g-2", 3, "up to what is known", now)
    installed.alarms.open(ALARM, "govuk: something may be missing")
    return str(installed.settings.home)


def test_the_list_is_of_the_open_ones_or_of_all(
    home: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--home", home, "gaps", "list", "--json"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line) | {"settled_at": None, "found_at": "", "since": "", "until": ""} == {
        "gap": "g-1",
        "source": "govuk",
        "found_at": "",
        "since": "",
        "until": "",
        "state": "open",
        "tries": 0,
        "late": 0,
        "reason": "",
        "settled_at": None,
    }
    assert run(["--home", home, "gaps", "list", "--all"]) == 0
    shown = capsys.readouterr().out
    assert "repaired" in shown
    assert "2026-03-01 12:00" in shown


def test_one_that_was_seen_to_is_closed_with_its_alarm(
    home: str, installed: App, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--home", home, "gaps", "close", "g-1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"closed": "g-1"}
    assert (status(installed).gaps, status(installed).alarms) == ((), ())
    assert run(["--home", home, "gaps", "close", "g-1"]) == 2
    assert "no open gap 'g-1'" in capsys.readouterr().err


def test_status_and_figures_show_what_may_be_missing(
    home: str, installed: App, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["--home", home, "status"])
    assert "g-1: govuk may have published unseen from 2026-03-01 12:00" in capsys.readouterr().out
    assert b'despatch_source_gaps_open{source="govuk"} 1.0' in render(status(installed))


def test_without_gaps_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--home", str(tmp_path), "gaps", "list"]) == 0
    assert "No gap is open" in capsys.readouterr().out


def test_a_source_is_listed_and_shown_with_what_may_be_missing(
    home: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--home", home, "sources", "list"]) == 0
    assert "1 open gap" in capsys.readouterr().out
    assert run(["--home", home, "sources", "show", "govuk"]) == 0
    shown = capsys.readouterr().out
    for words in ("g-1", "g-2", "open", "repaired", "govuk: something may be missing"):
        assert words in shown
    run(["--home", home, "sources", "show", "govuk", "--json"])
    said = json.loads(capsys.readouterr().out)
    assert [one["alarm"] for one in said["alarms"]] == [ALARM]
    assert {one["gap"]: one["late"] for one in said["gaps"]} == {"g-1": 0, "g-2": 3}
