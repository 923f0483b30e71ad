"""No channel's secret is in a log, an error, a page, a dead letter or a topic: over all channels.

A whole installation with a channel of each kind, whose receivers refuse what they get, is asked
everything that it can be asked. `tests/contracts/test_sender.py` asks each sender alone.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

import pytest

from despatch.app import App
from despatch.app.status import status
from despatch.settings import read
from despatch.testing.channels import mail_server, webhook_server
from despatch.testing.free_ports import free_port
from despatch.web.metrics import render
from despatch.web.public import pages
from despatch.web.serving import Serving

Cli = Callable[..., str]

SECRET = "s3cr3t0fAda"
WHSEC = "whsec_czNjcjN0MGZBZGFzM2NyM3QwZkFkYXMzY3IzdDBmQWRh"
CHANNELS = (
    "json://me:{secret}@{web}/{secret}?+X-Token={secret}",
    "json://{web}/in?secret={whsec}",
    "xml://me:{secret}@{web}/{secret}",
    "form://me:{secret}@{web}/{secret}",
    "ntfy://me:{secret}@{web}/{secret}",
    "gotify://{web}/A{secret}",
    "mmost://{web}/{secret}{secret}{secret}",
    "mailto://{secret}:{secret}@{mail}?from=a@example.org&to={secret}@example.org&mode=insecure",
    "mail://{secret}@example.org",
    "console://",
)
AWAY = "json://me:{secret}@127.0.0.1:{shut}/{secret}"
"""Nobody is there: a replay would wait for it."""
ASKED: tuple[tuple[str, ...], ...] = (
    ("status",),
    ("doctor",),
    ("settings",),
    ("subscriptions", "list"),
    ("subscriptions", "export"),
    ("deliveries", "list"),
    ("deliveries", "list", "--state", "waiting"),
    ("digests", "list"),
    ("alarms", "list"),
    ("dead", "list"),
    ("export",),
    ("trace", "visas"),
    ("messages", "show", "visas", "--as", "json"),
)


@pytest.fixture
def release(tmp_path: Path) -> str:
    file = tmp_path / "releases.jsonl"
    file.write_text('{"id": "visas", "title": "Illegal migration", "text": "Asylum seekers."}\n')
    return str(file)


def test_no_secret_of_any_channel_is_found_anywhere(
    home: Path, release: str, cli: Cli, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said: list[str] = []
    with webhook_server() as web, mail_server() as mail:
        web.status = 410
        mail.recipient_answer = f"550 {SECRET} has no mailbox"
        home.mkdir()
        (home / "despatch.toml").write_text(
            f'allow_networks = ["127.0.0.0/8"]\npublic_url = "http://127.0.0.1"\n'
            f'mail_url = "mailto://u:{SECRET}@{mail.address}?mode=insecure"\n'
            f'mail_from = "alerts@example.org"\n'
            f'operator_url = "json://op:{SECRET}@{web.address}/{SECRET}"\n'
        )
        said += _subscribed(cli, web.address, mail.address)
        said.append(cli("replay", release, "--deliver", "--yes", "--wait", "1s"))
        away = AWAY.format(secret=SECRET, shut=free_port())
        said.append(cli("subscribe", "--theme", "trade", "--to", away, "--test", code=1))
        for arguments in ASKED:
            for form in ((), ("--json",)) if arguments[0] not in {"export", "messages"} else ((),):
                if (arguments, form) != (("subscriptions", "export"), ("--json",)):
                    said.append(_asked(cli, *arguments, *form))
        said += _kept(home)
        ours = [one for one in caplog.records if one.name != "mail.log"]  # the other end's
        said += [f"{one.getMessage()} {one.exc_text}" for one in ours]
    assert "410" in "".join(said), "what was refused is told"
    for text in said:
        assert SECRET not in text
        assert WHSEC not in text


def _subscribed(cli: Cli, web: str, mail: str) -> list[str]:
    """Subscribe somebody over each channel; return what is said of it."""
    said = []
    for number, form in enumerate(CHANNELS):
        url = form.format(secret=SECRET, whsec=WHSEC, web=web, mail=mail)
        name = ("--name", f"s{number}")
        said.append(cli("subscribe", "--theme", "migration", "--to", url, *name))
        said.append(cli("subscriptions", "show", f"s{number}", "--json"))
    return said


def _asked(cli: Cli, *arguments: str) -> str:
    """Return what a command says; status and doctor end with 1 here, for nothing is well."""
    wrong = arguments[0] in {"status", "doctor"}
    return cli(*arguments, code=1 if wrong else 0)


def _kept(home: Path) -> list[str]:
    """Return what stands on topics, in files, in metrics and on a reader's page."""
    said = []
    with App(read(home, environ={})) as app:
        for topic in app.topics:
            said += [repr(message) for message in app.bus.browse(topic.name)]
        said.append(render(status(app)).decode())
        with app.store.transaction() as tx:
            people = tx.subscribers()
        port = free_port()
        with Serving("pages", "127.0.0.1", port, pages(app).application()):
            for one in people:
                assert app.links is not None
                path = (app.links.manage_all(one.id) or "").removeprefix("http://127.0.0.1")
                with urlopen(f"http://127.0.0.1:{port}{path}") as page:
                    said.append(page.read().decode())
    assert len(people) == len(CHANNELS) + 1
    files = [one for one in home.rglob("*") if one.is_file() and one.name != "despatch.toml"]
    return said + [one.read_bytes().decode("latin-1") for one in files]
