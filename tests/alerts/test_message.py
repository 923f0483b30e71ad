"""What an alert says: complete, marked, bounded, and nothing that a release could smuggle in."""

import json
import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.evaluate import matches
from alerts.evidence import evidence_words
from alerts.excerpts import excerpts
from alerts.messages import MAX_SHORT, Messages
from alerts.messages.about import link_of
from alerts.messages.payload import marked
from alerts.messages.saying import MAX_SUBJECT
from despatch.model import Alert, DeliveryId, Evidence, SubscriptionId, ThemeId, ThemeScore
from despatch.testing import a_classified, a_release, a_revision
from despatch.testing.subscribers import a_subscription, an_alert

KEY = DeliveryId("y-key")
MESSAGES = Messages()
TEXT = (
    "Ministers met on Monday. They will act against people smuggling and stop small boats "
    "before summer. Nothing else was said.\n\nA visa fee rises."
)


def spans(text: str, *words: str, field: Any = "text", weight: float = 2.0) -> tuple[Evidence, ...]:
    """Return the first occurrence of each as evidence, each lighter than the one before."""
    return tuple(
        Evidence(
            field=field,
            start=text.index(one),
            end=text.index(one) + len(one),
            text=one,
            weight=weight - n / 10,
        )
        for n, one in enumerate(words)
    )


RELEASE = a_release("deal", title="A deal on small boats", text=TEXT)
MIGRATION = ThemeScore(
    theme=ThemeId("migration"),
    version="1",
    score=0.97,
    evidence=(
        *spans(TEXT, "people smuggling", "small boats"),
        *spans(RELEASE.title, "small boats", field="title", weight=1.0),
    ),
)
PARTNERS = ThemeScore(
    theme=ThemeId("partnerships"),
    version="1",
    score=0.6,
    evidence=spans(RELEASE.title, "deal", field="title"),
)
CLASSIFIED = a_classified(a_revision(RELEASE)).model_copy(update={"themes": (PARTNERS, MIGRATION)})
ALERT = an_alert(
    CLASSIFIED,
    reason="your subscription “Boats” asks for theme migration",
    subscriptions=(SubscriptionId("s-1f2e3d"),),
)
TEST_ALERT = an_alert(event="test").model_copy(
    update={"classified": None, "subject": "it works", "body": "This is a test."}
)


def payload(alert: Alert) -> Any:
    """Return a webhook's body as its receiver reads it."""
    return json.loads(MESSAGES.encoded(alert, KEY))


def test_the_subject_says_what_happened_and_the_themes_surest_first() -> None:
    assert MESSAGES.subject(ALERT) == "New: A deal on small boats (migration, partnerships)"


def test_the_text_has_title_source_date_all_themes_link_reason_way_out_and_key() -> None:
    text = MESSAGES.text(ALERT, KEY)
    for part in (
        "A deal on small boats",
        "2 March 2026 (source: example)",
        "Theme migration (97% sure): people smuggling, small boats",
        "Theme partnerships (60% sure): deal",
        "https://example.gov/deal",
        "Why you get this: your subscription “Boats” asks for theme migration",
        "despatch subscriptions remove s-1f2e3d",
        "y-key",
    ):
        assert part in text


def test_an_experimental_theme_is_marked_in_the_text_the_body_and_the_reason() -> None:
    untried = PARTNERS.model_copy(update={"experimental": True})
    classified = CLASSIFIED.model_copy(update={"themes": (untried, MIGRATION)})
    alert = ALERT.model_copy(update={"classified": classified})
    assert "Theme partnerships (experimental, 60% sure): deal" in MESSAGES.text(alert, KEY)
    assert "Theme migration (97% sure)" in MESSAGES.text(alert, KEY)
    shown = payload(alert)["release"]["themes"]
    assert [one["experimental"] for one in shown] == [False, True]
    asked = a_subscription(themes=(ThemeId("migration"), ThemeId("partnerships")))
    assert "theme partnerships (experimental), 60% sure: “deal”" in (
        matches(asked.filter, classified) or ""
    )


def test_evidence_words_are_marked_in_their_sentence() -> None:
    assert (
        "They will act against *people smuggling* and stop *small boats* before summer."
        in MESSAGES.text(ALERT, KEY)
    )


