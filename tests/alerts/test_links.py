"""Signed links: what was signed is read back, and nothing else is."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.links import (
    CONFIRM_WITHIN,
    MAX_IDS_CHARS,
    Opened,
    Purpose,
    Refused,
    SignedLinks,
    Signer,
)
from alerts.outbox import OPERATOR
from despatch.model import SubscriberId, SubscriptionId
from despatch.testing.subscribers import an_alert

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
KEYS = (b"the key of these tests, 32 bytes", b"the one before it, kept for links")
SIGNER = Signer(KEYS)
IDS = st.lists(st.from_regex(r"[A-Za-z0-9-]{1,12}", fullmatch=True), min_size=1, max_size=5)
EVERY: tuple[Purpose, ...] = ("confirm", "manage", "unsubscribe", "leave", "receipt")
PURPOSES = st.sampled_from(EVERY)
LINKS = SignedLinks("https://alerts.example.org/despatch/", SIGNER)


def signed(*ids: str, purpose: Purpose = "unsubscribe", ends: datetime | None = None) -> str:
    token = SIGNER.sign(purpose, ids, ends)
    assert token is not None
    return token


@given(IDS, PURPOSES)
def test_what_was_signed_is_read_back(ids: list[str], purpose: Purpose) -> None:
    token = signed(*ids, purpose=purpose)
    assert SIGNER.read(token, EVERY, NOW) == Opened(purpose, tuple(ids))


@given(IDS, PURPOSES, st.data())
def test_a_token_with_any_character_changed_is_refused(
    ids: list[str], purpose: Purpose, data: st.DataObject
) -> None:
    token = signed(*ids, purpose=purpose)
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters(codec="utf-8").filter(lambda one: one != token[place]))
    assert SIGNER.read(token[:place] + other + token[place + 1 :], EVERY, NOW) == Refused("wrong")


def test_every_last_letter_but_the_one_that_was_signed_is_refused() -> None:
    """Of the last letter of base64 two bits mean nothing: a decoder would take four letters."""
    token = signed("s-1")
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    taken = [c for c in letters if SIGNER.read(token[:-1] + c, EVERY, NOW) != Refused("wrong")]
    assert taken == [token[-1]]


@given(st.text(max_size=80))
def test_what_we_did_not_sign_is_refused_and_raises_nothing(text: str) -> None:
    assert SIGNER.read(text, EVERY, NOW) == Refused("wrong")


@given(st.text(alphabet="1culmr.0~s-", max_size=40))
def test_what_looks_like_a_token_is_refused_too(text: str) -> None:
    assert SIGNER.read(text, EVERY, NOW) == Refused("wrong")


@pytest.mark.parametrize("purpose", EVERY)
def test_a_token_is_good_for_its_own_purpose_alone(purpose: Purpose) -> None:
    token = signed("s-1", purpose=purpose)
    others = [one for one in EVERY if one != purpose]
    assert SIGNER.read(token, others, NOW) == Refused("wrong")
    assert SIGNER.read(token, [purpose], NOW) == Opened(purpose, ("s-1",))


def test_a_token_ends_when_it_says() -> None:
    token = signed("s-1", ends=NOW + timedelta(seconds=10))
    assert SIGNER.read(token, EVERY, NOW + timedelta(seconds=9)) == Opened("unsubscribe", ("s-1",))
    assert SIGNER.read(token, EVERY, NOW + timedelta(seconds=10)) == Refused("ended")


def test_a_token_without_an_end_never_ends() -> None:
    later = NOW + timedelta(days=20_000)
    assert SIGNER.read(signed("s-1"), EVERY, later) == Opened("unsubscribe", ("s-1",))


def test_a_new_key_reads_what_the_old_one_signed_while_both_are_there() -> None:
    old, new = KEYS[1], b"a key that was made just now, new"
    token = Signer([old]).sign("manage", ["p-1"])
    assert token is not None
    assert Signer([new, old]).read(token, EVERY, NOW) == Opened("manage", ("p-1",))
    assert Signer([new]).read(token, EVERY, NOW) == Refused("wrong")
    assert Signer([new, old]).sign("manage", ["p-1"]) == Signer([new]).sign("manage", ["p-1"])


@pytest.mark.parametrize("id_", ["", "s-1~s-2", "s.1", "ada@example.org", "s-1\n", "ä", "x" * 65])
def test_ids_that_can_t_stand_in_a_link_have_none(id_: str) -> None:
    assert SIGNER.sign("manage", [id_]) is None


def test_an_alert_s_link_ends_the_subscriptions_that_asked_for_it() -> None:
    alert = an_alert(subscriptions=(SubscriptionId("s-1"), SubscriptionId("s-2")))
    link = LINKS.unsubscribe(alert)
    assert link is not None
    address, _slash, token = link.rpartition("/")
    assert address == "https://alerts.example.org/despatch/unsubscribe"
    assert SIGNER.read(token, EVERY, NOW) == Opened("unsubscribe", ("s-1", "s-2"))


def test_a_link_that_would_be_too_long_ends_all_of_the_subscriber_s() -> None:
    many = tuple(SubscriptionId(f"s-{n:08}") for n in range(MAX_IDS_CHARS // 11 + 1))
    fits, link = (
        LINKS.unsubscribe(an_alert(subscriptions=many[:-1])),
        LINKS.unsubscribe(an_alert(subscriptions=many)),
    )
    assert fits is not None
    assert link is not None
    assert len(f"List-Unsubscribe: <{fits}>") < 998
    assert SIGNER.read(fits.rpartition("/")[2], ["unsubscribe"], NOW) == Opened(
        "unsubscribe", many[:-1]
    )
    assert SIGNER.read(link.rpartition("/")[2], ["leave"], NOW) == Opened("leave", ("u-ada",))


def test_what_no_subscription_asked_for_can_be_managed_and_not_unsubscribed() -> None:
    receipt = an_alert(subscriptions=())
    assert LINKS.unsubscribe(receipt) is None
    link = LINKS.manage(receipt)
    assert link is not None
    assert SIGNER.read(link.rpartition("/")[2], EVERY, NOW) == Opened("manage", ("u-ada",))


def test_no_click_on_a_receipt_ends_the_alerts_of_the_subscriptions_that_it_names() -> None:
    receipt = an_alert(subscriptions=(SubscriptionId("s-1"),), event="receipt")
    link = LINKS.unsubscribe(receipt)
    assert link is not None
    assert SIGNER.read(link.rpartition("/")[2], EVERY, NOW) == Opened("receipt", ("u-ada",))


def test_the_operator_has_no_links() -> None:
    alarm = an_alert(subscriptions=(SubscriptionId("s-1"),)).model_copy(
        update={"subscriber": OPERATOR}
    )
    assert (LINKS.unsubscribe(alarm), LINKS.manage(alarm)) == (None, None)


def test_who_has_an_odd_id_has_no_link() -> None:
    odd = an_alert(subscriptions=()).model_copy(update={"subscriber": SubscriberId("")})
    assert LINKS.manage(odd) is None


def test_a_sign_up_s_link_works_for_a_week() -> None:
    link = LINKS.confirm("g-1", NOW)
    assert link is not None
    token = link.rpartition("/")[2]
    almost = NOW + CONFIRM_WITHIN - timedelta(seconds=1)
    assert SIGNER.read(token, ["confirm"], almost) == Opened("confirm", ("g-1",))
    assert SIGNER.read(token, ["confirm"], NOW + CONFIRM_WITHIN) == Refused("ended")
