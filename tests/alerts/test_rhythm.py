"""When something is told, and what a digest is made of: values in, values out."""

from datetime import UTC, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from alerts.digest import MAX_ITEMS, compose, surest
from alerts.rhythm import AtOnce, Later, due, pace
from despatch.frequency import IMMEDIATE, Frequency, Limit, Quiet, frequency, quiet
from despatch.model import Classified, Linked, Subscription, ThemeId, ThemeScore
from despatch.ports import DueDigest, Item
from despatch.schedule import quiet_until
from despatch.testing import a_classified, a_release, a_revision
from despatch.testing.releases import SEEN
from despatch.testing.subscribers import a_channel, a_subscriber, a_subscription

ADA = a_subscriber("ada")
HOUR = timedelta(hours=1)
ZONES = st.sampled_from(["UTC", "Europe/London", "America/New_York", "Asia/Kolkata"])
TIMES = st.times(max_value=time(23, 59)).map(lambda at: at.replace(second=0, microsecond=0))
MOMENTS = st.datetimes(
    min_value=datetime(2024, 1, 1),  # noqa: DTZ001 - the strategy takes naive bounds
    max_value=datetime(2029, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@st.composite
def frequencies(draw: st.DrawFn) -> Frequency:
    if draw(st.booleans()):
        return frequency(draw(st.sampled_from(["immediate", "hourly"])))
    return Frequency(every="daily", at=draw(TIMES), zone=draw(ZONES))


@st.composite
def quiets(draw: st.DrawFn) -> Quiet:
    since = draw(TIMES)
    return Quiet(since=since, until=draw(TIMES.filter(lambda at: at != since)), zone=draw(ZONES))


def asking(*every: Frequency) -> list[Subscription]:
    return [a_subscription(name=str(n), frequency=one) for n, one in enumerate(every)]


@given(st.lists(frequencies(), min_size=1, max_size=4), st.none() | quiets(), MOMENTS)
def test_nothing_is_told_in_quiet_hours_nor_before_it_came(
    every: list[Frequency], hours: Quiet | None, now: datetime
) -> None:
    paced = pace(asking(*every), ADA.model_copy(update={"quiet": hours}), now)
    at = now if isinstance(paced, AtOnce) else paced.due_at
    assert at >= now
    assert hours is None or quiet_until(hours, at) is None


@given(st.lists(frequencies(), min_size=1, max_size=4), st.none() | quiets(), MOMENTS)
def test_the_soonest_decides_and_those_as_soon_go_with_it(
    every: list[Frequency], hours: Quiet | None, now: datetime
) -> None:
    asked = asking(*every)
    paced = pace(asked, ADA.model_copy(update={"quiet": hours}), now)
    moments = {one.id: due(one.frequency, hours, now) for one in asked}
    first = min(moments.values())
    assert [one.id for one in paced.through] == [id_ for id_, at in moments.items() if at == first]


@given(quiets(), MOMENTS)
def test_the_period_begins_before_what_it_tells(hours: Quiet, now: datetime) -> None:
    for every in (IMMEDIATE, frequency("hourly"), frequency("daily 08:30 Europe/London")):
        paced = pace(asking(every), ADA.model_copy(update={"quiet": hours}), now)
        if isinstance(paced, Later):
            assert paced.since <= now < paced.due_at


@given(st.integers(1, 5), st.integers(0, 9))
def test_over_the_limit_it_waits_for_the_overflow_and_under_it_it_does_not(
    most: int, told: int
) -> None:
    who = ADA.model_copy(update={"limit": Limit(count=most, per="day")})
    paced = pace(asking(IMMEDIATE), who, SEEN, told_at_once=told)
    if told < most:
        assert isinstance(paced, AtOnce)
    else:
        assert isinstance(paced, Later)
        assert (paced.waits_for, paced.due_at) == ("limit", SEEN + timedelta(minutes=1))


def test_an_overflow_that_is_due_in_quiet_hours_comes_when_they_end() -> None:
    who = ADA.model_copy(
        update={"limit": Limit(count=1, per="day"), "quiet": quiet("12:00-13:30 UTC")}
    )
    paced = pace(asking(IMMEDIATE), who, SEEN, told_at_once=1)
    assert isinstance(paced, Later)
    assert paced.due_at == datetime(2026, 3, 2, 13, 30, tzinfo=UTC)


ASKED = a_subscription(a_channel(ADA), name="ada")


def an_item(name: str, *scores: tuple[str, float], **changed: object) -> Item:
    themes = tuple(
        ThemeScore(theme=ThemeId(theme), version="1", score=score, evidence=())
        for theme, score in scores
    )
    classified: Classified = a_classified(a_revision(a_release(name)), themes=())
    fields = {
        "subscriber": ADA.id,
        "classified": classified.model_copy(update={"themes": themes}),
        "event": "new",
        "reason": "asked",
        "changed": "",
        "subscriptions": (ASKED.id,),
        "through": (ASKED.id,),
        "waits_for": "digest",
        "why": "hourly",
        "since": SEEN,
        "due_at": SEEN + HOUR,
        "held_at": SEEN,
    }
    return Item(**(fields | changed))  # type: ignore[arg-type]  # what a test names, it knows


SCORES = st.lists(
    st.tuples(st.sampled_from(["migration", "trade", "visas"]), st.floats(0, 1)),
    max_size=3,
    unique_by=lambda one: one[0],
)


@given(st.lists(st.tuples(st.integers(0, 6), SCORES), min_size=1, max_size=12))
def test_a_digest_has_each_release_once_in_groups_with_counts_the_surest_first(
    told: list[tuple[int, list[tuple[str, float]]]],
) -> None:
    items = tuple(
        an_item(f"r{n}", *scores, event="new" if place == 0 else "revised")
        for place, (n, scores) in enumerate(told)
    )
    alert = compose(DueDigest(ADA.id, (SEEN + HOUR,), items), [ASKED], SEEN + HOUR).alert
    assert alert is not None
    assert alert.digest is not None
    shown = [(*surest(item), item.classified.revision.release.id) for item in alert.digest.items]
    assert sorted(release for *_, release in shown) == sorted({item.release for item in items})
    groups = list(dict.fromkeys(theme for theme, *_ in shown))
    assert [theme for theme, _ in alert.digest.by_theme] == groups
    assert sum(count for _, count in alert.digest.by_theme) == alert.digest.total == len(shown)
    assert shown == sorted(shown, key=lambda one: groups.index(one[0])), "a group stands together"
    for theme in groups:
        scores = [score for name, score, _ in shown if name == theme]
        assert scores == sorted(scores, reverse=True)
    best = [next(score for name, score, _ in shown if name == theme) for theme in groups if theme]
    assert best == sorted(best, reverse=True)
    assert "" not in groups[:-1], "what has no theme comes last"


def test_a_digest_shows_the_first_and_counts_all() -> None:
    items = tuple(an_item(f"r{n}", ("migration", 0.5)) for n in range(MAX_ITEMS + 3))
    alert = compose(DueDigest(ADA.id, (SEEN + HOUR,), items), [ASKED], SEEN).alert
    assert alert is not None
    assert alert.digest is not None
    assert (len(alert.digest.items), alert.digest.total) == (MAX_ITEMS, MAX_ITEMS + 3)


def test_a_digest_says_who_else_published_it_by_now() -> None:
    other = Linked(title="No 10", address="https://example.gov/10")
    item = an_item("fees", ("migration", 0.5), also=())
    due_now = DueDigest(ADA.id, (SEEN + HOUR,), (item,))
    alert = compose(due_now, [ASKED], SEEN, {item.release: [other]}).alert
    assert alert is not None
    assert alert.digest is not None
    assert alert.digest.items[0].also == (other,)


def test_the_same_run_has_the_same_id_whenever_it_is_run() -> None:
    due_now = DueDigest(ADA.id, (SEEN, SEEN + HOUR), (an_item("fees"),))
    ids = {compose(due_now, [ASKED], SEEN + n * HOUR).alert for n in (1, 2)}
    assert len({alert.id for alert in ids if alert is not None}) == 1


def test_over_the_channels_of_whoever_decided_while_one_of_them_is_active() -> None:
    slow = a_subscription(a_channel(ADA, "json://hooks.example/slow"), name="slow")
    item = an_item("fees", subscriptions=(ASKED.id, slow.id), through=(ASKED.id,))
    due_now = DueDigest(ADA.id, (SEEN + HOUR,), (item,))
    assert compose(due_now, [ASKED, slow], SEEN).channels == ASKED.channels
    paused = ASKED.model_copy(update={"state": "paused"})
    assert compose(due_now, [paused, slow], SEEN).channels == slow.channels
    ended = slow.model_copy(update={"state": "paused"})
    assert compose(due_now, [paused, ended], SEEN).alert is None
