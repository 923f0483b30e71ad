"""The short line says how to stop where there is room, never at the cost of the link."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.messages import Messages
from alerts.messages.specimens import specimens
from despatch.model import Alert

STOP = "https://alerts.example.org/unsubscribe/1.u.0.s-1f2e3d4c.signature"
LINK = "https://www.example.gov/news/ruritania"


class OneLink:
    """A page to unsubscribe at, for whoever subscribed."""

    def unsubscribe(self, alert: Alert) -> str | None:
        return STOP if alert.subscriptions else None

    def manage(self, alert: Alert) -> str | None:
        return None


MESSAGES = Messages(links=OneLink())
NEW = specimens()["new"]


def test_it_ends_with_how_to_stop_and_the_title_is_cut_first() -> None:
    whole = MESSAGES.short(NEW, 400)
    assert whole.endswith(f"(migration, partnerships) {LINK} Stop: {STOP}")
    cut = MESSAGES.short(NEW, len(whole) - 10)
    assert cut.endswith(f"... {LINK} Stop: {STOP}")
    assert len(cut) <= len(whole) - 10


def test_without_room_for_both_the_release_has_its_link_and_its_words() -> None:
    line = MESSAGES.short(NEW, 130)
    assert line == Messages().short(NEW, 130)
    assert line.endswith(LINK)


def test_what_no_subscription_asked_for_says_nothing_of_stopping() -> None:
    assert "Stop" not in MESSAGES.short(NEW.model_copy(update={"subscriptions": ()}), 400)


@given(st.integers(1, 500), st.sampled_from(sorted(specimens())))
def test_it_is_never_too_long_and_an_address_is_whole_or_not_there(most: int, name: str) -> None:
    line = MESSAGES.short(specimens()[name], most)
    assert len(line) <= most
    if "Stop:" in line:
        assert line.endswith(STOP)


@pytest.mark.parametrize("name", sorted(specimens()))
def test_how_to_stop_takes_the_place_of_no_link(name: str) -> None:
    without = Messages().short(specimens()[name], 300)
    if LINK in without:
        assert LINK in MESSAGES.short(specimens()[name], 300)
