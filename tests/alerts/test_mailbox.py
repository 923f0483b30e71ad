"""A mailto:// URL read for many recipients says what it says read alone."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from alerts.channels.mailbox import Mailboxes, read_mailbox
from alerts.channels.setup import ChannelSetup
from despatch.errors import UsageError

SETUP = ChannelSetup()
NAME = st.text("abcdefgh019_.-", min_size=1, max_size=12).filter(lambda name: ".." not in name)
ADDRESS = st.tuples(NAME, st.sampled_from(["example.com", "mail.example.org", "a-b.gov.uk"]))
FORMS = (
    "mailto://h.example?from=a@example.org&to={}",
    "mailto://user:pw@example.net?to={}&+X-Team=desk",
    "mailtos://user:pw@example.net:465/?to={}&smtp=relay.example&name=Desk",
    "mailto://user:pw@gmail.com?to={}",
)


def test_many_recipients_of_one_server_are_read_as_one_url() -> None:
    mailboxes = Mailboxes(SETUP)
    for number in range(3):
        mailboxes.of(SecretStr(f"mailto://h.example?from=x@example.org&to=u{number}@example.org"))
    assert len(mailboxes.known) == 1


@settings(deadline=None, max_examples=60)
@given(ADDRESS, st.sampled_from(FORMS))
def test_whoever_the_recipient_is(address: tuple[str, str], form: str) -> None:
    url = SecretStr(form.format("@".join(address)))
    try:
        expected = read_mailbox(url, SETUP)
    except UsageError:
        return  # apprise takes no such address: `of` may, for a server has the last word
    mailboxes = Mailboxes(SETUP)
    mailboxes.of(SecretStr(form.format("somebody@example.org")))
    assert mailboxes.of(url) == expected


@pytest.mark.parametrize("to", ["a@example.org,b@example.org", "a@b.org&cc=c@d.org"])
def test_several_recipients_are_refused_either_way(to: str) -> None:
    with pytest.raises(UsageError, match="several recipients"):
        Mailboxes(SETUP).of(SecretStr(f"mailto://h.example?from=x@example.org&to={to}"))


@pytest.mark.parametrize(
    "to", ["Ada%20L<ada@example.org>", "a@b.org&to=c@d.org", "a%2Bgov@b.org", "a@b.org&TO=c@d.org"]
)
def test_what_is_more_than_one_plain_address_is_read_as_it_stands(to: str) -> None:
    url = SecretStr(f"mailto://h.example?from=x@example.org&to={to}")
    assert Mailboxes(SETUP).of(url) == read_mailbox(url, SETUP)
