"""Whatever a receiver does, the right outcome is recorded, and no secret with it."""

import asyncio
import logging
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from io import StringIO
from ipaddress import ip_network
from pathlib import Path

import pytest
from pydantic import SecretStr

from alerts.channels import Senders
from alerts.deliver import DeliveryWorker
from alerts.host import Limits
from despatch.model import Delivery, DeliveryId
from despatch.ports import Sent, Store
from despatch.store.sql import SqlStore
from despatch.testing import FakeClock, a_classified, a_release, a_revision
from despatch.testing.certificates import make_certificates
from despatch.testing.channels import webhook_server
from despatch.testing.hostile import NAMES
from despatch.testing.http import Answer, LoopbackServer
from despatch.testing.mail_script import HANG, HANG_UP, mail_script
from despatch.testing.subscribers import a_channel, a_subscriber, a_subscription, an_alert

SECRET = "hunter2tracy"
LOOPBACK = (ip_network("127.0.0.0/8"),)
OK = b"HTTP/1.1 200 OK\r\n"
INNER = [("Location", "http://169.254.169.254/latest/meta-data")]


@dataclass(frozen=True)
class Case:
    """What a webhook's receiver does, and what is to be recorded of it."""

    answer: Answer
    outcome: str
    failure: str = ""
    state: str = "waiting"


