"""The embedded installation as a whole: replay, moving, keeping house, status, doctor."""

import json
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from structlog.testing import capture_logs

from alerts.subscribe import Wish, subscribe
from despatch import log
from despatch.app import App
from despatch.app.doctor import examine
from despatch.app.housekeeping import Housekeeper
from despatch.app.moving import move_stage
from despatch.app.replay import ReplayReport, replay
from despatch.app.running import BEAT_EVERY, Heart, lag, others_running
from despatch.app.saved_source import borrow, put_away, source_for
from despatch.app.status import status
from despatch.app.wiring import ALERTS_GROUP, PROCESSORS_GROUP
from despatch.errors import NotWritable, UsageError
from despatch.filter import Filter, of_themes
from despatch.frequency import IMMEDIATE
from despatch.model import AlertId, ReleaseId, SourceId
from despatch.ports import Beat, Body, Bus, Gap, Member, Outgoing, Signup, SourceRecord
from despatch.settings import read
from despatch.testing import FakeClock, a_revision
from despatch.testing.channels import webhook_server
from despatch.testing.subscribers import a_channel, a_subscriber
from despatch.topics import CLASSIFIED, DEAD, RELEASES, encode

MIGRATION = {
    "id": "1",
    "title": "Ministers act on illegal migration and people smuggling",
    "text": "Small boats crossings fell as border officers stopped people smuggling gangs.",
    "date": "2023-08-09",
}
ROADS = {"id": "2", "title": "Road works on the A1", "text": "Four weeks.", "date": "2023-08-10"}

HOUSING = """
title = "Housing"
description = "Homes."
version = "1"
bias = -3.0
[[terms]]
name = "homes"
patterns = ["affordable homes"]
weights = { title = 3.5, lead = 1.6, body = 0.6 }
"""


def saved(folder: Path, *rows: dict[str, str]) -> Path:
    file = folder / "saved.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def subscribed(app: App, url: str) -> None:
    wish = Wish(filter=of_themes("migration"), urls=(SecretStr(url),), name="ada")
    subscribe(app.store, app.clock, app.senders, wish)


def told(report: ReplayReport) -> list[str]:
    return [
        heard.classified.revision.release.title
        for heard in report.heard
        for match in heard.matches
        if match.outcome == "told"
    ]


def test_a_rehearsal_says_who_would_be_told_and_leaves_the_installation_as_it_is(
    installed: App, tmp_path: Path
) -> None:
    with webhook_server() as webhook:
        subscribed(installed, f"json://{webhook.address}/")
        report = replay(installed, saved(tmp_path, MIGRATION, ROADS), deliver=False)
        assert webhook.requests == []
    assert told(report) == [MIGRATION["title"]]
    assert (report.documents, report.new, report.delivered) == (2, 2, False)
    with installed.store.transaction() as tx:
        assert tx.counts().releases == 0
        assert tx.counts().deliveries["waiting"] == 0
        assert tx.sources() == []
    assert sum(extent.end for extent in installed.bus.extents(RELEASES).values()) == 0


@pytest.mark.parametrize("deliver", [False, True])
def test_a_replay_names_who_is_told_of_what_has_no_theme(
    installed: App, tmp_path: Path, deliver: bool
) -> None:
    """A subscription can ask for words, a country or everything, and no theme."""
    wish = Wish(filter=Filter(), urls=(SecretStr("console://"),), name="ada")
    subscribe(installed.store, installed.clock, installed.senders, wish)
    report = replay(installed, saved(tmp_path, MIGRATION, ROADS), deliver=deliver)
    assert sorted(told(report)) == sorted([MIGRATION["title"], ROADS["title"]])
    assert report.with_themes == 1
    assert report.deliveries == ({"delivered": 2} if deliver else {})


def test_a_rehearsal_says_the_same_each_time(installed: App, tmp_path: Path) -> None:
    subscribed(installed, "console://")
    file = saved(tmp_path, MIGRATION, ROADS)
    first, second = (replay(installed, file, deliver=False) for _ in range(2))
    assert told(first) == told(second) == [MIGRATION["title"]]
    scores = [[h.classified.themes for h in report.heard] for report in (first, second)]
    assert scores[0] == scores[1]