def test_a_revision_says_what_changed_and_a_withdrawal_that_it_is_gone() -> None:
    revised = ALERT.model_copy(update={"event": "revised", "changed": "Now says: “£38”"})
    assert "What changed:\nNow says: “£38”" in MESSAGES.text(revised, KEY)
    unknown = ALERT.model_copy(update={"event": "revised"})
    assert "What changed is not known." in MESSAGES.text(unknown, KEY)
    gone = ALERT.model_copy(update={"event": "withdrawn"})
    assert "The publisher has withdrawn this." in MESSAGES.text(gone, KEY)


def test_a_late_alert_says_so() -> None:
    late = a_classified(a_revision(RELEASE, late=True))
    assert MESSAGES.subject(an_alert(late)).startswith("New, late: ")
    assert "Late: found when a gap was repaired." in MESSAGES.text(an_alert(late), KEY)


def test_a_test_alert_says_its_own_text() -> None:
    assert MESSAGES.subject(TEST_ALERT) == "Test: it works"
    assert MESSAGES.text(TEST_ALERT, KEY).startswith("it works\n\nThis is a test.")


def test_the_json_body_is_version_2_and_holds_all_themes_marked() -> None:
    body = payload(ALERT)
    assert body["version"] == 2
    assert body["key"] == KEY
    assert body["subscriptions"] == ["s-1f2e3d"]
    assert body["release"]["link"] == "https://example.gov/deal"
    assert body["release"]["published_at"] == "2026-03-02T11:59:00Z"
    assert [one["theme"] for one in body["release"]["themes"]] == ["migration", "partnerships"]
    assert "*people smuggling*" in body["release"]["themes"][0]["excerpts"][1]
    assert payload(TEST_ALERT)["release"] is None


def test_a_short_text_keeps_the_link() -> None:
    assert MESSAGES.short(ALERT).endswith(" https://example.gov/deal")
    long = an_alert(a_classified(a_revision(a_release("x", title="word " * 400))))
    assert MESSAGES.short(long).endswith("word... (migration) https://example.gov/x")
    assert len(MESSAGES.short(long)) <= MAX_SHORT


def test_a_message_that_does_not_fit_is_cut_but_keeps_the_link() -> None:
    for most in (10_000, 280, 160, 70):
        fitted = MESSAGES.fitting(ALERT, KEY, "text", most)
        assert len(fitted) <= most
        assert "https://example.gov/deal" in fitted


def test_an_address_that_is_no_web_address_is_no_link() -> None:
    for address in ("javascript:alert(1)", "file:///etc/passwd", None):
        assert link_of(address) == ""


def test_control_characters_and_escapes_of_a_title_are_gone() -> None:
    hostile = a_release("x", title="Fees\x1b[2J\r\nBcc: all@example.org\u202e rise\x00")
    alert = an_alert(a_classified(a_revision(hostile)))
    assert MESSAGES.subject(alert) == "New: Fees[2J Bcc: all@example.org rise (migration)"
    assert not re.search(r"[\x00-\x09\x0b-\x1f\u202e]", MESSAGES.text(alert, KEY))


def test_no_markup_is_made_of_a_title() -> None:
    """What goes out is plain text: markup stays the text that it was."""
    marked_up = a_release("x", title="<b>Fees</b> & <script>x()</script>")
    body = payload(an_alert(a_classified(a_revision(marked_up))))
    assert body["release"]["title"] == "<b>Fees</b> & <script>x()</script>"


def test_evidence_that_does_not_fit_the_text_is_left_out() -> None:
    wrong = MIGRATION.model_copy(
        update={
            "evidence": (
                Evidence(field="text", start=5, end=9_999, text="small boats", weight=2),
                Evidence(field="text", start=0, end=3, text="xyz", weight=2),
            )
        }
    )
    assert excerpts(wrong, RELEASE) == ()


def test_overlapping_evidence_is_shown_once() -> None:
    over = MIGRATION.model_copy(
        update={"evidence": spans(TEXT, "people smuggling", "smuggling and stop", "smuggling")}
    )
    (only,) = excerpts(over, RELEASE)
    assert marked(only) == (
        "They will act against *people smuggling and stop* small boats before summer."
    )


