"""The short line: what happened, why one gets it and the whole link, in as few text messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.messages import Messages
from alerts.messages.sms import MOST_SEGMENTS, plain, segments
from alerts.messages.specimens import specimens
from despatch.model import Alert

STOP = "https://alerts.example.org/unsubscribe/1.u.0.s-1f2e3d4c.signature"
LINK = "https://www.example.gov/news/ruritania"
GOVUK = (
    "https://www.gov.uk/government/news/new-agreement-with-ruritania-will-see-people-with-no-right-"
    "to-be-here-returned-within-weeks"
)
TITLE = (
    "New agreement with Ruritania will see people with no right to be here returned within weeks, "
    "the Home Secretary announces"
)


class OneLink:
    """A page to unsubscribe at, for whoever subscribed."""

    def unsubscribe(self, alert: Alert) -> str | None:
        return STOP if alert.subscriptions else None

    def manage(self, alert: Alert) -> str | None:
        return None


MESSAGES = Messages(links=OneLink())
NEW = specimens()["new"]


def about(title: str = TITLE, link: str = GOVUK, names: tuple[str, ...] = ("Ruritania",)) -> Alert:
    assert NEW.classified is not None
    release = NEW.classified.revision.release.model_copy(update={"title": title, "address": link})
    revision = NEW.classified.revision.model_copy(update={"release": release})
    classified = NEW.classified.model_copy(update={"revision": revision})
    return NEW.model_copy(update={"classified": classified, "names": names})


def test_a_long_link_of_gov_uk_comes_whole_with_title_themes_and_why_in_two_messages() -> None:
    line = Messages().text_message(about())
    assert line == (
        "New: New agreement with Ruritania will see people with no right to be here returned "
        "within weeks, the Home Secretary announces (migration, partnerships) - Why: Ruritania "
        + GOVUK
    )
    assert segments(line) == 2


def test_a_short_one_is_one_message() -> None:
    line = Messages().text_message(about("Visa fees rise in April", LINK))
    assert line == (
        f"New: Visa fees rise in April (migration, partnerships) - Why: Ruritania {LINK}"
    )
    assert segments(line) == 1


def test_a_subscription_that_is_called_as_its_themes_are_is_not_said_twice() -> None:
    line = Messages().text_message(about("Visa fees rise", LINK, ("migration, partnerships",)))
    assert line == f"New: Visa fees rise - Why: migration, partnerships {LINK}"


def test_arabic_is_counted_by_its_own_alphabet() -> None:
    """Of UCS-2 one message holds 70."""
    line = Messages().text_message(about("اتفاق جديد " * 9, LINK))
    assert line.endswith(f"- Why: Ruritania {LINK}")
    assert segments(line) == 2
    assert len(line) > 70


def test_a_welsh_letter_does_not_cost_a_second_message() -> None:
    assert plain("Ffïoedd fisa’n codi – ŵyl") == "Ffioedd fisa'n codi - wyl"
    assert plain("Café für €5") == "Café für €5"
    assert plain("Ελλάδα ŵ") == "Ελλάδα ŵ"


@pytest.mark.parametrize(
    "text, count",
    [
        ("", 0), ("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3),
        ("€" * 80, 1), ("€" * 81, 2), ("a" * 152 + "€" * 5, 2), ("a" * 152 + "€" + "a" * 152, 3),
        ("ж" * 70, 1), ("ж" * 71, 2), ("ж" * 134, 2), ("ж" * 135, 3),
        ("😀" * 35, 1), ("😀" * 36, 2),
    ],
)  # fmt: skip
def test_text_messages_are_counted_as_networks_count_them(text: str, count: int) -> None:
    """3GPP TS 23.038: 160 and 153 septets, two for an extension; 70 and 67 of UCS-2."""
    assert segments(text) == count


@given(st.text(st.characters(codec="utf-8"), max_size=300), st.integers(0, 480))
def test_whatever_the_title_is_the_link_is_whole_and_why_one_gets_it_is_there(
    title: str, more: int
) -> None:
    link = f"{LINK}/{'x' * more}"
    line = MESSAGES.text_message(about(title or "x", link))
    assert f"Why: Ruritania {link}" in line
    assert segments(line) <= MOST_SEGMENTS


def test_it_ends_with_how_to_stop_where_enough_of_the_title_stays() -> None:
    whole = MESSAGES.short(NEW, 400)
    assert whole.endswith(f"(migration, partnerships) - Why: Ruritania {LINK} Stop: {STOP}")
    two = MESSAGES.text_message(about())
    assert two.startswith("New: New agreement with Ruritania will see people with no... (migr")
    assert two.endswith(f"{GOVUK} Stop: {STOP}")
    assert segments(two) == 2
    assert MESSAGES.text_message(about("Visa fees", LINK)) == Messages().text_message(
        about("Visa fees", LINK)
    )


def test_without_room_for_all_the_link_outlives_the_reason() -> None:
    assert Messages().short(NEW, 100).endswith(f"... - Why: Ruritania {LINK}")
    assert Messages().short(NEW, 70).endswith(f"... {LINK}")


def test_what_no_subscription_asked_for_says_nothing_of_stopping() -> None:
    assert "Stop" not in MESSAGES.short(NEW.model_copy(update={"subscriptions": ()}), 400)


@given(st.integers(1, 500), st.sampled_from(sorted(specimens())))
def test_it_is_never_too_long_and_an_address_is_whole_or_not_there(most: int, name: str) -> None:
    line = MESSAGES.short(specimens()[name], most)
    assert 0 < len(line) <= most
    if "Stop:" in line:
        assert line.endswith(STOP)


@pytest.mark.parametrize("name", sorted(specimens()))
def test_how_to_stop_takes_the_place_of_no_link(name: str) -> None:
    without = Messages().short(specimens()[name], 300)
    if LINK in without:
        assert LINK in MESSAGES.short(specimens()[name], 300)
