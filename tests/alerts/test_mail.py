"""E-mails as bytes: read back by the standard library they are what was meant."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alerts.channels.mail import write
from alerts.channels.mailbox import Mailbox, Server
from alerts.messages import Messages
from despatch.errors import UsageError
from despatch.model import Alert, DeliveryId
from despatch.testing import a_classified, a_release, a_revision
from despatch.testing.subscribers import an_alert

KEY = DeliveryId("y-0123456789abcdef")
MESSAGES = Messages()
LINK = "https://alerts.example.org/unsubscribe/abc?token=1"


class OneLink:
    """Every alert is ended by the same address, and managed nowhere."""

    def __init__(self, address: str | None) -> None:
        self.address = address

    def unsubscribe(self, alert: Alert) -> str | None:
        return self.address

    def manage(self, alert: Alert) -> str | None:
        return None


def written(alert: Alert, unsubscribe: str | None = None, **changed: Any) -> bytes:
    says = Messages(links=OneLink(unsubscribe)).mail(alert, KEY)
    return write(a_mailbox(**changed), alert, KEY, says)


def a_mailbox(**changed: Any) -> Mailbox:
    fields: dict[str, Any] = {
        "server": Server("mail.example.org", 25, "insecure", None, None, True),
        "sender": "Alerts <alerts@example.org>",
        "envelope": "bounces@example.org",
        "recipient": "ada@example.com",
        "recipient_name": "",
        "reply_to": None,
        "headers": (),
    }
    return Mailbox(**(fields | changed))


def an_alert_titled(title: str, **changed: Any) -> Alert:
    return an_alert(a_classified(a_revision(a_release("fees", title=title))), **changed)


def read(alert: Alert, unsubscribe: str | None = None, **changed: Any) -> EmailMessage:
    whole = written(alert, unsubscribe, **changed)
    whole.decode("ascii")
    assert all(len(line) <= 998 for line in whole.split(b"\r\n"))
    found = message_from_bytes(whole, policy=default)
    assert isinstance(found, EmailMessage)
    return found


def content(part: Any) -> str:
    return str(part.get_content()).replace("\r\n", "\n")


TITLES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=400)


@settings(deadline=None)
@given(TITLES)
@example("0000000000000¡¡¡¡𐀀𐀀𐀀𐀀 ¡")
def test_whatever_a_release_is_called_subject_and_text_come_through(title: str) -> None:
    alert = an_alert_titled(title)
    mail = read(alert)
    assert mail["Subject"] == MESSAGES.subject(alert)
    text, page = mail.iter_parts()
    assert (text.get_content_type(), page.get_content_type()) == ("text/plain", "text/html")
    assert content(text) == MESSAGES.text(alert, KEY)
    assert content(page) + "\n" == MESSAGES.html(alert, KEY)
    assert len(mail.keys()) == len(set(mail.keys()))


def test_its_message_id_is_made_of_the_key() -> None:
    assert read(an_alert())["Message-ID"] == f"<{KEY}@example.org>"


def test_no_line_of_a_title_becomes_a_header() -> None:
    mail = read(an_alert_titled("Fees rise\r\nBcc: eve@example.org\r\n\r\nHello"))
    assert mail["Bcc"] is None
    assert "Bcc: eve@example.org" in mail["Subject"]


def test_one_post_to_its_address_ends_a_subscription() -> None:
    """RFC 8058 §3.1: both headers, and an https address in the first."""
    mail = read(an_alert(), LINK)
    assert mail["List-Unsubscribe"] == f"<{LINK}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_without_such_an_address_nothing_is_promised() -> None:
    mail = read(an_alert())
    assert mail["List-Unsubscribe"] is None
    assert mail["List-Unsubscribe-Post"] is None


def test_on_this_machine_a_link_needs_no_tls() -> None:
    """As the public pages have it, for trying them out."""
    mail = read(an_alert(), "http://127.0.0.1:8090/unsubscribe/abc")
    assert mail["List-Unsubscribe"] == "<http://127.0.0.1:8090/unsubscribe/abc>"


@pytest.mark.parametrize(
    "address",
    ["http://a.example/", "http://127.0.0.1.a.example/"],
)
def test_an_address_that_can_t_be_posted_to_is_refused(address: str) -> None:
    with pytest.raises(UsageError):
        written(an_alert(), address)


@pytest.mark.parametrize(
    "address, shown",
    [("https://a.example/> <x", "<https://a.example/%3E%20%3Cx>"), ("mailto:a@b.c", None)],
)
def test_no_address_ends_its_header(address: str, shown: str | None) -> None:
    assert read(an_alert(), address)["List-Unsubscribe"] == shown


@pytest.mark.parametrize(
    "recipient, name, shown",
    [
        ("ada@example.com", "", "ada@example.com"),
        ("ada+gov@example.com", "Ada Lovelace", "Ada Lovelace <ada+gov@example.com>"),
        ("ada@example.com", "Ádá, L.", '"Ádá, L." <ada@example.com>'),
    ],
)
def test_the_recipient_is_shown_with_their_name(recipient: str, name: str, shown: str) -> None:
    mail = read(an_alert(), recipient=recipient, recipient_name=name)
    assert mail["To"] == shown


def test_headers_of_the_url_and_a_reply_to_are_there() -> None:
    mail = read(an_alert(), reply_to="desk@example.org", headers=(("X-Team", "désk"),))
    assert (mail["Reply-To"], mail["X-Team"]) == ("desk@example.org", "désk")


def test_an_address_that_no_header_can_hold_is_refused() -> None:
    with pytest.raises(UsageError):
        written(an_alert(), recipient="no address")
