"""The contract of a sender, run on every kind of channel: outcomes told apart, secrets kept."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from io import StringIO
from ipaddress import ip_network

import pytest
from pydantic import SecretStr

from alerts.channels import Senders, shown
from alerts.sending import send_now
from despatch.errors import UsageError
from despatch.model import DeliveryId
from despatch.ports import Sender, Sent
from despatch.testing.channels import (
    MailServer,
    WebhookServer,
    mail_server,
    webhook_server,
)
from despatch.testing.free_ports import free_port
from despatch.testing.subscribers import an_alert

KEY = DeliveryId("y-0123456789abcdef")
SECRET = "hunter2tracy"
ALERT = an_alert()
SLOW = timedelta(milliseconds=600)
LIMIT = timedelta(seconds=2.5)
LOOPBACK = (ip_network("127.0.0.0/8"),)


@dataclass
class Wire:
    """One kind of channel, its other end, and a URL with a secret in every place it can have."""

    scheme: str
    url: SecretStr
    web: WebhookServer
    mail: MailServer
    senders: Senders

    @property
    def sender(self) -> Sender:
        return self.senders.sender_for(self.url)

    def send(self, url: SecretStr | None = None) -> Sent:
        return send_now(self.senders, url or self.url, ALERT, KEY)

    def at(self, address: str) -> SecretStr:
        if self.scheme == "mail":
            self.senders = _senders(address)
        return SecretStr(_url(self.scheme, address))


def _senders(address: str) -> Senders:
    return Senders(
        mail_from="Alerts <alerts@example.org>",
        mail_return_path="bounces@example.org",
        mail_url=SecretStr(f"mailto://{SECRET}@{address}?+X-Token={SECRET}"),
        allow_networks=LOOPBACK,
        out=StringIO(),
        connect_timeout=timedelta(seconds=2),
        read_timeout=SLOW,
        time_limit=LIMIT,
    )


def _url(scheme: str, address: str) -> str:
    if scheme == "mailto":
        return (
            f"mailto://{SECRET}@{address}?from=me@example.org&to={SECRET}@example.org"
            f"&+X-Token={SECRET}"
        )
    if scheme == "mail":
        return f"mail://{SECRET}@example.org"
    if scheme == "ntfy":
        return f"ntfy://user:{SECRET}@{address}/{SECRET}"
    if scheme == "gotify":
        return f"gotify://{address}/A{SECRET}"
    return f"{scheme}://user:{SECRET}@{address}/{SECRET}?+X-Token={SECRET}&-q={SECRET}"


HTTP = ("json", "xml", "form", "ntfy", "gotify")
MAIL = ("mailto", "mail")
CARRY_A_KEY = ("json", "xml", "form", *MAIL)


@pytest.fixture
def wire(request: pytest.FixtureRequest) -> Iterator[Wire]:
    with ExitStack() as stack:
        web = stack.enter_context(webhook_server())
        mail = stack.enter_context(mail_server())
        scheme: str = request.param
        address = mail.address if scheme in MAIL else web.address
        yield Wire(scheme, SecretStr(_url(scheme, address)), web, mail, _senders(mail.address))


over_http = pytest.mark.parametrize("wire", HTTP, indirect=True)
over_mail = pytest.mark.parametrize("wire", MAIL, indirect=True)
over_any = pytest.mark.parametrize("wire", [*HTTP, *MAIL], indirect=True)


@over_any
def test_what_is_taken_is_delivered(wire: Wire) -> None:
    wire.sender.check(wire.url)
    assert wire.send().outcome == "delivered"
    assert len(wire.web.requests) + len(wire.mail.mails) == 1


@over_http
@pytest.mark.parametrize("status", [500, 502, 503, 429, 408])
def test_what_may_pass_is_temporary(wire: Wire, status: int) -> None:
    wire.web.status = status
    sent = wire.send()
    assert sent.outcome == "temporary"
    assert str(status) in sent.reason


@over_http
@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_what_will_not_pass_is_permanent(wire: Wire, status: int) -> None:
    wire.web.status = status
    sent = wire.send()
    assert sent.outcome == "permanent"
    assert str(status) in sent.reason


@over_http
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_is_permanent(wire: Wire, status: int) -> None:
    wire.web.status = status
    wire.web.answer_headers = {"Location": f"http://{wire.web.address}/elsewhere"}
    assert wire.send().outcome == "permanent"
    assert len(wire.web.requests) == 1


@over_http
def test_a_redirect_that_the_url_asks_to_follow_is_not_followed_either(wire: Wire) -> None:
    wire.web.status = 302
    wire.web.answer_headers = {"Location": f"http://{wire.web.address}/elsewhere"}
    asking = wire.url.get_secret_value()
    wire.url = SecretStr(asking + ("&" if "?" in asking else "?") + "redirect=yes")
    assert wire.send().outcome == "permanent"
    assert len(wire.web.requests) == 1


@pytest.mark.slow
@over_http
def test_no_answer_in_time_is_in_doubt(wire: Wire) -> None:
    wire.web.behaviour = "slow"
    assert wire.send().outcome == "in doubt"
    assert len(wire.web.requests) == 1


@pytest.mark.slow
@over_http
def test_an_answer_that_never_ends_is_in_doubt_at_the_time_limit(wire: Wire) -> None:
    wire.web.behaviour = "drip"
    assert wire.send().outcome == "in doubt"


@over_http
def test_a_connection_closed_before_the_answer_is_in_doubt(wire: Wire) -> None:
    wire.web.behaviour = "early close"
    assert wire.send().outcome == "in doubt"


@over_any
def test_nobody_there_is_temporary_and_of_a_mail_server_the_server_s_fault(wire: Wire) -> None:
    nobody = wire.at(f"127.0.0.1:{free_port()}")
    by_a_server = wire.scheme in {"mail", "mailto", "mailtos"}
    assert wire.send(nobody).outcome == ("held up" if by_a_server else "temporary")


@pytest.mark.parametrize("wire", CARRY_A_KEY, indirect=True)
def test_a_repeat_carries_the_same_key(wire: Wire) -> None:
    wire.send()
    wire.send()
    if wire.scheme in MAIL:
        keys = [mail.message["Message-ID"] for mail in wire.mail.mails]
        assert keys == [f"<{KEY}@example.org>"] * 2
    else:
        assert [r.headers["idempotency-key"] for r in wire.web.requests] == [KEY] * 2


@over_any
@pytest.mark.parametrize(
    "trouble",
    [
        *("none", "404", "503", "302", "early close", "nobody"),
        *(pytest.param(waiting, marks=pytest.mark.slow) for waiting in ("slow", "drip")),
    ],
)
def test_no_secret_is_in_a_result_an_error_a_log_record_or_a_representation(
    wire: Wire, trouble: str, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    url = wire.url
    if trouble.isdigit():
        wire.web.status = int(trouble)
        wire.mail.recipient_answer = f"550 no such mailbox {SECRET}"
        wire.web.answer_headers = {"Location": f"http://{wire.web.address}/{SECRET}"}
    elif trouble == "nobody":
        url = wire.at(f"127.0.0.1:{free_port()}")
    elif trouble != "none":
        wire.web.behaviour = trouble  # type: ignore[assignment]
        wire.mail.hang = True
    sent = wire.send(url)
    printed = capsys.readouterr()
    ours = [record for record in caplog.records if record.name != "mail.log"]  # the other end's
    logged = "\n".join(f"{record.getMessage()} {record.exc_text}" for record in ours)
    for said in (repr(sent), logged, repr(wire.sender), shown(url), *printed):
        assert SECRET not in said


@pytest.mark.parametrize(
    "url",
    [
        f"nosuchservice://{SECRET}",
        f"slack://{SECRET}",
        f"json://{SECRET}:{SECRET}@",
        f"mailto://{SECRET}",
        f"mail://{SECRET}",
        f"mail://{SECRET}@example.org",  # without the setting mail_url
        f"mailto://{SECRET}@h?to=a@example.org,b@example.org&from=c@example.org",
        f"json://h/{SECRET}?+Idempotency-Key={SECRET}",
        f"json://h/?+X-Bad%20Name={SECRET}",
        f"ntfy://{SECRET}@h/one/two",
        f"discord://{SECRET}/{SECRET}?template=/etc/passwd",
        f"discord://{SECRET}/{SECRET}?%74emplate=/etc/passwd",
        f"mailto://{SECRET}@h?pgpprv=/etc/passwd&to=a@example.org",
        f"syslog://{SECRET}",
        f"console://{SECRET}",
        SECRET,
        f"https://{SECRET}.example.org/hook",
        "",
    ],
)
def test_a_wrong_url_is_refused_without_its_secret(
    url: str, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(UsageError) as caught:
        Senders().check(SecretStr(url))
    error: BaseException | None = caught.value
    while error is not None:
        assert SECRET not in repr(error)
        error = error.__cause__
    assert SECRET not in caplog.text
    assert SECRET not in "".join(capsys.readouterr())


def test_a_wrong_scheme_names_the_nearest_one() -> None:
    with pytest.raises(UsageError, match="did you mean mailto://"):
        Senders().check(SecretStr("mailt://user@example.org"))


@pytest.mark.parametrize("wire", ["json"], indirect=True)
@pytest.mark.parametrize("value, wait", [("120", timedelta(minutes=2)), ("soon", None)])
def test_a_webhook_reads_retry_after(wire: Wire, value: str, wait: timedelta | None) -> None:
    wire.web.status = 429
    wire.web.answer_headers = {"Retry-After": value}
    assert wire.send().retry_after == wait


@pytest.mark.parametrize("wire", ["json"], indirect=True)
def test_a_webhook_posts_the_alert_as_json_with_the_url_s_options(wire: Wire) -> None:
    wire.url = SecretStr(f"json://user:pa%20ss@{wire.web.address}/a%20b?-q=1&:team=desk&+X-A=b")
    wire.send()
    (request,) = wire.web.requests
    assert request.method == "POST"
    assert request.path == "/a%20b?q=1"
    assert request.headers["authorization"] == "Basic dXNlcjpwYSBzcw=="
    assert request.headers["x-a"] == "b"
    assert request.json()["version"] == 2
    assert request.json()["team"] == "desk"


@over_mail
def test_an_e_mail_has_from_and_return_path_of_the_settings_and_says_it_is_automatic(
    wire: Wire,
) -> None:
    wire.send()
    (mail,) = wire.mail.mails
    assert mail.sender == "bounces@example.org"
    assert mail.recipients == (f"{SECRET}@example.org",)
    assert mail.message["From"] == "Alerts <alerts@example.org>"
    assert mail.message["Auto-Submitted"] == "auto-generated"
    assert mail.message.get_content_type() == "multipart/alternative"


@over_mail
def test_a_repeated_e_mail_is_the_same_byte_by_byte(wire: Wire) -> None:
    wire.send()
    wire.send()
    one, other = wire.mail.mails
    assert one.message.as_bytes() == other.message.as_bytes()


@over_mail
@pytest.mark.parametrize(
    "answer, outcome",
    [
        ("550 no such mailbox", "permanent"),
        ("452 mailbox full", "temporary"),
        ("451 greylisted", "temporary"),
    ],
)
def test_refusals_of_a_mailbox_are_told_apart(wire: Wire, answer: str, outcome: str) -> None:
    wire.mail.recipient_answer = answer
    sent = wire.send()
    assert sent.outcome == outcome
    assert (sent.failure == "bounce") == (outcome == "permanent")
    assert not wire.mail.mails


@over_mail
@pytest.mark.parametrize(
    "answer, outcome", [("554 spam", "permanent"), ("421 closing", "temporary")]
)
def test_refusals_of_the_text_are_told_apart(wire: Wire, answer: str, outcome: str) -> None:
    wire.mail.data_answer = answer
    assert wire.send().outcome == outcome


@over_mail
def test_no_answer_after_the_text_is_in_doubt(wire: Wire) -> None:
    wire.mail.hang = True
    assert wire.send().outcome == "in doubt"
    assert len(wire.mail.mails) == 1


@pytest.mark.parametrize("wire", ["mailto"], indirect=True)
def test_a_server_without_starttls_is_not_sent_to_in_clear(wire: Wire) -> None:
    secure = SecretStr(wire.url.get_secret_value() + "&mode=starttls")
    assert wire.send(secure).outcome == "held up"
    assert not wire.mail.mails


@pytest.mark.parametrize(
    "url, seconds",
    [
        ("ntfy://h/topic", 5.5),
        ("gotify://h/Atoken", 0),
        ("json://h/", 0),
        ("mailto://h?from=a@example.org&to=b@example.org", 0),
        ("mail://b@example.org", 0),
        ("console://", 0),
        ("nosuchservice://h", 0),
    ],
)
def test_what_a_service_wants_between_two_messages_is_known(url: str, seconds: float) -> None:
    """Apprise's plugins know it, and a new one for each send would never wait."""
    assert Senders().pause(SecretStr(url)) == timedelta(seconds=seconds)
