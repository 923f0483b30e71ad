"""The table of revisions (docs/reference/revisions.md): a test for each row, and for each limit."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from alerts.revisions import Hold, Tell, Verdict, decide, verdict
from despatch.model import Classified, Event, Revision, SourceId
from despatch.ports import Archived, Told
from despatch.testing import a_classified, a_release, a_revision
from despatch.testing.releases import SEEN
from despatch.testing.subscribers import a_subscription

OLD = "The fee is £35.\n\nIt has been so since 2019."
NEW = "The fee is £38.\n\nIt has been so since 2019."
TYPO = "The fee is £35.\n\nIt has  been so since 2019!"


def observed(
    text: str = OLD, *, themes: tuple[str, ...] = ("migration",), **said: Any
) -> Classified:
    """Return a classified revision; `source`, `kind`, `from_`, `status` are its release's."""
    release = a_release(
        "fees",
        title="Fees",
        text=text,
        source=SourceId(said.pop("source", "govuk")),
        text_kind=said.pop("kind", "full"),
        text_from=said.pop("from_", "api"),
        status=said.pop("status", "live"),
        published_at=said.pop("published_at", SEEN),
    )
    number = said.pop("number", 1)
    revision = a_revision(release, number=number, **said)
    return a_classified(revision, themes=themes)


def kept(*taken: Classified, best: int = -1, status: str | None = None) -> Archived:
    """Return what the archive holds after taking these, in this order."""
    last = taken[-1].revision
    prints: Mapping[SourceId, str] = {
        one.revision.release.source: one.revision.fingerprint for one in taken
    }
    return Archived(
        release=last.release.id,
        classified=taken[best],
        observed_at=max(one.revision.observed_at for one in taken),
        status=status or last.release.status,  # type: ignore[arg-type]
        sources=prints,
        seen=frozenset(one.id for one in taken),
    )


def told(*events: Event) -> tuple[Told, ...]:
    """Return that a subscriber heard of it, in this order."""
    return tuple(
        Told(a_subscription().subscriber, a_release("fees").id, f"v-{n}", event, SEEN + n * HOUR)
        for n, event in enumerate(events)
    )


HOUR = timedelta(hours=1)
WANTS_ALL = a_subscription()
FIRST = observed()


def answer(
    found: Verdict,
    revision: Revision | None = None,
    *,
    matches: bool = True,
    heard: tuple[Told, ...] = (),
    subscription: Any = WANTS_ALL,
    later: timedelta = HOUR,
) -> Tell | Hold:
    return decide(
        found,
        revision or FIRST.revision,
        subscription,
        matches_now=matches,
        told=heard,
        now=SEEN + later,
    )


def wanting(*events: Event) -> Any:
    return a_subscription(events=frozenset(events))


def event_of(said: Tell | Hold) -> Event | None:
    return said.event if isinstance(said, Tell) else None


# unknown release: new, to whoever wants *new* and matches


def test_an_unknown_release_is_new_and_told_to_whoever_wants_new_and_matches() -> None:
    found = verdict(FIRST, None)
    assert found.cause == "new"
    assert found.best
    assert event_of(answer(found)) == "new"


def test_a_new_release_is_not_told_to_whoever_does_not_want_new() -> None:
    assert answer(verdict(FIRST, None), subscription=wanting("revised")) == Hold(
        "new releases are not wanted"
    )


def test_a_new_release_is_not_told_where_it_does_not_match() -> None:
    assert event_of(answer(verdict(FIRST, None), matches=False)) is None


@pytest.mark.parametrize("cause", ["completed", "revised", "restored"])
def test_whatever_a_source_calls_it_the_first_sight_is_new(cause: Any) -> None:
    assert verdict(observed(cause=cause, number=2), None).cause == "new"


def test_a_release_first_seen_withdrawn_is_told_to_nobody() -> None:
    found = verdict(observed(status="withdrawn"), None)
    assert found.cause == "withdrawn"
    assert event_of(answer(found)) is None


# completed: new to whoever matches and was not yet told, nothing to others

SUMMARY = observed("Fees rise.", kind="summary", from_="feed", source="feed")
FULL = observed(OLD, from_="page", source="feed", cause="completed", number=2)


def test_full_text_after_a_summary_is_completed_and_its_text_is_kept() -> None:
    found = verdict(FULL, kept(SUMMARY))
    assert found.cause == "completed"
    assert found.best


def test_another_sources_wording_is_completed_though_that_source_says_new() -> None:
    found = verdict(observed("Fees are to rise.", source="dept", from_="feed"), kept(FIRST))
    assert found.cause == "completed"
    assert not found.best, "the API's text is better than a feed's"


