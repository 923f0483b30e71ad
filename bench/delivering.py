"""One release's alerts drained from the store, every outcome committed, against bare loops.

The limits: e-mail at no less than 0.7 times a bare smtplib loop with ready bytes on one connection,
webhooks at no less than 0.7 times a bare aiohttp loop, to the same server in the same run.
"""

import asyncio
import logging
import smtplib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import aiohttp
from apprise import Apprise

from alerts.channels.mail import write
from alerts.channels.mailbox import Mailbox
from alerts.channels.mailbox import Server as Relay
from alerts.messages import Messages
from bench.mail_server import MailServer
from bench.measure import Cost, Stopwatch, alternate
from bench.outbox import a_release_s_alert, drained
from bench.report import Contest, Report
from bench.server import Server
from despatch.model import DeliveryId
from despatch.testing.subscribers import an_alert

WEBHOOKS, EMAILS = 2_000, 1_000
FULL_WEBHOOKS, FULL_EMAILS = 100_000, 20_000
ADDRESSES = 20_000
"""So many webhooks have an address and a secret of their own, over a few hosts."""
HOSTS = 4
APPRISE_SHARE = 50
"""Bare apprise does one of so many: it is slower by that much."""

DESPATCH = "Despatch, all recorded"
TWO = "Despatch, two processes, all recorded"
LOOP = "bare aiohttp, a loop"
MANY = "bare aiohttp, 8 at once"
SMTPLIB = "bare smtplib, one connection"
APPRISE = "bare apprise"
SAME = "Despatch, one address and secret a host"
OWN = "Despatch, each its own address and secret"

_ALERT = an_alert(a_release_s_alert())
_KEY = DeliveryId("y-0123456789abcdef01234567")
_MESSAGES = Messages()
_SECRET = "whsec_" + "A" * 43 + "="


def run(runs: int, folder: Path) -> Report:
    """Return deliveries a second of both kinds."""
    return _report(runs, folder, WEBHOOKS, EMAILS, WEBHOOKS)


def run_full(runs: int, folder: Path) -> Report:
    """Return the same with as many as the limits name."""
    return _report(runs, folder, FULL_WEBHOOKS, FULL_EMAILS, ADDRESSES)


def _report(runs: int, folder: Path, webhooks: int, emails: int, addresses: int) -> Report:
    found = [
        _webhooks(runs, folder, webhooks),
        _addresses(runs, folder, addresses),
        _emails(runs, folder, emails),
    ]
    return Report("deliver", found)


def _webhooks(runs: int, folder: Path, count: int) -> Contest:
    with Server() as server:
        url = f"json://127.0.0.1:{server.port}/sink?secret={_SECRET}"

        def ours(processes: int) -> Cost:
            server.ask("/forget")
            cost = drained(folder, count, lambda _number: url, processes)
            _hold(server.ask("/count"), count)
            return cost

        contenders: dict[str, Callable[[], Cost]] = {
            DESPATCH: partial(ours, 1),
            TWO: partial(ours, 2),
            LOOP: partial(_posted, server, count, 1),
            MANY: partial(_posted, server, count, 8),
            APPRISE: partial(_apprised, url, max(1, count // APPRISE_SHARE)),
        }
        costs = alternate(contenders, runs, warm_ups=min(1, runs - 1))
    title = f"{count:,} immediate webhooks about one release, to as many subscribers at one host"
    return Contest(title, "deliveries", costs, [LOOP, MANY])


def _addresses(runs: int, folder: Path, count: int) -> Contest:
    """Each to an address of its own, none of which was read before, and all to one a host."""
    with ExitStack() as entered:
        hosts = [
            f"json://127.0.0.1:{entered.enter_context(Server()).port}" for _each in range(HOSTS)
        ]

        def own(number: int) -> str:
            return f"{hosts[number % HOSTS]}/hook/{number}?secret=whsec_{number:043d}%3D"

        def same(number: int) -> str:
            return f"{hosts[number % HOSTS]}/sink?secret={_SECRET}"

        contenders: dict[str, Callable[[], Cost]] = {
            OWN: lambda: drained(folder, count, own, 1),
            SAME: lambda: drained(folder, count, same, 1),
        }
        costs = alternate(contenders, runs, warm_ups=min(1, runs - 1))
    title = (
        f"{count:,} of them to as many addresses at {HOSTS} hosts, each with a secret of its own"
    )
    return Contest(title, "deliveries", costs, [SAME])


def _emails(runs: int, folder: Path, count: int) -> Contest:
    with MailServer() as server:

        def url(number: int) -> str:
            return f"mailto://127.0.0.1:{server.port}?from=a@example.org&to=u{number}@example.org"

        def ours(processes: int) -> Cost:
            server.count()
            cost = drained(folder, count, url, processes)
            _hold(server.count(), count)
            return cost

        contenders: dict[str, Callable[[], Cost]] = {
            DESPATCH: partial(ours, 1),
            TWO: partial(ours, 2),
            SMTPLIB: partial(_mailed, server.port, count),
            APPRISE: partial(_apprised, url(0), max(1, count // APPRISE_SHARE)),
        }
        costs = alternate(contenders, runs, warm_ups=min(1, runs - 1))
    title = f"{count:,} immediate e-mails about one release, to as many recipients by one server"
    return Contest(title, "deliveries", costs, [SMTPLIB])


def _hold(came: int, count: int) -> None:
    if came != count:
        raise RuntimeError(f"{came} of {count} came")


def _posted(server: Server, count: int, at_once: int) -> Cost:
    return asyncio.run(_post(server.url("/sink"), count, at_once))


async def _post(url: str, count: int, at_once: int) -> Cost:
    """Send ready bytes, each lane one after the other."""
    body = _MESSAGES.encoded(_ALERT, _KEY)
    left = iter(range(count))
    async with aiohttp.ClientSession(headers={"Content-Type": "application/json"}) as session:
        with Stopwatch() as watch:
            await asyncio.gather(*(_lane(session, url, body, left) for _ in range(at_once)))
    return watch.cost(count)


async def _lane(session: aiohttp.ClientSession, url: str, body: bytes, left: Iterator[int]) -> None:
    for _number in left:
        async with session.post(url, data=body) as answer:
            await answer.read()
            answer.raise_for_status()


def _mailed(port: int, count: int) -> Cost:
    """Send ready bytes on one connection."""
    relay = Relay("127.0.0.1", port, "insecure", None, None, verify=False)
    sender = "alerts@example.org"
    to = Mailbox(relay, sender, sender, "u@example.org", "", None, ())
    written = write(to, _ALERT, _KEY, _MESSAGES.mail(_ALERT, _KEY))
    with smtplib.SMTP("127.0.0.1", port) as client, Stopwatch() as watch:
        for number in range(count):
            client.sendmail(sender, [f"u{number}@example.org"], written)
    return watch.cost(count)


def _apprised(url: str, count: int) -> Cost:
    """Send by a new object each: a kept one waits for 5.5 s between two e-mails."""
    logging.getLogger("apprise").setLevel(logging.WARNING)  # its default: our senders change it
    with Stopwatch() as watch:
        for _number in range(count):
            sender = Apprise()
            sender.add(url)
            body = _MESSAGES.text(_ALERT, _KEY)
            if not sender.notify(title=_MESSAGES.subject(_ALERT), body=body):
                raise RuntimeError("apprise could not send")
    return watch.cost(count)