def test_a_replay_that_delivers_tells_once_however_often_it_is_run(
    installed: App, tmp_path: Path
) -> None:
    with webhook_server() as webhook:
        subscribed(installed, f"json://{webhook.address}/")
        file = saved(tmp_path, MIGRATION, ROADS)
        first = replay(installed, file, deliver=True)
        assert first.deliveries == {"delivered": 1}
        second = replay(installed, file, deliver=True)
        saved(tmp_path, MIGRATION, ROADS, {**ROADS, "id": "3", "title": "More road works"})
        third = replay(installed, file, deliver=True)
        assert len(webhook.requests) == 1
    assert (second.new, second.known) == (0, 0)
    assert (third.new, third.known) == (1, 2)


def test_only_documents_of_the_window_are_replayed(installed: App, tmp_path: Path) -> None:
    file = saved(tmp_path, MIGRATION, ROADS)
    at = FakeClock().now().replace(year=2023, month=8, day=10, hour=0)
    assert replay(installed, file, deliver=False, since=at).new == 1
    assert replay(installed, file, deliver=False, until=at).new == 1


def test_two_paths_of_one_name_are_two_sources(installed: App, tmp_path: Path) -> None:
    """And the same path with another window is another source, too."""
    (tmp_path / "other").mkdir()
    first, second = saved(tmp_path, ROADS), saved(tmp_path / "other", MIGRATION)
    at = FakeClock().now()
    for path, until in ((first, None), (second, None), (first, at), (first, None)):
        replay(installed, path, deliver=True, until=until)
    with installed.store.transaction() as tx:
        names = {record.id for record, _health, _due in tx.sources()}
    assert len(names) == 3
    assert "saved.jsonl" in names


def test_a_replayed_source_is_not_polled_on_a_schedule(installed: App, tmp_path: Path) -> None:
    replay(installed, saved(tmp_path, ROADS), deliver=True)
    with installed.store.transaction() as tx:
        [(source, _health, _due)] = tx.sources()
        assert source.state == "paused"


def test_a_moved_stage_reads_again_and_tells_nobody_twice(installed: App, tmp_path: Path) -> None:
    with webhook_server() as webhook:
        subscribed(installed, f"json://{webhook.address}/")
        replay(installed, saved(tmp_path, MIGRATION, ROADS), deliver=True)
        for stage in ("processors", "alerts"):
            move_stage(installed, stage, "oldest")
        assert lag(installed, PROCESSORS_GROUP, RELEASES) == 2
        assert lag(installed, ALERTS_GROUP, CLASSIFIED) == 2
        replay(installed, saved(tmp_path, MIGRATION, ROADS), deliver=True)
        assert lag(installed, ALERTS_GROUP, CLASSIFIED) == 0
        assert len(webhook.requests) == 1


def test_what_a_killed_replay_left_is_no_poller_s_to_go_on_with(
    installed: App, clock: FakeClock, tmp_path: Path
) -> None:
    """A poller would take what is undated for old news, and nobody would be told."""
    borrow(installed, source_for(saved(tmp_path, MIGRATION), None, None))
    clock.move(timedelta(days=1))
    with installed.store.transaction() as tx:
        assert tx.lease_due("a poller", clock.now(), timedelta(minutes=2), 10) == []


def test_a_replay_that_ends_does_not_pause_the_source_under_the_next_one(
    installed: App, clock: FakeClock, tmp_path: Path
) -> None:
    source = source_for(saved(tmp_path, MIGRATION), None, None)
    borrow(installed, source)
    clock.move(timedelta(minutes=1))
    with App(installed.settings, clock=clock) as other:
        other.instance = "another:1"
        borrow(other, source)
        put_away(installed, source.id)
        with installed.store.transaction() as tx:
            [(record, _health, _due)] = tx.sources()
        assert record.state == "active"
        put_away(other, source.id)
    with installed.store.transaction() as tx:
        [(record, _health, _due)] = tx.sources()
    assert record.state == "paused"


def test_a_stage_can_be_moved_to_a_time_and_to_the_end(installed: App, clock: FakeClock) -> None:
    installed.bus.publish([Outgoing(CLASSIFIED, "r-1", b"old")])
    clock.move(timedelta(hours=2))
    between = clock.now() - timedelta(hours=1)
    installed.bus.publish([Outgoing(CLASSIFIED, "r-1", b"new")])
    move_stage(installed, "alerts", "oldest")
    assert lag(installed, ALERTS_GROUP, CLASSIFIED) == 2
    move_stage(installed, "alerts", between)
    assert lag(installed, ALERTS_GROUP, CLASSIFIED) == 1
    move_stage(installed, "alerts", "newest")
    assert lag(installed, ALERTS_GROUP, CLASSIFIED) == 0