WEBHOOKS = {
    "takes it": Case(Answer(), "delivered", state="delivered"),
    "says nothing but 204": Case(Answer(204), "delivered", state="delivered"),
    "takes a while": Case(
        Answer(raw=OK + b"Content-Length: 0\r\n\r\n", drip_s=0.01), "delivered", state="delivered"
    ),
    "answers and hangs up within the body": Case(
        Answer(200, body=b"x" * 100, cut=True), "delivered", state="delivered"
    ),
    "answers with a body that never ends": Case(
        Answer(raw=OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n", hang=True),
        "delivered",
        state="delivered",
    ),
    "answers with 100 MB": Case(
        Answer(raw=OK + b"Content-Length: 104857600\r\n\r\n" + bytes(1_024), times=102_400),
        "delivered",
        state="delivered",
    ),
    "redirects": Case(
        Answer(302, headers=[("Location", "/elsewhere")]), "permanent", "redirect", "failed"
    ),
    "redirects inward for good": Case(
        Answer(301, headers=INNER), "permanent", "redirect", "failed"
    ),
    "redirects inward with the method": Case(
        Answer(307, headers=INNER), "permanent", "redirect", "failed"
    ),
    "is gone": Case(Answer(410), "permanent", "http 410", "failed"),
    "refuses": Case(Answer(403), "permanent", "http 403", "failed"),
    "is busy": Case(Answer(503), "temporary", "http 503"),
    "wants to be left alone": Case(
        Answer(429, headers=[("Retry-After", "7200")]), "temporary", "http 429"
    ),
    "hangs": Case(Answer(raw=b"", hang=True), "in doubt", "timeout"),
    "hangs within the headers": Case(
        Answer(raw=OK + b"X-Slow: ", hang=True), "in doubt", "timeout"
    ),
    "gives preliminary answers for ever": Case(
        Answer(raw=b"HTTP/1.1 100 Continue\r\n\r\n", hang=True), "in doubt", "timeout"
    ),
    "hangs up": Case(Answer(raw=b""), "in doubt", "disconnected"),
    "hangs up within the headers": Case(Answer(raw=OK + b"X: y\r\n"), "in doubt", "disconnected"),
    "speaks another protocol": Case(Answer(raw=b"SSH-2.0-x\r\n"), "in doubt", "bad answer"),
    "has headers without end": Case(
        Answer(raw=OK + b"X: y\r\n" * 512, times=2_000), "in doubt", "bad answer"
    ),
}


def senders(**said: object) -> Senders:
    fields: dict[str, object] = {
        "allow_networks": LOOPBACK,
        "out": StringIO(),
        "connect_timeout": timedelta(seconds=2),
        "read_timeout": timedelta(seconds=0.4),
        "time_limit": timedelta(seconds=3),
    }
    return Senders(**(fields | said))  # type: ignore[arg-type]


def enqueue(store: Store, clock: FakeClock, urls: Sequence[str]) -> None:
    """Subscribe somebody over each URL, and let an alert wait for each."""
    with store.transaction() as tx:
        for number, url in enumerate(urls):
            who = a_subscriber(f"s{number:02}")
            channel = a_channel(who, url)
            tx.add_subscriber(who)
            tx.add_channel(channel)
            tx.add_subscription(a_subscription(channel, name=f"of s{number}"))
            alert = an_alert(a_classified(a_revision(a_release("r"))), who)
            tx.add_alert(alert, [channel.id], clock.now())


def deliver(store: Store, clock: FakeClock, urls: Sequence[str], **said: object) -> list[Delivery]:
    """Deliver once over each URL; return what is recorded, in their order."""
    enqueue(store, clock, urls)
    limits = Limits(host_at_once=50)
    worker = DeliveryWorker(
        store, senders(**said), clock, owner="me", limits=limits, chance=lambda: 0.5
    )
    assert worker.run_once() == len(urls)
    with store.transaction() as tx:
        found = {one.channel: one for one, _shown in tx.trace(a_release("r").id).deliveries}
        return [found[a_channel(a_subscriber(f"s{n:02}"), url).id] for n, url in enumerate(urls)]


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    with LoopbackServer() as running:
        yield running


@pytest.mark.slow
def test_what_a_webhook_s_receiver_does_is_recorded_as_what_it_is(
    store: SqlStore, clock: FakeClock, server: LoopbackServer
) -> None:
    paths = {name: f"/{number}" for number, name in enumerate(WEBHOOKS)}
    for name, case in WEBHOOKS.items():
        server.will(paths[name], case.answer)
    urls = [f"json://127.0.0.1:{server.port}{path}" for path in paths.values()]
    found = dict(zip(WEBHOOKS, deliver(store, clock, urls), strict=True))
    for name, case in WEBHOOKS.items():
        (attempt,) = found[name].attempts
        assert (attempt.outcome, found[name].state) == (case.outcome, case.state), name
        if case.failure:
            assert attempt.reason.partition(":")[0] == case.failure, name
        assert found[name].reason == attempt.reason
    alone = found["wants to be left alone"].not_before
    assert alone >= clock.now() + timedelta(hours=2)
    asked = {request.path for request in server.requests}
    assert asked == set(paths.values()), "nobody is sent on anywhere else"


@pytest.mark.parametrize("name", NAMES)
def test_a_webhook_whose_name_leads_inside_is_given_up_without_a_connection(
    name: str, store: SqlStore, clock: FakeClock
) -> None:
    async def resolve(host: str) -> Sequence[str]:
        return NAMES[host]

    (found,) = deliver(store, clock, [f"json://{name}/{SECRET}"], resolve=resolve)
    assert found.state == "failed"
    assert found.reason.startswith("blocked address: ")
    assert name not in found.reason


@pytest.mark.parametrize(
    "host", ["10.0.0.1", "169.254.169.254", "[::1]", "0x7f000001", "2130706433", "127.1"]
)
def test_a_webhook_at_an_address_inside_is_given_up(
    host: str, store: SqlStore, clock: FakeClock
) -> None:
    (found,) = deliver(store, clock, [f"json://{host}/{SECRET}"], allow_networks=())
    assert found.state == "failed"
    assert SECRET not in found.reason


def test_a_certificate_that_nobody_vouches_for_is_named_and_nothing_sent(
    store: SqlStore, clock: FakeClock, tmp_path: Path
) -> None:
    make_certificates(tmp_path / "tls")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(tmp_path / "tls" / "broker.pem")
    with LoopbackServer(tls=tls) as server:
        server.will("/hook", Answer())
        strict = f"jsons://127.0.0.1:{server.port}/hook"
        trusted, not_trusted = deliver(store, clock, [f"{strict}?verify=no", strict])
    assert trusted.state == "delivered"
    assert not_trusted.state == "waiting"
    assert not_trusted.reason.startswith("tls: its certificate")
    assert len(server.requests) == 1


def test_a_server_without_tls_is_not_sent_to_in_clear(store: SqlStore, clock: FakeClock) -> None:
    with webhook_server() as server:
        (found,) = deliver(store, clock, [f"jsons://{server.address}/hook"])
    assert found.reason.startswith("tls: ")
    assert server.requests == []


MAIL = {
    "takes it": ({}, "delivered", "", "delivered"),
    "is closed": ({"greeting": "554 no"}, "held up", "smtp 554", "waiting"),
    "is busy": ({"greeting": "421 later"}, "held up", "smtp 421", "waiting"),
    "never greets": ({"greeting": HANG}, "held up", "timeout", "waiting"),
    "hangs up at once": ({"greeting": HANG_UP}, "held up", "disconnected", "waiting"),
    "refuses the sender": ({"MAIL": "550 who?"}, "held up", "sender", "waiting"),
    "wants a login": ({"MAIL": "530 5.7.0 log in first"}, "held up", "login", "waiting"),
    "has a full disk": ({"MAIL": "452 4.3.1 no room"}, "held up", "smtp 452", "waiting"),
    "relays nothing": ({"RCPT": "554 5.7.1 Relay access denied"}, "held up", "relay", "waiting"),
    "goes down": ({"RCPT": "421 going down"}, "held up", "smtp 421", "waiting"),
    "refuses the recipient": ({"RCPT": "550 nobody"}, "permanent", "bounce", "failed"),
    "has a full mailbox": ({"RCPT": "452 full"}, "temporary", "smtp 452", "waiting"),
    "hangs up on the recipient": ({"RCPT": HANG_UP}, "temporary", "disconnected", "waiting"),
    "refuses the text": ({"text": "554 spam"}, "permanent", "smtp 554", "failed"),
    "takes the text and hangs": ({"text": HANG}, "in doubt", "timeout", "waiting"),
    "takes the text and hangs up": ({"text": HANG_UP}, "in doubt", "disconnected", "waiting"),
}


@pytest.mark.parametrize("name", MAIL)
def test_what_a_mail_server_does_is_recorded_as_what_it_is(
    name: str, store: SqlStore, clock: FakeClock
) -> None:
    says, outcome, failure, state = MAIL[name]
    with mail_script(says) as script:
        url = f"mailto://127.0.0.1:{script.port}?from=a@example.org&to=b@example.org"
        (found,) = deliver(store, clock, [url], connect_timeout=timedelta(seconds=0.4))
    (attempt,) = found.attempts
    assert (attempt.outcome, found.state) == (outcome, state)
    assert attempt.reason.partition(":")[0] == failure or outcome == "delivered"


KEY = DeliveryId("y-0123456789abcdef")


def sent_in_turn(url: str, count: int) -> list[Sent]:
    async def send() -> list[Sent]:
        using = senders(read_timeout=timedelta(seconds=5))
        sender = using.sender_for(SecretStr(url))
        try:
            return [await sender.send(SecretStr(url), an_alert(), KEY) for _ in range(count)]
        finally:
            await using.close()

    return asyncio.run(send())


def test_one_connection_serves_many_webhooks(server: LoopbackServer) -> None:
    server.will("/hook", Answer(body=b"thank you"))
    sent = sent_in_turn(f"json://127.0.0.1:{server.port}/hook", 20)
    assert {one.outcome for one in sent} == {"delivered"}
    assert (len(server.requests), server.connections) == (20, 1)


def test_a_kept_connection_that_was_closed_meanwhile_costs_no_webhook_a_try(
    server: LoopbackServer,
) -> None:
    """The second POST is sent again at once, with the same key; who hangs up for good is not."""
    server.will("/hook", Answer(), Answer(raw=b""), Answer())
    sent = sent_in_turn(f"json://127.0.0.1:{server.port}/hook", 2)
    assert [one.outcome for one in sent] == ["delivered", "delivered"]
    assert [one.headers["idempotency-key"] for one in server.requests] == [KEY] * 3
    server.requests.clear()
    server.will("/hook", Answer(raw=b""))
    (one,) = sent_in_turn(f"json://127.0.0.1:{server.port}/hook", 1)
    assert (one.outcome, one.failure, len(server.requests)) == ("in doubt", "disconnected", 1)


def test_however_many_kept_connections_were_closed_a_webhook_comes_through(
    server: LoopbackServer,
) -> None:
    """Each that is found closed is gone: the last try is over a new one."""

    async def send() -> list[Sent]:
        using = senders(read_timeout=timedelta(seconds=5))
        url = SecretStr(f"json://127.0.0.1:{server.port}/hook")
        sender = using.sender_for(url)
        try:
            server.will("/hook", Answer())
            at_once = [sender.send(url, an_alert(), KEY) for _ in range(4)]
            together = await asyncio.gather(*at_once)
            server.will("/hook", *[Answer(raw=b"")] * server.connections, Answer())
            return [*together, await sender.send(url, an_alert(), KEY)]
        finally:
            await using.close()

    assert {one.outcome for one in asyncio.run(send())} == {"delivered"}
    assert server.connections > 2


def test_one_connection_serves_many_e_mails_and_ends_with_a_goodbye() -> None:
    with mail_script() as script:
        sent = sent_in_turn(f"mailto://127.0.0.1:{script.port}?from=a@x.org&to=b@x.org", 20)
    assert {one.outcome for one in sent} == {"delivered"}
    assert (len(script.texts), script.connections) == (20, 1)
    assert script.heard[-1] == "QUIT"


def test_after_a_refusal_the_connection_serves_the_next_e_mail() -> None:
    with mail_script({"RCPT": "550 nobody"}) as script:
        sent_in_turn(f"mailto://127.0.0.1:{script.port}?from=a@x.org&to=b@x.org", 3)
    assert script.connections == 1
    assert script.heard.count("RSET") == 3


def test_a_kept_connection_that_was_closed_meanwhile_costs_no_try() -> None:
    """The server says so on MAIL: nothing of the message was handed over."""
    with mail_script() as script:

        async def send() -> list[Sent]:
            using = senders(read_timeout=timedelta(seconds=5))
            url = SecretStr(f"mailto://127.0.0.1:{script.port}?from=a@x.org&to=b@x.org")
            first = await using.sender_for(url).send(url, an_alert(), KEY)
            script.once["MAIL"] = HANG_UP
            try:
                return [first, await using.sender_for(url).send(url, an_alert(), KEY)]
            finally:
                await using.close()

        sent = asyncio.run(send())
    assert [one.outcome for one in sent] == ["delivered", "delivered"]
    assert script.connections == 2


def test_a_signed_webhook_carries_key_time_and_signature(server: LoopbackServer) -> None:
    server.will("/hook", Answer())
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    sent_in_turn(f"json://127.0.0.1:{server.port}/hook?secret={secret}", 1)
    (request,) = server.requests
    assert request.headers["idempotency-key"] == request.headers["webhook-id"] == KEY
    assert request.headers["webhook-signature"].startswith("v1,")
    assert request.headers["webhook-timestamp"].isdigit()
    assert secret not in request.path


def test_no_secret_is_in_what_is_recorded_of_any_receiver(
    store: SqlStore,
    clock: FakeClock,
    server: LoopbackServer,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Delivery, alarm, dead letter and log: of what is refused, away, redirected and taken."""
    caplog.set_level(logging.DEBUG)
    for path, answer in (("ok", Answer()), ("gone", Answer(410)), ("away", Answer(503))):
        server.will(f"/{path}/{SECRET}", answer)
    server.will(f"/on/{SECRET}", Answer(301, headers=[("Location", f"http://{SECRET}.org")]))
    at = f"127.0.0.1:{server.port}"
    urls = [
        *(f"json://me:{SECRET}@{at}/{path}/{SECRET}" for path in ("ok", "gone", "away", "on")),
        f"xml://me:{SECRET}@{at}/gone/{SECRET}",
        f"jsons://{at}/{SECRET}",
        f"mailto://{SECRET}:{SECRET}@{at}?from=a@x.org&to={SECRET}@x.org&mode=insecure",
        f"ntfy://me:{SECRET}@{at}/{SECRET}",
    ]
    found = deliver(store, clock, urls)
    with store.transaction() as tx:
        alarms = tx.alarms()
        shown = [one.shown for one in tx.channels()]
    printed = capsys.readouterr()
    logged = "\n".join(f"{record.getMessage()} {record.exc_text}" for record in caplog.records)
    for said in (repr(found), repr(alarms), repr(shown), logged, *printed):
        assert SECRET not in said