def test_the_api_s_text_takes_the_place_of_a_feed_s() -> None:
    other = observed(OLD, from_="feed", source="dept", kind="summary")
    assert verdict(FIRST, kept(other)).best


def test_a_theme_that_newly_matches_is_completed() -> None:
    again = FIRST.model_copy(update={"id": "c-by-newer-themes"})
    again = again.model_copy(update={"themes": observed(themes=("migration", "fees")).themes})
    assert verdict(again, kept(FIRST)).cause == "completed"


def test_judged_anew_without_another_theme_is_nothing() -> None:
    again = FIRST.model_copy(update={"id": "c-by-newer-themes"})
    assert verdict(again, kept(FIRST)).cause is None


def test_completed_is_new_to_whoever_was_not_told() -> None:
    assert event_of(answer(verdict(FULL, kept(SUMMARY)))) == "new"


def test_completed_is_nothing_to_whoever_was_told() -> None:
    said = answer(verdict(FULL, kept(SUMMARY)), heard=told("new"))
    assert isinstance(said, Hold)
    assert "told already" in said.reason


# revised: revised if material and wanted, and new to whoever matches now and never heard

REVISED = observed(NEW, cause="revised", number=2, replaces=FIRST.revision.fingerprint)


def test_a_changed_text_is_revised_with_the_diff() -> None:
    found = verdict(REVISED, kept(FIRST))
    assert found.cause == "revised"
    assert found.material
    assert "£38" in found.changed.words
    assert "£35" in found.changed.words


def test_a_material_revision_is_told_to_whoever_heard() -> None:
    assert event_of(answer(verdict(REVISED, kept(FIRST)), heard=told("new"))) == "revised"


def test_a_revision_is_new_to_whoever_matches_now_and_never_heard() -> None:
    assert event_of(answer(verdict(REVISED, kept(FIRST)))) == "new"


def test_a_revision_is_told_to_whoever_wants_revisions_alone() -> None:
    said = answer(verdict(REVISED, kept(FIRST)), subscription=wanting("revised"))
    assert event_of(said) == "revised"


def test_a_revision_is_not_told_to_whoever_does_not_want_it() -> None:
    said = answer(verdict(REVISED, kept(FIRST)), heard=told("new"), subscription=wanting("new"))
    assert said == Hold("revisions are not wanted")


def test_a_trifle_is_not_told_as_revised() -> None:
    trifle = observed(TYPO, cause="revised", number=2, replaces=FIRST.revision.fingerprint)
    found = verdict(trifle, kept(FIRST))
    assert found.cause == "revised"
    assert not found.material
    assert answer(found, heard=told("new")) == Hold(f"not material: {found.reason}")


def test_a_changed_text_of_a_lesser_source_is_not_a_revision_of_the_kept_one() -> None:
    feed = observed("Fees rise.", kind="summary", from_="feed", source="feed")
    later = observed(
        "Fees rise soon.",
        kind="summary",
        from_="feed",
        source="feed",
        cause="revised",
        number=2,
        replaces=feed.revision.fingerprint,
        observed_at=SEEN + HOUR,
    )
    assert verdict(later, kept(feed, FIRST)).cause == "completed"


def test_a_source_that_catches_up_with_the_kept_text_says_nothing_new() -> None:
    other = observed(OLD, source="dept")
    caught_up = observed(
        NEW, source="dept", cause="revised", number=2, replaces=other.revision.fingerprint
    )
    assert verdict(caught_up, kept(other, REVISED)).cause == "completed"


def test_a_revision_whose_earlier_wording_is_not_kept_is_told_all_the_same() -> None:
    other = observed("Another wording of fees.", source="dept")
    later = observed(
        NEW, source="dept", cause="revised", number=2, replaces=other.revision.fingerprint
    )
    found = verdict(later, kept(other, FIRST))
    assert found.cause == "revised"
    assert found.material
    assert found.changed.words == ""


# none: nobody


def test_the_very_same_message_again_is_a_repeat() -> None:
    assert verdict(FIRST, kept(FIRST)).repeat


def test_the_same_text_again_is_nothing() -> None:
    back = observed(OLD, cause="revised", number=3, replaces="1:of-what-we-missed")
    found = verdict(back, kept(FIRST))
    assert found.cause is None
    assert event_of(answer(found)) is None


def test_equal_words_under_another_fingerprint_are_nothing() -> None:
    """Our cleaner's new version, or a change of white space."""
    other = observed(OLD.replace("\n\n", "\n \n"), cause="revised", number=2)
    renamed = other.revision.model_copy(
        update={"fingerprint": "2:abc", "replaces": FIRST.revision.fingerprint}
    )
    assert verdict(other.model_copy(update={"revision": renamed}), kept(FIRST)).cause is None