def test_a_running_stage_is_not_moved(installed: App, clock: FakeClock) -> None:
    with installed.store.transaction() as tx:
        tx.beat(Beat("alerts", "host:1", clock.now(), clock.now(), "running"))
    with pytest.raises(UsageError, match="stop it first"):
        move_stage(installed, "alerts", "oldest")
    with pytest.raises(UsageError, match="processors, alerts"):
        move_stage(installed, "nonsense", "oldest")


def test_a_stage_that_the_log_knows_to_read_is_not_moved_in_the_store_either(
    installed: App,
) -> None:
    """A stage that shows no life in the store may still read: half a move would fence it."""
    installed.bus.publish([Outgoing(CLASSIFIED, "r-1", b"old")])
    move_stage(installed, "alerts", "newest")
    with closing(installed.bus.reader([CLASSIFIED], ALERTS_GROUP)) as reader:
        reader.poll(timedelta(0))
        with pytest.raises(UsageError, match="stop them first"):
            move_stage(installed, "alerts", "oldest")
    assert lag(installed, ALERTS_GROUP, CLASSIFIED) == 0


class FaultyLog:
    """A log that falls over when it is asked for its extents, so many times."""

    def __init__(self, bus: Bus, faults: list[Exception]) -> None:
        self._bus = bus
        self._faults = faults

    def __getattr__(self, name: str) -> Any:
        if name == "extents" and self._faults:
            raise self._faults.pop(0)
        return getattr(self._bus, name)


def test_keeping_house_outlives_a_fault_of_ours_says_so_and_when_it_is_over(
    installed: App,
) -> None:
    installed.__dict__["bus"] = FaultyLog(installed.bus, [ZeroDivisionError("oh")])
    housekeeper = Housekeeper(installed)
    housekeeper.keep()
    [alarm] = status(installed).alarms
    assert alarm.key == "house is not kept"
    housekeeper.keep()
    assert status(installed).alarms == ()


def test_keeping_house_drops_what_is_older_than_it_is_kept(
    installed: App, clock: FakeClock
) -> None:
    with installed.store.transaction() as tx:
        tx.keep_bodies([Body("a" * 64, b"body", clock.now())])
        tx.add_to_story(Member(ReleaseId("r-1"), "t-1", SourceId("wire"), clock.now()), (1,))
    installed.bus.publish([Outgoing(RELEASES, "r-1", encode(a_revision()))])
    clock.move(timedelta(days=31))
    Housekeeper(installed).once()
    with installed.store.transaction() as tx:
        assert tx.body("a" * 64) is None
        assert tx.forget_hashes(clock.now()) == 0
    assert sum(1 for _ in installed.bus.browse(RELEASES)) == 1
    clock.move(timedelta(days=60))
    Housekeeper(installed).once()
    assert sum(1 for _ in installed.bus.browse(RELEASES)) == 0


def test_a_gap_that_was_tried_in_vain_is_told_once_to_who_asks_for_gaps(
    installed: App, clock: FakeClock
) -> None:
    source, now = SourceId("govuk"), clock.now()
    wish = Wish(
        filter=Filter(), urls=(SecretStr("console://"),), name="ada", events=frozenset({"gap"})
    )
    subscribe(installed.store, clock, installed.senders, wish)
    with installed.store.transaction() as tx:
        tx.add_source(SourceRecord(source, "feed", {"address": "https://x.gov/f"}, now))
        tx.add_gap(Gap("g-1", source, now, now - timedelta(days=1), now))
    housekeeper = Housekeeper(installed)
    housekeeper.once()
    assert status(installed).counts.deliveries["waiting"] == 0
    with installed.store.transaction() as tx:
        tx.try_gap("g-1", 0, "page 2 is not there", None)
    for _again in range(2):
        housekeeper.once()
        Housekeeper(installed).once()  # another process, or this one started again
        assert status(installed).counts.deliveries["waiting"] == 1


