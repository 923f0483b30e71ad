"""A person by address or name: found whole, told all, forgotten with nobody else."""

import json

import pytest
from pydantic import SecretStr

from alerts.channels import Senders
from alerts.outbox import OPERATOR
from alerts.person import Person, exported, find_person, forget
from alerts.subscribe import Wish, subscribe
from alerts.transfer import import_lines
from despatch.errors import UsageError
from despatch.filter import of_themes
from despatch.model import Subscription
from despatch.store.sql import SqlStore
from despatch.testing import FakeClock
from despatch.testing.subscribers import a_channel, a_subscriber, an_alert

SENDERS = Senders(mail_url=SecretStr("mailto://u:hunter2@mail.example"))
ADA = "ada@example.org"
MAILS = (
    f"mail://{ADA}",
    f"mailto://u:hunter2@mail.example?from=us@example.org&to={ADA}",
    "mailtos://u:hunter2@mail.example?from=us@example.org&to=Ada%40example.org",
)
HOOK = "json://hunter2@hooks.example"


def add(store: SqlStore, name: str, *urls: str) -> Subscription:
    wish = Wish(filter=of_themes("migration"), urls=[SecretStr(url) for url in urls], name=name)
    return subscribe(store, FakeClock(), SENDERS, wish)[0]


def find(store: SqlStore, named: str) -> Person:
    with store.transaction() as tx:
        return find_person(tx, SENDERS, named)


def forget_(store: SqlStore, named: str) -> None:
    with store.transaction() as tx:
        forget(tx, find_person(tx, SENDERS, named), FakeClock().now())


@pytest.mark.parametrize("url", MAILS)
def test_a_person_is_found_by_their_address_in_any_form_of_url(store: SqlStore, url: str) -> None:
    made = add(store, "ada", url)
    add(store, "bob", "mail://bob@example.org")
    found = find(store, "ADA@example.org")
    assert [one.name for one in found.subscribers] == ["ada"]
    assert [one.id for one in found.subscriptions] == [made.id]