def in_text(text: str, *words: str) -> list[str]:
    """Return the excerpts of a release that is only text, marked."""
    score = MIGRATION.model_copy(update={"evidence": spans(text, *words)})
    return [marked(one) for one in excerpts(score, a_release("x", text=text))]


def test_a_sentence_ends_at_a_mark_and_a_space_not_at_a_decimal_point() -> None:
    text = "It began. A total of £3.5m for boats is spent. It ends."
    assert in_text(text, "boats") == ["A total of £3.5m for *boats* is spent."]


def test_a_long_sentence_is_cut_at_words_and_shows_it() -> None:
    text = "many words " * 60 + "about boats " + "more words " * 60
    (only,) = in_text(text, "about boats")
    assert only.startswith("…")
    assert only.endswith((" words…", " more…"))
    assert "*about boats*" in only
    assert len(only) <= 330
    assert set(only.strip("…").replace("*", "").split()) == {
        "many",
        "more",
        "words",
        "about",
        "boats",
    }


def test_no_sentence_is_shown_twice() -> None:
    text = "Small boats came again. Others went."
    release = a_release("x", title="Small boats came again", text=text)
    score = MIGRATION.model_copy(
        update={
            "evidence": (
                *spans(release.title, "Small boats", field="title"),
                *spans(text, "Small boats", "again", "Others"),
            )
        }
    )
    shown = [marked(one) for one in excerpts(score, release)]
    assert shown == ["*Small boats* came again", "*Others* went."]


def test_evidence_against_a_theme_is_not_among_its_words() -> None:
    against = MIGRATION.model_copy(
        update={"evidence": (*spans(TEXT, "visa fee"), *spans(TEXT, "Nothing", weight=-1))}
    )
    assert evidence_words(against) == ("visa fee",)


def test_a_reason_names_each_theme_that_was_asked_for_with_its_words() -> None:
    both = a_subscription(themes=(ThemeId("migration"), ThemeId("partnerships")))
    assert matches(both.filter, CLASSIFIED) == (
        "theme migration, 97% sure: “people smuggling” and “small boats”; "
        "theme partnerships, 60% sure: “deal”"
    )


def test_a_reason_names_only_the_themes_that_were_asked_for() -> None:
    only = a_subscription(themes=(ThemeId("partnerships"),))
    assert matches(only.filter, CLASSIFIED) == "theme partnerships, 60% sure: “deal”"


ANY_EVIDENCE = st.builds(
    Evidence,
    field=st.sampled_from(["title", "text"]),
    start=st.integers(0, 60),
    end=st.integers(1, 80),
    text=st.text(max_size=20),
    weight=st.floats(-3, 3),
)


@settings(deadline=None)
@given(
    title=st.text(min_size=1, max_size=400),
    text=st.text(max_size=600),
    evidence=st.lists(ANY_EVIDENCE, max_size=6),
    cuts=st.lists(st.tuples(st.integers(0, 600), st.integers(1, 40)), max_size=5),
    changed=st.text(max_size=200),
    most=st.integers(0, 2_000),
)
def test_a_message_of_anything_is_written_and_bounded(
    title: str,
    text: str,
    evidence: list[Evidence],
    cuts: list[tuple[int, int]],
    changed: str,
    most: int,
) -> None:
    real = [
        Evidence(
            field="text", start=a, end=a + len(text[a : a + n]), text=text[a : a + n], weight=1
        )
        for a, n in cuts
        if text[a : a + n]
    ]
    release = a_release("x", title=title, text=text)
    score = MIGRATION.model_copy(update={"evidence": (*evidence, *real)})
    classified = a_classified(a_revision(release)).model_copy(update={"themes": (score,)})
    alert = an_alert(classified, event="revised", changed=changed)
    assert len(MESSAGES.subject(alert)) <= MAX_SUBJECT
    assert "\n" not in MESSAGES.subject(alert)
    assert len(MESSAGES.fitting(alert, KEY, "text", most)) <= most
    assert len(MESSAGES.text(alert, KEY)) < 12_000
    payload(alert)
    MESSAGES.text(alert, KEY).encode()