def test_lag_beyond_half_of_what_is_kept_is_an_alarm_until_it_is_gone(
    installed: App, clock: FakeClock
) -> None:
    installed.bus.publish([Outgoing(RELEASES, "r-1", encode(a_revision()))])
    clock.move(timedelta(days=44))
    Housekeeper(installed).once()
    assert status(installed).alarms == ()
    clock.move(timedelta(days=2))
    Housekeeper(installed).once()
    [alarm] = status(installed).alarms
    assert "processors is 46 days behind" in alarm.text
    move_stage(installed, "processors", "newest")
    Housekeeper(installed).once()
    assert status(installed).alarms == ()


def test_where_little_is_kept_lag_is_told_in_hours(tmp_path: Path, clock: FakeClock) -> None:
    with App(read(tmp_path / "home", environ={}, retention="12h"), clock=clock) as app:
        app.bus.publish([Outgoing(RELEASES, "r-1", encode(a_revision()))])
        clock.move(timedelta(hours=7))
        Housekeeper(app).once()
        [alarm] = status(app).alarms
    assert "processors is 7 hours behind, and messages are dropped after 12 hours" in alarm.text


def test_a_stage_without_a_sign_of_life_is_missing(installed: App, clock: FakeClock) -> None:
    with Heart(installed, "processors"), Heart(installed, "alerts"):
        while not others_running(installed):
            pass
        assert status(installed).missing == ("ingest",)
    assert not others_running(installed)
    assert status(installed).missing == ("ingest", "processors", "alerts")
    assert timedelta(seconds=30) > 3 * BEAT_EVERY


def test_a_stage_that_shows_no_life_at_two_looks_is_an_alarm_until_it_does(
    installed: App, clock: FakeClock
) -> None:
    """At one look alone it may be that the machine slept. The poller never ran here."""

    def beat(state: Literal["running", "stopped"]) -> None:
        with installed.store.transaction() as tx:
            tx.beat(Beat("processors", "a", clock.now(), clock.now(), state))

    housekeeper = Housekeeper(installed)
    beat("running")
    housekeeper.once()
    clock.move(timedelta(minutes=1))
    housekeeper.once()
    assert status(installed).alarms == ()
    housekeeper.once()
    [alarm] = status(installed).alarms
    assert "processors shows no life" in alarm.text
    beat("running")
    housekeeper.once()
    assert status(installed).alarms == ()


def test_the_doctor_finds_who_asks_for_a_theme_that_is_gone(tmp_path: Path) -> None:
    """Nobody would be told, and everything would look well."""
    (tmp_path / "housing.toml").write_text(HOUSING)
    home = tmp_path / "home"
    with App(read(home, environ={}, themes_dir=tmp_path)) as app:
        urls = (SecretStr("console://"),)
        wish = Wish(filter=of_themes("housing"), urls=urls, name="me")
        made, _new = subscribe(app.store, app.clock, app.senders, wish)
    with App(read(home, environ={})) as app:
        [wrong] = [finding for finding in examine(app) if finding.verdict == "wrong"]
    assert "housing" in wrong.text
    assert f"remove {made.id}" in wrong.text


@pytest.mark.parametrize(
    "kinds,lacks",
    [
        ((), "no [[examples.matching]] and no [[examples.missing]]"),
        (("matching",), "no [[examples.missing]]"),
        (("missing",), "no [[examples.matching]]"),
        (("matching", "missing"), ""),
    ],
)
def test_a_theme_without_examples_is_named_with_its_file_and_the_fix_and_judges_all_the_same(
    tmp_path: Path, kinds: tuple[str, ...], lacks: str
) -> None:
    file = tmp_path / "housing.toml"
    example = '[[examples.{}]]\ntitle = "x"\ntext = "x"\n'
    file.write_text(HOUSING + "".join(map(example.format, kinds)))
    with App(read(tmp_path / "home", environ={}, themes_dir=tmp_path)) as app:
        log.configure(level="warning")  # a command before may have asked for errors alone
        with capture_logs() as logged:
            app.classifying()
        assert "housing" in {theme.id for theme in app.themes}
        [found] = [finding for finding in examine(app) if finding.looked_at == "themes"]
    said = [one["fault"] for one in logged if one["event"] == "theme can't be tested"]
    fault = (
        f"{file}: {lacks}, so nothing shows that it is right: write some, then: "
        "despatch themes test housing"
    )
    assert said == ([fault] if lacks else [])
    assert found.verdict == ("advice" if lacks else "sound")
    assert found.text.endswith(f"; {fault}" if lacks else ", housing")


