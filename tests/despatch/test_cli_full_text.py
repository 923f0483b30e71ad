"""`despatch`, from a feed whose documents are read to the trace that shows it."""

import json
from pathlib import Path

import pytest

from despatch.app import App
from despatch.app.running import own_stages, wait_until_done
from despatch.app.status import status
from despatch.cli import run
from despatch.settings import read as read_settings
from despatch.testing.http import Answer, LoopbackServer
from despatch.web.metrics import render

ARTICLE = "<p>" + "The rules for visas change in spring, says the minister. " * 8 + "</p>"
HTML = [("Content-Type", "text/html; charset=utf-8"), ("ETag", '"1"')]


def page(article: str) -> Answer:
    html = f"<html lang=en><nav><a href=/>Home</a></nav><article>{article * 3}</article></html>"
    return Answer(headers=HTML, body=html.encode())


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "despatch.toml").write_text("allow_networks = ['127.0.0.0/8']\n")
    return tmp_path


@pytest.mark.slow
def test_a_trace_shows_where_the_text_was_read_and_when_it_is_read_again(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with LoopbackServer() as server:
        server.will("/visas", page(ARTICLE))
        feed = (
            "<rss version='2.0'><channel><title>x</title><item><title>Visas</title>"
            f"<link>{server.url('/visas')}</link><description>In short.</description></item>"
            "</channel></rss>"
        )
        server.will("/feed", Answer(body=feed.encode()))
        here = ["--home", str(home)]
        added = [*here, "sources", "add", server.url("/feed"), "--full-text", "page"]
        assert run([*added, "--no-preview"]) == 0
        assert run([*here, "poll", "--once"]) == 0
        with App(read_settings(home, environ={})) as app, own_stages(app) as threads:
            assert wait_until_done(app, threads)
        address = server.url("/visas").replace("http:", "https:")
        capsys.readouterr()
        assert run([*here, "trace", address]) == 0
        shown = capsys.readouterr().out
        assert run([*here, "trace", address, "--json"]) == 0
        traced = json.loads(capsys.readouterr().out)

    assert f"HTTP 200 {server.url('/visas')}" in shown
    assert "bytes kept" in shown
    assert "read in full" in shown
    (taken,) = traced["taken"]
    release = taken["classified"]["revision"]["release"]
    assert (release["text_from"], release["text"][:9]) == ("page", "The rules")
    assert [one["readings"] for one in traced["documents"]] == [1]
    assert traced["documents"][0]["due_at"] > traced["documents"][0]["read_at"]


def test_what_waits_for_its_full_text_stands_in_status_and_figures(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with LoopbackServer() as server:
        feed = (
            "<rss version='2.0'><channel><title>x</title><item><title>Visas</title>"
            f"<link>{server.url('/away')}</link><description>In short.</description></item>"
            "</channel></rss>"
        )
        server.will("/feed", Answer(body=feed.encode()))
        here = ["--home", str(home)]
        added = [*here, "sources", "add", server.url("/feed"), "--name", "x"]
        assert run([*added, "--full-text", "page", "--no-preview"]) == 0
        assert run([*here, "poll", "--once"]) == 0
    capsys.readouterr()
    run([*here, "status"])

    assert "x: 1 release went out with a summary" in capsys.readouterr().out
    with App(read_settings(home, environ={})) as app:
        assert b'despatch_source_documents_unread{source="x"} 1.0' in render(status(app))


@pytest.mark.parametrize(
    "options,settings",
    [
        ([], {}),
        (["--full-text", "none"], {"full_text": "none"}),
        (
            ["--full-text", "page", "--no-complete-later"],
            {"full_text": "page", "complete_later": False},
        ),
    ],
)
def test_how_documents_are_read_is_a_setting_of_the_source(
    home: Path, options: list[str], settings: dict[str, object]
) -> None:
    url = "https://example.gov/feed.atom"
    assert run(["--home", str(home), "sources", "add", url, "--no-preview", *options]) == 0

    with App(read_settings(home, environ={})) as app, app.store.transaction() as tx:
        ((record, _health, _due),) = tx.sources()
    assert record.settings == {"address": url, **settings}
