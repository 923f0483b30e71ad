"""The public pages over real sockets: a GET shows, a POST acts, and nobody learns who is known."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from alerts.changing import Edit, edit
from alerts.channels import Senders
from alerts.links import Signer
from alerts.subscribe import Wish, subscribe
from despatch.app import App
from despatch.errors import SettingsError
from despatch.filter import of_themes
from despatch.frequency import frequency
from despatch.model import Subscription
from despatch.settings import read
from despatch.testing import FakeClock
from despatch.testing.browser import Browser, Page
from despatch.testing.free_ports import free_port
from despatch.testing.stores import migrated_file
from despatch.testing.subscribers import an_alert
from despatch.web.public import pages
from despatch.web.serving import Serving

ADDRESS = "ada.lovelace@example.org"
FORM = (("address", ADDRESS), ("theme", "migration"), ("every", "immediate"))
ONE_CLICK = (("List-Unsubscribe", "One-Click"),)


class Site:
    """An installation whose pages are served, and a browser at them."""

    def __init__(self, app: App, port: int) -> None:
        self.app = app
        self.browser = Browser(f"http://127.0.0.1:{port}")

    def subscribe(self, theme: str = "migration", name: str = "ada") -> Subscription:
        url = SecretStr("json://u:hunter2@hooks.example/in")
        wish = Wish(filter=of_themes(theme), urls=(url,), name=name)
        return subscribe(self.app.store, self.app.clock, Senders(), wish)[0]

    def subscriptions(self) -> list[Subscription]:
        with self.app.store.transaction() as tx:
            return list(tx.subscriptions())

    def manage(self, one: Subscription) -> str:
        assert self.app.links is not None
        return self.app.links.manage_all(one.subscriber) or ""

    def unsubscribe(self, *some: Subscription) -> str:
        assert self.app.links is not None
        alert = an_alert(subscriptions=tuple(one.id for one in some))
        mine = alert.model_copy(update={"subscriber": some[0].subscriber})
        return self.app.links.unsubscribe(mine) or ""

    def receipts(self, one: Subscription) -> str:
        """Have a subscriber get receipts, and return the link that a receipt has to end them."""
        every = {"receipt": frequency("weekly monday 08:00 UTC")}
        edit(self.app.store, self.app.clock, Senders(), one, Edit(manner=every))
        assert self.app.links is not None
        receipt = an_alert(subscriptions=(one.id,), event="receipt")
        mine = receipt.model_copy(update={"subscriber": one.subscriber})
        return self.app.links.unsubscribe(mine) or ""

    def next_receipt(self, one: Subscription) -> datetime | None:
        with self.app.store.transaction() as tx:
            return tx.receipt_due(one.subscriber)

    def confirm(self) -> str:
        """Return the link of the message that was written last."""
        with self.app.store.transaction() as tx:
            claims = tx.claim_deliveries(
                "t", self.app.clock.now(), timedelta(minutes=1), {"urgent": 99}
            )
        found = re.search(r"https?://\S+/confirm/\S+", claims[-1].alert.body)
        assert found is not None
        return found[0]

    def waiting(self) -> int:
        with self.app.store.transaction() as tx:
            return tx.counts().deliveries.get("waiting", 0)


def serve(home: Path, **said: Any) -> Iterator[Site]:
    port = free_port()
    clock = FakeClock()
    given: dict[str, Any] = {
        "public_url": f"http://127.0.0.1:{port}",
        "contact": "desk@example.org",
    } | said
    home.mkdir()
    (home / "store.db").write_bytes(migrated_file())
    with (
        App(read(home, environ={}, **given), clock=clock) as app,
        Serving("pages", "127.0.0.1", port, pages(app).application()),
    ):
        yield Site(app, port)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    yield from serve(tmp_path / "home", mail_url=SecretStr("mailto://u:hunter2@mail.example"))


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Site]:
    """One without a mail server."""
    yield from serve(tmp_path / "home")


@pytest.fixture
def under_a_path(tmp_path: Path) -> Iterator[Site]:
    yield from serve(
        tmp_path / "home",
        public_url="http://127.0.0.1/alerts",
        mail_url=SecretStr("mailto://u:hunter2@mail.example"),
    )


class Accessible(HTMLParser):
    """Collects what a screen reader needs, and what a page must not have."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self.language, self.headings, self.title = "", [0], ""
        self.ids: list[str] = []
        self.labelled: set[str] = set()
        self.fields: list[str] = []
        self.described: list[str] = []
        self.foreign: list[str] = []
        self.feed(page.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "html":
            self.language = given.get("lang", "")
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "label":
            self.labelled.add(given.get("for", ""))
        if tag in {"input", "select"} and given.get("type") != "hidden":
            self.fields.append(given.get("id", ""))
        self.described += given.get("aria-describedby", "").split()
        if tag in {"script", "img", "iframe"} or any(
            n.startswith("on") or n == "style" for n in given
        ):
            self.foreign.append(tag)


def is_accessible(page: Page) -> bool:
    found = Accessible(page)
    assert found.language == "en"
    assert len(found.ids) == len(set(found.ids)), "an id names one thing"
    assert set(found.fields) <= found.labelled, "each field has its label"
    assert set(found.described) <= set(found.ids), "what describes a field is there"
    assert found.headings.count(1) == 1, "one first heading"
    steps = zip(found.headings, found.headings[1:], strict=False)
    assert all(later - before <= 1 for before, later in steps if before), "no level left out"
    assert found.foreign == [], "nothing that a strict policy refuses"
    assert re.search(r"<title>.+ – Government release alerts</title>", page.text)
    return True


def test_the_form_shows_the_themes_and_is_accessible(site: Site) -> None:
    page = site.browser.get("/subscribe")
    assert page.status == 200
    for theme in site.app.chosen_themes(()):
        assert theme.title in page.text
    assert is_accessible(page)


def test_every_page_says_that_nothing_foreign_may_be_loaded_or_kept(site: Site) -> None:
    one = site.subscribe()
    places = ["/subscribe", "/nowhere", site.manage(one), site.unsubscribe(one), "/style.css"]
    for where in places:
        headers = site.browser.get(where).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in headers


@pytest.mark.parametrize("where", ["/subscribe", "/style.css", "/nowhere", "/"])
def test_no_answer_names_a_library_or_its_version(site: Site, where: str) -> None:
    assert "server" not in site.browser.get(where).headers


def test_a_page_that_is_not_there_leads_to_the_form(site: Site) -> None:
    assert 'href="/subscribe"' in site.browser.get("/nowhere").text


def test_what_is_wrong_has_the_focus(site: Site) -> None:
    """A screen reader begins there, without a script."""
    page = site.browser.post("/subscribe", [("address", "nobody")])
    assert re.search(r'<div class="summary"[^>]* tabindex="-1" autofocus>', page.text)


def test_what_is_wrong_is_told_beside_the_field_and_at_the_top(site: Site) -> None:
    page = site.browser.post("/subscribe", (("address", "<b>ada"), ("words", "!!")))
    assert page.status == 400
    assert "<title>Error: " in page.text
    assert 'role="alert"' in page.text
    assert "&lt;b&gt;ada" in page.text
    assert "<b>ada" not in page.text
    assert is_accessible(page)
    assert site.waiting() == 0


def test_signing_up_and_confirming(site: Site) -> None:
    asked = site.browser.post("/subscribe", FORM)
    assert (asked.status, site.subscriptions()) == (200, [])
    link = site.confirm()
    shown = site.browser.get(link)
    assert "migration" in shown.text
    assert is_accessible(shown)
    done = site.browser.post(link)
    assert done.status == 200
    assert [one.filter for one in site.subscriptions()] == [of_themes("migration")]


def test_known_unknown_and_suppressed_addresses_get_the_same_answer(site: Site) -> None:
    """Byte for byte, and headers too: else a page tells strangers who is subscribed."""
    with site.app.store.transaction() as tx:
        tx.suppress(SecretStr("gone@example.org"), "forgotten", site.app.clock.now())
    site.browser.post("/subscribe", FORM)
    site.browser.post(site.confirm())
    answers = []
    for address in (ADDRESS, "new@example.org", "gone@example.org", *["often@example.org"] * 5):
        page = site.browser.post("/subscribe", (("address", address), *FORM[1:]))
        headers = {name: v for name, v in page.headers.items() if name != "date"}
        answers.append((page.status, headers, page.text))
    assert all(answer == answers[0] for answer in answers)


def test_too_many_of_one_network_are_told_to_wait_and_others_are_not(site: Site) -> None:
    statuses = [
        site.browser.post(
            "/subscribe", (("address", f"p{n}@example.org"), *FORM[1:]), X_Forwarded_For="192.0.2.9"
        ).status
        for n in range(21)
    ]
    assert statuses == [200] * 20 + [429]
    other = site.browser.post("/subscribe", FORM, X_Forwarded_For="198.51.100.9")
    assert other.status == 200


def test_without_a_mail_server_nobody_can_sign_up_and_links_still_work(closed: Site) -> None:
    assert "not open" in closed.browser.get("/subscribe").text
    assert closed.browser.post("/subscribe", FORM).status == 403
    one = closed.subscribe()
    assert closed.browser.get(closed.manage(one)).status == 200
    assert closed.browser.post(closed.unsubscribe(one), ONE_CLICK).status == 200
    assert closed.subscriptions() == []


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_who_only_looks_changes_nothing(site: Site, method: str) -> None:
    """Mail scanners and browsers that look ahead fetch every link."""
    one, other = site.subscribe(), site.subscribe("partnerships")
    site.browser.post("/subscribe", FORM)
    confirm, before = site.confirm(), site.subscriptions()
    for link in (confirm, site.manage(one), site.unsubscribe(one, other)):
        for _twice in range(2):
            page = site.browser.get(f"{link}?act=leave&List-Unsubscribe=One-Click", method)
            assert page.status == 200
    assert site.subscriptions() == before


def test_one_click_unsubscribes_at_once_without_a_cookie_and_as_often_as_one_likes(
    site: Site,
) -> None:
    one, kept = site.subscribe(), site.subscribe("partnerships")
    link = site.unsubscribe(one)
    for _again in range(3):
        page = site.browser.post(link, ONE_CLICK)
        assert page.status == 200
        assert "You are unsubscribed" in page.text
    assert site.subscriptions() == [kept]
    assert "You are unsubscribed" in site.browser.get(link).text


@pytest.mark.parametrize(
    "body, content_type",
    [
        (b"List-Unsubscribe=One-Click", "application/x-www-form-urlencoded"),
        (
            b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click'
            b"\r\n--x--\r\n",
            "multipart/form-data; boundary=x",
        ),
        (b"", "application/x-www-form-urlencoded"),
        (b"\xff\xfe", "text/plain; charset=nonsense"),
    ],
)
def test_one_click_takes_either_form_of_the_rfc_and_any_other(
    site: Site, body: bytes, content_type: str
) -> None:
    link = site.unsubscribe(site.subscribe())
    assert site.browser.post_body(link, body, content_type).status == 200
    assert site.subscriptions() == []


def test_the_page_to_unsubscribe_names_what_ends(site: Site) -> None:
    page = site.browser.get(site.unsubscribe(site.subscribe(), site.subscribe("partnerships")))
    assert "<li>migration (At once)</li>" in page.text
    assert "<li>partnerships (At once)</li>" in page.text
    assert is_accessible(page)


def test_one_click_on_a_receipt_ends_receipts_and_no_alerts(site: Site) -> None:
    one = site.subscribe()
    link = site.receipts(one)
    assert site.next_receipt(one) is not None
    for _again in range(2):
        page = site.browser.post(link, ONE_CLICK)
        assert page.status == 200
        assert "You get no more receipts" in page.text
    assert site.next_receipt(one) is None
    assert site.subscriptions() == [one]
    assert "You get no more receipts" in site.browser.get(link).text


def test_the_page_of_a_receipt_names_what_ends_and_what_stays(site: Site) -> None:
    one = site.subscribe()
    page = site.browser.get(site.receipts(one))
    assert "Every Monday at 08:00 (UTC)." in page.text
    assert "Your alerts stay as they are" in page.text
    assert is_accessible(page)
    assert site.next_receipt(one) is not None


def test_a_receipt_is_shown_and_ended_among_all_that_somebody_has(site: Site) -> None:
    one = site.subscribe()
    assert "receipt" not in site.browser.get(site.manage(one)).text
    site.receipts(one)
    shown = site.browser.get(site.manage(one))
    assert "matches or none: Every Monday at 08:00 (UTC)." in shown.text
    assert is_accessible(shown)
    page = site.browser.post(site.manage(one), (("act", "receipt"),))
    assert "No more receipts" in site.browser.get(page.headers["location"]).text
    assert (site.next_receipt(one), site.subscriptions()) == (None, [one])


def test_all_that_somebody_has_is_shown_and_no_channel(site: Site) -> None:
    one, _other = site.subscribe(), site.subscribe("partnerships")
    site.subscribe("fishing", name="bob")
    page = site.browser.get(site.manage(one))
    assert "migration" in page.text
    assert "partnerships" in page.text
    assert "fishing" not in page.text
    assert "hunter2" not in page.text
    assert "json" not in page.text
    assert is_accessible(page)


@pytest.mark.parametrize("act, state", [("pause", "paused"), ("remove", None)])
def test_one_is_changed_by_a_post_and_the_page_says_so(
    site: Site, act: str, state: str | None
) -> None:
    one, kept = site.subscribe(), site.subscribe("partnerships")
    link = site.manage(one)
    page = site.browser.post(link, (("subscription", one.id), ("act", act)))
    assert page.status == 303
    shown = site.browser.get(page.headers["location"])
    assert 'role="status"' in shown.text
    assert is_accessible(shown)
    states = {x.id: x.state for x in site.subscriptions()}
    assert states == ({one.id: state} if state else {}) | {kept.id: "active"}


def test_a_paused_one_is_resumed(site: Site) -> None:
    one = site.subscribe()
    for act in ("pause", "resume"):
        site.browser.post(site.manage(one), (("subscription", one.id), ("act", act)))
    assert [x.state for x in site.subscriptions()] == ["active"]


def test_how_often_is_changed(site: Site) -> None:
    one = site.subscribe()
    fields = (("subscription", one.id), ("act", "every"), ("every", "weekly"))
    site.browser.post(site.manage(one), fields)
    assert [str(x.frequency) for x in site.subscriptions()] == ["weekly saturday 08:30 UTC"]


def test_all_are_ended_by_one_button(site: Site) -> None:
    one, _other = site.subscribe(), site.subscribe("partnerships")
    bobs = site.subscribe("fishing", name="bob")
    site.browser.post(site.manage(one), (("act", "leave"),))
    assert site.subscriptions() == [bobs]
    assert "You have none" in site.browser.get(site.manage(one)).text


def test_another_s_subscription_can_t_be_changed_with_one_s_own_link(site: Site) -> None:
    mine, bobs = site.subscribe(), site.subscribe("fishing", name="bob")
    page = site.browser.post(site.manage(mine), (("subscription", bobs.id), ("act", "remove")))
    assert page.headers["location"].endswith("?done=gone")
    assert len(site.subscriptions()) == 2


def test_a_link_is_good_for_its_own_page_alone(site: Site) -> None:
    one = site.subscribe()
    manage, unsubscribe = (
        link.rpartition("/")[2] for link in (site.manage(one), site.unsubscribe(one))
    )
    assert site.browser.post(f"/unsubscribe/{manage}").status == 404
    assert site.browser.get(f"/manage/{unsubscribe}").status == 404
    assert site.browser.post(f"/confirm/{unsubscribe}").status == 404
    assert site.subscriptions() == [one]


def test_a_confirmation_ends_after_a_week(site: Site) -> None:
    site.browser.post("/subscribe", FORM)
    link = site.confirm()
    assert isinstance(site.app.clock, FakeClock)
    site.app.clock.move(timedelta(days=7))
    assert site.browser.get(link).status == 410
    assert site.browser.post(link).status == 410
    assert site.subscriptions() == []


def test_the_link_of_an_old_message_works_for_years(site: Site) -> None:
    one = site.subscribe()
    link = site.unsubscribe(one)
    assert isinstance(site.app.clock, FakeClock)
    site.app.clock.move(timedelta(days=3_650))
    assert site.browser.post(link, ONE_CLICK).status == 200
    assert site.subscriptions() == []


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(token=st.text(alphabet=st.characters(codec="ascii", exclude_characters="/?#"), max_size=60))
def test_any_token_is_answered_with_a_page(site: Site, token: str) -> None:
    quoted = "".join(c if c.isalnum() else f"%{ord(c):02x}" for c in token) or "x"
    for page in ("unsubscribe", "manage", "confirm"):
        for answer in (
            site.browser.get(f"/{page}/{quoted}"),
            site.browser.post(f"/{page}/{quoted}", ONE_CLICK),
        ):
            assert answer.status == 404
            assert "<h1>" in answer.text


def test_a_token_for_what_is_not_there_is_answered_with_a_page(site: Site) -> None:
    signer = Signer([b"x"])
    for purpose, ids in (("unsubscribe", "s-none"), ("leave", "p-none"), ("receipt", "p-none")):
        token = site.app.signer.sign(purpose, [ids])  # type: ignore[arg-type]
        assert site.browser.get(f"/unsubscribe/{token}").status == 200
        assert site.browser.post(f"/unsubscribe/{token}").status == 200
    manage = site.app.signer.sign("manage", ["p-none"])
    assert "You have none" in site.browser.get(f"/manage/{manage}").text
    assert site.browser.get(f"/manage/{signer.sign('manage', ['p-none'])}").status == 404


@pytest.mark.parametrize(
    "body, content_type, status",
    [
        (b"a" * 20_000, "application/x-www-form-urlencoded", 413),
        (b"\xff=\xff", "application/x-www-form-urlencoded", 400),
        (b"{}", "application/json", 415),
        (b"act=dance", "application/x-www-form-urlencoded", 400),
    ],
)
def test_what_is_no_form_is_answered_with_a_page(
    site: Site, body: bytes, content_type: str, status: int
) -> None:
    page = site.browser.post_body(site.manage(site.subscribe()), body, content_type)
    assert page.status == status
    assert "<h1>" in page.text


def test_while_the_store_is_away_a_page_says_so_and_nothing_of_why(
    tmp_path: Path, site: Site
) -> None:
    link = site.unsubscribe(site.subscribe())
    site.app.store.close()
    (tmp_path / "home" / "store.db").rename(tmp_path / "elsewhere")
    (tmp_path / "home" / "store.db").mkdir()
    page = site.browser.post(link, ONE_CLICK)
    assert page.status == 503
    assert page.headers["retry-after"]
    assert str(tmp_path) not in page.text


def test_under_a_path_every_link_leads_there_whether_the_proxy_takes_it_off_or_not(
    under_a_path: Site,
) -> None:
    for prefix in ("", "/alerts"):
        page = under_a_path.browser.get(f"{prefix}/subscribe")
        assert 'href="/alerts/style.css"' in page.text
        assert 'action="/alerts/subscribe"' in page.text
        assert under_a_path.browser.get(f"{prefix}/style.css").status == 200
    one = under_a_path.subscribe()
    assert under_a_path.manage(one).startswith("http://127.0.0.1/alerts/manage/")
    assert under_a_path.browser.get(under_a_path.manage(one)).status == 200


def test_without_a_public_address_there_are_no_pages(tmp_path: Path) -> None:
    with App(read(tmp_path, environ={})) as app, pytest.raises(SettingsError, match="public_url"):
        pages(app)


def test_a_method_that_a_page_does_not_have_is_refused_with_those_that_it_has(site: Site) -> None:
    page = site.browser.get("/subscribe", "DELETE")
    assert page.status == 405
    assert "POST" in page.headers["allow"]


def test_a_mail_server_that_can_t_be_is_named_before_anybody_signs_up(tmp_path: Path) -> None:
    said: dict[str, Any] = {
        "public_url": "https://alerts.example.org",
        "mail_url": SecretStr("mailto://u:hunter2@127.0.0.1"),
    }
    wrong = pytest.raises(SettingsError, match="mail_url")
    with App(read(tmp_path, environ={}, **said)) as app, wrong as caught:
        pages(app)
    assert "mail_from" in str(caught.value)
    assert "hunter2" not in str(caught.value)