def test_a_process_that_was_killed_is_shown_for_a_while_and_one_that_stopped_is_not(
    installed: App, clock: FakeClock
) -> None:
    def beats(at: datetime, state: Literal["running", "stopped"], *instances: str) -> None:
        with installed.store.transaction() as tx:
            for one in instances:
                tx.beat(Beat("processors", one, began, at, state))

    began = clock.now()
    beats(began, "running", "killed", "lives", "stopped")
    clock.move(timedelta(minutes=1))
    beats(clock.now(), "running", "lives")
    beats(clock.now(), "stopped", "stopped")
    assert {beat.instance for beat in status(installed).beats} == {"killed", "lives"}
    clock.move(timedelta(minutes=10))
    later = status(installed)
    assert (later.beats, later.missing) == ((), ("ingest", "processors", "alerts"))
    assert later.last_seen == {"processors": began + timedelta(minutes=1)}


def test_the_doctor_finds_a_new_installation_sound(installed: App) -> None:
    found = list(examine(installed))
    assert [finding for finding in found if finding.verdict == "wrong"] == []
    assert {f.looked_at for f in found if f.verdict == "advice"} == {"operator's channel", "stages"}


def test_the_doctor_says_the_way_out(installed: App, clock: FakeClock) -> None:
    installed.alarms.open("disk", "the disk is full: make room")
    broken = installed.settings.model_copy(update={"operator_url": SecretStr("jsn://hunter2")})
    with App(broken, clock=clock) as app:
        wrong = {f.looked_at: f.text for f in examine(app) if f.verdict == "wrong"}
    assert "make room" in wrong["alarms"]
    assert "json" in wrong["operator's channel"]
    assert "hunter2" not in str(wrong)


def test_the_doctor_finds_a_key_that_is_lost(installed: App, clock: FakeClock) -> None:
    """Before an alert can't be sent for want of it."""
    with installed.store.transaction() as tx:
        tx.add_subscriber(a_subscriber())
        tx.add_channel(a_channel())
    another = installed.settings.model_copy(
        update={"secret_key": SecretStr(Fernet.generate_key().decode())}
    )
    with App(another, clock=clock) as app:
        wrong = {f.looked_at: f.text for f in examine(app) if f.verdict == "wrong"}
    assert "put the old key back" in wrong["store"]


def test_a_home_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with (
        App(read(tmp_path / "home", environ={})) as app,
        pytest.raises(NotWritable, match="--home DIR"),
    ):
        app.bus.extents(DEAD)


def test_keeping_house_drops_sign_ups_that_nobody_confirmed(
    installed: App, clock: FakeClock
) -> None:
    wish: dict[str, Any] = {"filter": of_themes("migration"), "frequency": IMMEDIATE}
    with installed.store.transaction() as tx:
        tx.add_subscriber(a_subscriber())
        tx.add_channel(a_channel())
        made = Signup(
            "g-1",
            a_subscriber().id,
            a_channel().id,
            AlertId("a-1"),
            created_at=clock.now(),
            ends_at=clock.now() + timedelta(days=7),
            **wish,
        )
        tx.add_signup(made, mailbox=SecretStr("ada@example.org"), network="n")
    clock.move(timedelta(days=7))
    Housekeeper(installed).once()
    with installed.store.transaction() as tx:
        assert tx.signup("g-1") is None


def test_the_doctor_finds_public_pages_that_could_not_be_served(
    installed: App, clock: FakeClock
) -> None:
    """`up` ends itself over them, so they are named before."""
    public = installed.settings.model_copy(update={"public_url": "https://alerts.example.org"})
    with App(public, clock=clock) as app:
        found = {f.looked_at: f for f in examine(app)}
    assert (found["public pages"].verdict, "mail_url" in found["public pages"].text) == (
        "advice",
        True,
    )
    server = SecretStr("mailto://u:hunter2@127.0.0.1:1")
    with App(public.model_copy(update={"mail_url": server}), clock=clock) as app:
        found = {f.looked_at: f for f in examine(app)}
    assert found["public pages"].verdict == "wrong"
    assert "mail_from" in found["public pages"].text
    whole = {"mail_url": server, "mail_from": "Alerts <alerts@example.org>"}
    with App(public.model_copy(update=whole), clock=clock) as app:
        found = {f.looked_at: f for f in examine(app)}
    assert found["public pages"].verdict == "sound"
