"""A person at a screen chooses among the feeds of a page, and says yes or no to each."""

import os
import pty
import select
import subprocess
from pathlib import Path

import pytest

from despatch.testing.http import Answer, LoopbackServer
from despatch.testing.installation import DESPATCH, Installation

pytestmark = pytest.mark.e2e

FEEDS = Path(__file__).parent.parent / "data" / "feeds"
PAGE = b"<html><a href=/news.atom>News by RSS</a><a href=/ports.rss>Ports</a>"


@pytest.fixture
def site() -> LoopbackServer:
    server = LoopbackServer()
    server.will("/page", Answer(headers=[("Content-Type", "text/html")], body=PAGE))
    server.will("/news.atom", Answer(body=(FEEDS / "govuk.atom").read_bytes()))
    server.will("/ports.rss", Answer(body=(FEEDS / "rss.xml").read_bytes()))
    return server


def at_a_screen(installation: Installation, *arguments: str, answers: list[bytes]) -> str:
    """Run a command on a terminal of its own, and answer each question; return what it said."""
    environ = {**installation.environ, "DESPATCH_ALLOW_NETWORKS": "127.0.0.0/8"}
    screen, its_end = pty.openpty()
    command = [*DESPATCH, *arguments]
    process = subprocess.Popen(command, env=environ, stdin=its_end, stdout=its_end, stderr=its_end)
    os.close(its_end)
    said = b""
    while select.select([screen], [], [], 60)[0]:
        try:
            said += os.read(screen, 4_096)
        except OSError:  # it has ended
            break
        if answers and said.rstrip().endswith((b"]:", b"]: ")):
            os.write(screen, answers.pop(0))
            said += b"\n"
    os.close(screen)
    assert process.wait(60) == 0, said
    assert answers == [], said
    return said.decode()


def test_a_feed_of_a_page_is_chosen_by_number_and_shown_before_it_is_added(
    tmp_path: Path, site: LoopbackServer
) -> None:
    with Installation(tmp_path / "home") as installation, site:
        add = ("sources", "add", site.url("/page"), "--name", "ports")
        said = at_a_screen(installation, *add, answers=[b"9\n", b"2\n", b"\n"])
        assert "has 2 feeds" in said
        assert "A number from 1 to 2" in said
        assert "Ministry of Ports" in said
        assert "Added ports." in said
        [source] = installation.ask("sources", "list", "--json")
        assert source["address"] == site.url("/ports.rss")


def test_who_says_no_adds_nothing(tmp_path: Path, site: LoopbackServer) -> None:
    with Installation(tmp_path / "home") as installation, site:
        add = ("sources", "add", site.url("/news.atom"))
        assert "Nothing is added." in at_a_screen(installation, *add, answers=[b"n\n"])
        assert installation.ask("sources", "list", "--json") == []
