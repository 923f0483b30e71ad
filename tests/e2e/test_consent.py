"""From a sign-up on the page to an alert to one click to silence, and to nothing left at all."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from despatch.app import App
from despatch.ports import Counts, Outgoing
from despatch.settings import read
from despatch.testing import a_classified, a_release, a_revision
from despatch.testing.browser import Browser
from despatch.testing.channels import Mail, MailServer, mail_server
from despatch.testing.free_ports import free_port
from despatch.testing.installation import Installation, wait_for
from despatch.topics import CLASSIFIED, DEAD, encode

pytestmark = pytest.mark.e2e

ADDRESS = "ada.lovelace@example.org"
FORM = (("address", ADDRESS), ("theme", "migration"), ("every", "immediate"))


class Site:
    """A whole installation with its pages, its mail server, and somebody at a browser."""

    def __init__(self, installation: Installation, mail: MailServer, pages: int, figures: int):
        self.installation = installation
        self.mail = mail
        self.app = App(read(installation.home, environ={}))
        self.browser = Browser(f"http://127.0.0.1:{pages}")
        self.figures = Browser(f"http://127.0.0.1:{figures}")

    def answers(self) -> bool:
        try:
            return self.browser.get("/subscribe").status == 200
        except OSError:
            return False

    def mails(self, count: int) -> Mail:
        """Return the last mail, once there are so many."""
        wait_for(lambda: len(self.mail.mails) >= count, f"mail number {count}", 120)
        assert len(self.mail.mails) == count
        return self.mail.mails[-1]

    def publish(self, number: int) -> None:
        """Have a release about migration taken by the alert stage, and wait until it has."""
        release = a_release(f"r{number}", title=f"Notice {number}")
        judged = a_classified(a_revision(release))
        assert judged.themes[0].theme == "migration"
        self.app.bus.publish([Outgoing(CLASSIFIED, release.id, encode(judged))])
        wait_for(lambda: self.counts().releases == number, f"release {number}", 120)

    def counts(self) -> Counts:
        with self.app.store.transaction() as tx:
            return tx.counts()

    def said(self) -> str:
        """Return all that was logged, served, listed or put on a topic."""
        texts = [file.read_text(errors="replace") for file in self.installation.logs.iterdir()]
        texts += [self.figures.get(path).text for path in ("/metrics", "/ready")]
        for command in (["status"], ["subscriptions", "list"], ["deliveries", "list"]):
            done = self.installation.run(*command)
            texts += [done.stdout, done.stderr]
        for spec in self.app.topics:
            texts += [f"{message!r}" for message in self.app.bus.browse(spec.name)]
        return "\n".join(texts)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    pages, figures = free_port(), free_port()
    with mail_server() as mail:
        environ = {
            "DESPATCH_PUBLIC_URL": f"http://127.0.0.1:{pages}",
            "DESPATCH_WEB_LISTEN": f"127.0.0.1:{pages}",
            "DESPATCH_MAIL_URL": f"mailto://{mail.address}?from=alerts@example.com",
            "DESPATCH_MAIL_FROM": "Release alerts <alerts@example.com>",
        }
        with Installation(tmp_path / "home", environ) as installation:
            installation.start("up", "up", "--listen", f"127.0.0.1:{figures}")
            site = Site(installation, mail, pages, figures)
            wait_for(site.answers, "the pages")
            yield site
            site.app.close()
            assert installation.stop("up") == 0, installation.log("up")


def links(mail: Mail) -> dict[str, str]:
    """Return the links to the pages that stand in a mail's text, by the page."""
    body = mail.message.get_body(("plain",))
    assert body is not None
    found = re.findall(
        r"http://127\.0\.0\.1:\d+/(confirm|manage|unsubscribe)/(\S+)", str(body.get_content())
    )
    return {page: f"/{page}/{token}" for page, token in found}


def test_from_the_page_to_an_alert_to_one_click_to_silence(site: Site) -> None:
    assert site.browser.post("/subscribe", FORM).status == 200
    asking = site.mails(1)
    assert asking.recipients == (ADDRESS,)
    assert asking.message["List-Unsubscribe"] is None
    confirm = links(asking)["confirm"]
    site.publish(1)
    assert site.browser.get(confirm).status == 200
    assert site.counts().subscriptions == 0, "a scanner that looks confirms nothing"
    assert site.browser.post(confirm).status == 200
    site.publish(2)
    alert = site.mails(2)
    assert "Notice 2" in alert.message["Subject"]
    assert alert.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    unsubscribe = re.sub(r"[<>]", "", alert.message["List-Unsubscribe"])
    assert links(alert)["unsubscribe"] == unsubscribe[unsubscribe.index("/unsubscribe") :]
    assert "migration" in site.browser.get(links(alert)["manage"]).text
    site.app.bus.publish([Outgoing(CLASSIFIED, "r-poison", b"\xff no JSON")])
    wait_for(lambda: any(True for _ in site.app.bus.browse(DEAD)), "a dead letter")
    said = site.said()
    for there in ("Notice 2", "r-poison", "sign-up confirmed", "despatch_told", "reader-"):
        assert there in said, "else the search below proves nothing"
    assert "lovelace" not in said.lower()
    assert site.browser.post(unsubscribe, (("List-Unsubscribe", "One-Click"),)).status == 200
    site.publish(3)
    assert (site.counts().subscriptions, site.counts().deliveries.get("waiting", 0)) == (0, 0)
    assert len(site.mail.mails) == 2


def test_who_is_forgotten_is_in_no_file_any_more(site: Site) -> None:
    site.browser.post("/subscribe", FORM)
    site.browser.post(links(site.mails(1))["confirm"])
    site.publish(1)
    manage = links(site.mails(2))["manage"]
    with site.app.store.transaction() as tx:
        (who,) = [one for one in tx.subscribers() if one.name.startswith("reader-")]
        (known,) = tx.subscriptions_of([who.id])
    data = json.loads(site.installation.run("export", ADDRESS).stdout)
    assert [one["to"] for one in data["subscribers"][0]["channels"]] == [ADDRESS]
    assert site.installation.run("forget", ADDRESS, "--yes").returncode == 0
    assert "You have none" in site.browser.get(manage).text
    assert site.browser.post("/subscribe", FORM).status == 200
    site.publish(2)
    assert len(site.mail.mails) == 2
    files = [file for file in site.installation.home.rglob("*") if file.is_file()]
    every = b"".join(file.read_bytes() for file in files)
    assert known.id.encode() in every, "else the search below proves nothing"
    for gone in (ADDRESS, "lovelace", who.name):
        assert gone.encode() not in every
