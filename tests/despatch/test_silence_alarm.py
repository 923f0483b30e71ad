"""A source that has fallen silent is an operator's alarm until it publishes again."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest

from despatch.app import App
from despatch.app.housekeeping import Housekeeper
from despatch.app.status import status
from despatch.cli import run
from despatch.model import ReleaseId, SourceId
from despatch.ports import Health, KnownEntry, Progress, SourceRecord
from despatch.testing import FakeClock

DAY = timedelta(days=1)
GOVUK = SourceId("govuk")


@pytest.fixture(autouse=True)
def source(installed: App, clock: FakeClock) -> None:
    """A source that has published every six hours of the last eight weeks."""
    now = clock.now()
    with installed.store.transaction() as tx:
        tx.add_source(SourceRecord(GOVUK, "feed", {"address": "https://x.gov/f"}, now - 56 * DAY))
    read(installed, now, (now - n * DAY / 4 for n in range(4 * 56)))


def read(app: App, at: datetime, published: Iterable[datetime] = ()) -> None:
    """Read the source at a time, and find what it has published."""
    entries = [an_entry(when) for when in published]
    with app.store.transaction() as tx:
        leased = tx.lease_source(GOVUK, "test", at, DAY)
        assert leased is not None
        health = leased.health._replace(polled_at=at, ok_at=at)
        assert not tx.keep([Progress(GOVUK, leased.epoch, health, {}, entries)])


def an_entry(when: datetime) -> KnownEntry:
    return KnownEntry(
        key=f"tag:{when.isoformat()}",
        release=ReleaseId("r-1"),
        address=None,
        number=1,
        fingerprint="1:aa",
        raw="bb",
        text_kind="full",
        status="live",
        updated_at=None,
        dated_at=when,
        first_at=when,
    )


def alarms(app: App) -> list[str]:
    Housekeeper(app).once()
    return [alarm.text for alarm in status(app).alarms]


def test_it_is_alarmed_from_the_time_that_was_foretold_until_it_publishes_again(
    installed: App, clock: FakeClock, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["--home", str(installed.settings.home), "sources", "show", "govuk", "--json"])
    silent_from = datetime.fromisoformat(json.loads(capsys.readouterr().out)["silent_from"])
    assert 4 * DAY < silent_from - clock.now() < 7 * DAY

    clock.at = silent_from - DAY
    read(installed, clock.now())
    assert alarms(installed) == []
    clock.at = silent_from
    read(installed, clock.now())
    (text,) = alarms(installed)
    assert "govuk has published nothing since 02 March 2026, 12:00 UTC" in text
    assert "about 28 a week" in text

    clock.move(DAY)
    read(installed, clock.now(), [clock.now()])
    assert alarms(installed) == []


def test_a_source_that_was_not_read_is_not_said_to_be_silent(
    installed: App, clock: FakeClock
) -> None:
    clock.move(60 * DAY)

    assert alarms(installed) == []


def test_a_source_that_is_paused_is_not_said_to_be_silent(installed: App, clock: FakeClock) -> None:
    clock.move(60 * DAY)
    read(installed, clock.now())
    assert len(alarms(installed)) == 1

    with installed.store.transaction() as tx:
        tx.set_source_state(GOVUK, "paused")
    assert alarms(installed) == []


def test_a_source_without_a_habit_is_never_said_to_be_silent(
    installed: App, clock: FakeClock, capsys: pytest.CaptureFixture[str]
) -> None:
    with installed.store.transaction() as tx:
        tx.add_source(SourceRecord(SourceId("new"), "feed", {}, clock.now()))
        leased = tx.lease_source(SourceId("new"), "test", clock.now(), DAY)
        assert leased is not None
        later = Health(ok_at=clock.now() + 400 * DAY)
        tx.keep([Progress(SourceId("new"), leased.epoch, later, {}, [an_entry(clock.now())])])

    assert alarms(installed) == []
    run(["--home", str(installed.settings.home), "sources", "show", "new", "--json"])
    assert json.loads(capsys.readouterr().out)["silent_from"] is None