def test_an_older_observation_never_overwrites() -> None:
    older = observed(NEW, cause="revised", number=2, observed_at=SEEN - HOUR, replaces="1:x")
    found = verdict(older, kept(FIRST))
    assert found.cause is None
    assert not found.best
    assert "older" in found.reason


def test_a_real_return_to_an_older_text_is_a_revision() -> None:
    """A → B → A is judged by what it replaces, not by having been seen before."""
    back = observed(
        OLD,
        cause="revised",
        number=3,
        replaces=REVISED.revision.fingerprint,
        observed_at=SEEN + HOUR,
    )
    assert verdict(back, kept(FIRST, REVISED)).cause == "revised"


def test_a_source_s_next_text_counts_though_another_source_was_seen_later() -> None:
    other = observed(OLD, source="dept", observed_at=SEEN + 2 * HOUR)
    found = verdict(REVISED, kept(FIRST, other))
    assert found.cause == "revised"


# withdrawn, restored: to whoever was told of it

WITHDRAWN = observed(
    OLD,
    status="withdrawn",
    cause="withdrawn",
    number=2,
    replaces=FIRST.revision.fingerprint,
    observed_at=SEEN + HOUR,
)
RESTORED = observed(
    OLD,
    cause="restored",
    number=3,
    replaces=WITHDRAWN.revision.fingerprint,
    observed_at=SEEN + 2 * HOUR,
)


@pytest.mark.parametrize("matches", [True, False])
def test_a_withdrawal_is_told_to_whoever_heard_matching_still_or_not(matches: bool) -> None:
    found = verdict(WITHDRAWN, kept(FIRST))
    assert found.cause == "withdrawn"
    assert event_of(answer(found, matches=matches, heard=told("new"))) == "withdrawn"


def test_a_withdrawal_is_not_told_to_whoever_never_heard() -> None:
    assert answer(verdict(WITHDRAWN, kept(FIRST))) == Hold("never told of it")


def test_a_second_source_s_withdrawal_says_nothing_new() -> None:
    other = observed(
        status="withdrawn", source="dept", cause="withdrawn", observed_at=SEEN + 2 * HOUR
    )
    assert verdict(other, kept(FIRST, WITHDRAWN)).cause is None


def test_a_return_is_told_to_whoever_heard() -> None:
    found = verdict(RESTORED, kept(FIRST, WITHDRAWN))
    assert found.cause == "restored"
    assert event_of(answer(found, heard=told("new", "withdrawn"))) == "restored"
    assert event_of(answer(found, heard=told("new"))) == "restored"
    assert event_of(answer(found)) is None


def test_a_return_after_another_source_s_live_copy_is_told_to_whoever_heard_of_the_end() -> None:
    found = verdict(RESTORED, kept(FIRST, WITHDRAWN, status="live"))
    assert event_of(answer(found, heard=told("new", "withdrawn"))) == "restored"
    assert event_of(answer(found, heard=told("new"))) is None


def test_the_same_end_is_told_once() -> None:
    found = verdict(WITHDRAWN, kept(FIRST))
    assert event_of(answer(found, heard=told("new", "withdrawn"))) is None
    assert event_of(answer(found, heard=told("new", "withdrawn", "restored"))) == "withdrawn"


def test_a_bare_withdrawal_does_not_erase_the_text() -> None:
    bare = observed("", status="withdrawn", cause="withdrawn", number=2, observed_at=SEEN + HOUR)
    assert not verdict(bare, kept(FIRST)).best


# backlog and late


def test_backlog_is_told_to_nobody() -> None:
    old = observed(backlog=True)
    said = answer(verdict(old, None), old.revision)
    assert isinstance(said, Hold)
    assert said.reason.startswith("backlog")


def test_a_fuller_text_of_backlog_is_told_to_nobody() -> None:
    old = SUMMARY.model_copy(
        update={"revision": SUMMARY.revision.model_copy(update={"backlog": True})}
    )
    assert verdict(FULL, kept(old)).cause is None


def test_what_was_backlog_at_one_source_is_told_when_another_shows_it_as_new() -> None:
    old = observed("Fees rise.", source="dept", backlog=True)
    assert event_of(answer(verdict(FIRST, kept(old)))) == "new"


@pytest.mark.parametrize("days, event", [(6, "new"), (7, "new"), (8, None)])
def test_a_late_release_is_told_up_to_the_greatest_age(days: int, event: Event | None) -> None:
    late = observed(late=True)
    said = answer(verdict(late, None), late.revision, later=timedelta(days=days))
    assert event_of(said) == event


def test_a_release_that_is_not_late_is_told_whatever_its_date() -> None:
    said = answer(verdict(FIRST, None), later=timedelta(days=400))
    assert event_of(said) == "new"