def test_a_channel_from_before_addresses_had_hashes_is_found_too(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.add_subscriber(a_subscriber())
        tx.add_channel(a_channel(url=MAILS[1]))
    assert [one.name for one in find(store, ADA).subscribers] == ["ada"]


def test_a_person_is_found_by_the_subscriber_s_name(store: SqlStore) -> None:
    add(store, "ada", HOOK)
    assert [one.name for one in find(store, "ada").subscribers] == ["ada"]


def test_a_name_that_nobody_has_is_a_usage_error(store: SqlStore) -> None:
    with pytest.raises(UsageError, match="nobody is called 'bob'"):
        find(store, "bob")


def test_an_address_that_nobody_has_is_nobody(store: SqlStore) -> None:
    assert not find(store, ADA).known


def test_the_operator_s_own_channel_is_a_setting(store: SqlStore) -> None:
    operator = a_subscriber().model_copy(update={"id": OPERATOR, "name": OPERATOR})
    with store.transaction() as tx:
        tx.add_subscriber(operator)
        tx.add_channel(a_channel(operator, MAILS[0]))
    with pytest.raises(UsageError, match="operator_url"):
        find(store, ADA)
    with pytest.raises(UsageError, match="operator_url"):
        find(store, "operator")


def test_who_is_forgotten_leaves_the_others(store: SqlStore) -> None:
    add(store, "ada", MAILS[0])
    add(store, "bob", "mail://bob@example.org")
    forget_(store, ADA)
    with store.transaction() as tx:
        assert [one.name for one in tx.subscribers()] == ["bob"]
        assert len(tx.channels()) == len(tx.subscriptions()) == 1
    assert not find(store, ADA).known


def test_a_desk_loses_the_address_and_stays(store: SqlStore) -> None:
    add(store, "desk", MAILS[0], HOOK)
    found = find(store, ADA)
    assert (found.subscribers, [one.name for one in found.shared_by]) == ((), ["desk"])
    forget_(store, ADA)
    with store.transaction() as tx:
        assert [one.name for one in tx.subscribers()] == ["desk"]
        assert [one.url.get_secret_value() for one in tx.channels()] == [HOOK]


def test_by_name_all_of_their_addresses_are_suppressed(store: SqlStore) -> None:
    add(store, "desk", MAILS[0], "mail://bob@example.org", HOOK)
    forget_(store, "desk")
    with store.transaction() as tx:
        assert tx.suppressed(SecretStr(ADA))
        assert tx.suppressed(SecretStr("bob@example.org"))
        assert tx.subscribers() == []


def test_an_address_of_nobody_s_is_suppressed_all_the_same(store: SqlStore) -> None:
    forget_(store, ADA)
    assert find(store, ADA).suppressed


@pytest.mark.parametrize("url", MAILS)
def test_a_suppressed_address_is_no_channel_s_in_any_form(store: SqlStore, url: str) -> None:
    forget_(store, ADA)
    with pytest.raises(UsageError, match="despatch unsuppress") as caught:
        add(store, "ada", url)
    assert ADA not in str(caught.value)
    with store.transaction() as tx:
        assert tx.subscribers() == []


def test_a_suppressed_address_does_not_come_in_with_an_import(store: SqlStore) -> None:
    forget_(store, ADA)
    line = {
        "id": "s-1",
        "name": "x",
        "subscriber": {"name": "ada"},
        "filter": {},
        "events": ["new"],
        "channels": [{"id": "c-1", "url": MAILS[0]}],
        "created_at": "2026-03-02T12:00:00Z",
    }
    done = import_lines(store, FakeClock(), SENDERS, [json.dumps(line)])
    ((_number, why),) = done.failed
    assert "despatch unsuppress" in why
    with store.transaction() as tx:
        assert tx.subscribers() == []


def test_a_person_gets_all_that_is_kept_about_them(store: SqlStore, clock: FakeClock) -> None:
    made = add(store, "ada", MAILS[0], HOOK)
    alert = an_alert(reason="You asked for migration.", subscriptions=(made.id,)).model_copy(
        update={"subscriber": made.subscriber}
    )
    with store.transaction() as tx:
        tx.add_alert(alert, made.channels, clock.now())
        got = exported(tx, SENDERS, find_person(tx, SENDERS, "ada"))
    text = json.dumps(got)
    (who,) = json.loads(text)["subscribers"]
    assert who["name"] == "ada"
    assert sorted(one["to"][:7] for one in who["channels"]) == ["ada@exa", "json://"]
    assert [one["query"] for one in who["subscriptions"]] == ["theme:migration"]
    (told,) = who["told"]
    assert told["reason"] == "You asked for migration."
    assert {one["state"] for one in told["deliveries"]} == {"waiting"}
    assert "hunter2" not in text


def test_who_shares_a_channel_is_told_whose_it_is(store: SqlStore) -> None:
    add(store, "desk", MAILS[0], HOOK)
    with store.transaction() as tx:
        got = exported(tx, SENDERS, find_person(tx, SENDERS, ADA))
    assert got["subscribers"] == []
    assert "desk" in json.dumps(got["also_a_channel_of"])


def test_the_placeholder_of_who_was_forgotten_is_nobody_s_name(store: SqlStore) -> None:
    made = add(store, "ada", MAILS[0])
    forget_(store, ADA)
    with pytest.raises(UsageError, match="nobody is called"):
        find(store, f"forgotten {made.subscriber}")


TWILIO = f"twilio://AC{'a' * 32}:{'b' * 32}@15551234567/+447700900123"
VONAGE = "vonage://ACCOUNT:SECRETxx@15551234567/447700900123"
TELEGRAM = "tgram://123456789:abcdefg_hijklmnop/@ada_l"
SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
WEBHOOK = (
    "jsons://u:hunter2@hooks.example:8443/in/ada?secret=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
)
"""By five services, a channel of one person each."""

FOUND_BY = [
    ("+44 7700 900123", TWILIO),
    ("0044 (0)7700-900123", TWILIO),
    ("447700900123", VONAGE),
    ("@Ada_L", TELEGRAM),
    ("https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", SLACK),
    ("https://hooks.example:8443/in/ada", WEBHOOK),
    (WEBHOOK, WEBHOOK),
    (TWILIO, TWILIO),
]


@pytest.mark.parametrize("named, url", FOUND_BY)
def test_a_person_is_found_by_whatever_address_a_channel_reaches_them(
    store: SqlStore, named: str, url: str
) -> None:
    add(store, "ada", url)
    add(store, "bob", "vonage://ACCOUNT:SECRETxx@15551234567/447700900124", HOOK)
    found = find(store, named)
    assert [one.name for one in found.subscribers] == ["ada"]
    assert found.shared == ()


@pytest.mark.parametrize("named, url", FOUND_BY)
def test_who_was_forgotten_by_it_is_written_to_there_no_more(
    store: SqlStore, named: str, url: str
) -> None:
    add(store, "ada", url)
    forget_(store, named)
    assert not find(store, named).known
    assert find(store, named).suppressed
    with pytest.raises(UsageError, match="asked to be forgotten") as refused:
        add(store, "ada again", url)
    assert "900123" not in str(refused.value)


def test_a_number_of_another_service_is_the_same_number(store: SqlStore) -> None:
    add(store, "ada", TWILIO)
    forget_(store, "+447700900123")
    with pytest.raises(UsageError, match="asked to be forgotten"):
        add(store, "ada again", VONAGE)


def test_a_number_within_a_country_is_found_only_where_it_is_written_so(store: SqlStore) -> None:
    """07700 900123 is somebody else's in another country."""
    add(store, "ada", TWILIO)
    with pytest.raises(UsageError, match=r"write it with the country's code, such as \+44"):
        find(store, "07700 900123")
    add(store, "bob", "vonage://ACCOUNT:SECRETxx@15551234567/07700900123")
    assert [one.name for one in find(store, "07700 900123").subscribers] == ["bob"]


def test_a_handle_needs_its_sign_for_a_bare_word_is_a_name(store: SqlStore) -> None:
    add(store, "desk", HOOK)
    add(store, "ada", "tgram://123456789:abcdefg_hijklmnop/@desk")
    assert [one.name for one in find(store, "desk").subscribers] == ["desk"]
    assert [one.name for one in find(store, "@desk").subscribers] == ["ada"]


def test_by_name_their_numbers_are_suppressed_and_their_webhook_is_not(store: SqlStore) -> None:
    """A webhook may be a whole team's."""
    add(store, "ada", TWILIO, WEBHOOK)
    forget_(store, "ada")
    with pytest.raises(UsageError, match="asked to be forgotten"):
        add(store, "bob", VONAGE)
    add(store, "bob", WEBHOOK)


def test_the_number_of_a_desk_s_phone_is_erased_and_the_desk_stays(store: SqlStore) -> None:
    add(store, "desk", HOOK, VONAGE)
    found = find(store, "+44 7700 900123")
    assert found.subscribers == ()
    assert [one.name for one in found.shared_by] == ["desk"]


def test_what_they_are_given_names_their_number(store: SqlStore) -> None:
    add(store, "ada", TWILIO)
    with store.transaction() as tx:
        given = exported(tx, SENDERS, find_person(tx, SENDERS, "+447700900123"))
    assert given["asked_for_by"] == "telephone number"
    assert '"to": "447700900123"' in json.dumps(given)
    assert "bbbb" not in json.dumps(given)
