"""Digests: a release is rendered once for all who have it in theirs, and none shows another's."""

import quopri
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.messages import Messages, Templates
from alerts.messages.forms import FORMS, SUFFIXES, Form
from alerts.messages.lessen import STEPS
from alerts.messages.templates import BUILT_IN, END
from despatch.model import Alert, Classified, DeliveryId, Digest, DigestItem, Linked
from despatch.testing import a_classified, a_release, a_revision
from despatch.testing.releases import SEEN
from despatch.testing.subscribers import a_subscriber, an_alert

ROOM = 10**9
KEY = DeliveryId("y-1")
NAMES = ("fees", "boats", "visas", "ports", "fish", "trains")
TITLES = {
    "fees": "Fees = £42 & <b>more</b>",
    "boats": "Small boats *again*\nand [again](https://x.example)",
    "ports": "Ports \ufdd20\ufdd3 and \ufdd00\ufdd1, in a line longer than an e-mail's lines",
}


def about(name: str) -> Classified:
    return a_classified(a_revision(a_release(name, title=TITLES.get(name, name))))


RELEASES = {name: about(name) for name in NAMES}


def an_item(name: str, **changed: Any) -> DigestItem:
    fields: dict[str, Any] = {"classified": RELEASES[name], "event": "new", "reason": "asked"}
    return DigestItem(**(fields | changed))


def a_digest(*items: DigestItem, who: str = "ada", **changed: Any) -> Alert:
    fields: dict[str, Any] = {"since": SEEN, "until": SEEN + timedelta(hours=1), "why": "hourly"}
    digest = Digest(**(fields | {"items": items, "total": len(items)} | changed))
    alert = an_alert(None, a_subscriber(who), event="digest", id=f"a-{who}", digest=digest)
    return alert.model_copy(update={"classified": None, "reason": f"{who} asked"})


class Counting(Templates):
    """The built-in templates, counting what they render."""

    def __init__(self) -> None:
        super().__init__()
        self.rendered = Counter[str]()

    def render(self, kind: str, form: Form, /, **values: Any) -> str:
        self.rendered[f"{kind} {form}"] += 1
        return super().render(kind, form, **values)


def every_form(messages: Messages, alert: Alert) -> None:
    messages.mail(alert, KEY)
    messages.encoded(alert, KEY)
    messages.chat(alert, KEY)


def test_a_release_is_rendered_once_in_each_form_for_all_digests_that_show_it() -> None:
    templates = Counting()
    messages = Messages(templates)
    for first in NAMES:
        for second in NAMES:
            if first != second:
                every_form(messages, a_digest(an_item(first), an_item(second)))
    assert {form: templates.rendered[f"item {form}"] for form in FORMS} == dict.fromkeys(FORMS, 6)


def test_digests_that_say_the_same_are_rendered_once_whoever_gets_them() -> None:
    templates = Counting()
    messages = Messages(templates)
    for who in ("ada", "bob", "cay"):
        alert = a_digest(an_item("fees", reason=f"{who}'s"), an_item("boats"), who=who)
        every_form(messages, alert)
        assert f"{who} asked" in messages.html(alert, KEY)
        assert f"{who}'s" in messages.encoded(alert, KEY).decode()
    assert {form: templates.rendered[f"digest {form}"] for form in FORMS} == dict.fromkeys(FORMS, 1)


@pytest.mark.parametrize(
    "changed",
    [
        {"event": "withdrawn"},
        {"event": "revised", "changed": "Now says: “42”"},
        {"also": (Linked(title="Number 10"),)},
    ],
)
def test_what_happened_to_a_release_is_another_thing_to_say(changed: dict[str, Any]) -> None:
    messages = Messages()
    plain, other = a_digest(an_item("fees")), a_digest(an_item("fees", **changed))
    assert messages.text(plain, KEY) != messages.text(other, KEY)
    assert messages.html(plain, KEY) != messages.html(other, KEY)


def test_another_change_is_another_thing_to_say() -> None:
    messages = Messages()
    fee, day = (an_item("fees", event="revised", changed=one) for one in ("A fee.", "A day."))
    assert messages.text(a_digest(fee), KEY) != messages.text(a_digest(day), KEY)


def test_another_period_is_another_thing_to_say() -> None:
    messages = Messages()
    later = a_digest(an_item("fees"), until=SEEN + timedelta(hours=2))
    assert messages.text(a_digest(an_item("fees")), KEY) != messages.text(later, KEY)


@pytest.fixture(scope="module")
def in_one(tmp_path_factory: pytest.TempPathFactory) -> Messages:
    """Messages whose digests write all their releases in place, in one rendering."""
    folder = tmp_path_factory.mktemp("templates")
    for suffix in SUFFIXES.values():
        name = f"digest.{suffix}{END}"
        text = (BUILT_IN / name).read_text(encoding="utf-8")
        whole = text.replace("{{ item.shown }}", f'{{% include "item.{suffix}{END}" %}}\n')
        assert whole != text
        (folder / name).write_text(whole, encoding="utf-8")
    return Messages(Templates(folder))


@given(st.lists(st.sampled_from(NAMES), min_size=1, max_size=9), st.sampled_from(FORMS))
def test_joined_it_is_what_one_template_writes_of_all(
    in_one: Messages, names: list[str], form: Form
) -> None:
    alert = a_digest(*map(an_item, names))
    assert Messages().fitting(alert, KEY, form, ROOM) == in_one.fitting(alert, KEY, form, ROOM)


@given(st.lists(st.sampled_from(NAMES), min_size=1, max_size=9))
def test_an_e_mail_and_a_webhook_hold_what_the_forms_say(names: list[str]) -> None:
    messages, alert = Messages(), a_digest(*map(an_item, names))
    mail, body = messages.mail(alert, KEY), messages.body(alert, KEY)
    assert decoded(mail.text) == messages.text(alert, KEY) + "\n"
    assert decoded(mail.html) == messages.html(alert, KEY)
    assert body.text == messages.text(alert, KEY)
    assert body.digest is not None
    assert [one.release.id for one in body.digest.items] == [a_release(name).id for name in names]
    assert max(map(len, mail.html.splitlines())) <= 76, "RFC 2045 §6.7"


def decoded(part: bytes) -> str:
    return quopri.decodestring(part).decode().replace("\r\n", "\n")


def test_a_release_s_words_are_no_markup_and_no_mark() -> None:
    messages = Messages()
    alert = a_digest(*map(an_item, TITLES))
    page, chat = messages.html(alert, KEY), messages.chat(alert, KEY)
    assert "Fees = £42 &amp; &lt;b&gt;more&lt;/b&gt;" in page
    assert "Small boats ＊again＊ and ［again］(https://x.example)" in chat
    for text in (page, chat, messages.text(alert, KEY), messages.encoded(alert, KEY).decode()):
        assert not any("\ufdd0" <= char <= "\ufdef" for char in text)


@pytest.mark.parametrize("step", range(1, STEPS + 1))
def test_where_there_is_little_room_fewer_come_whole(step: int) -> None:
    messages, alert = Messages(), a_digest(*map(an_item, NAMES))
    room = len(messages.text(alert, KEY)) * (STEPS + 1 - step) // (STEPS + 1)
    text = messages.fitting(alert, KEY, "text", max(room, 400))
    assert len(text) <= max(room, 400)
    assert "6 releases" in text
    shown = [name for name in NAMES if str(a_release(name).address) in text]
    assert 0 < len(shown) < 6


def test_an_operator_s_template_of_a_release_is_what_digests_show(tmp_path: Path) -> None:
    (tmp_path / "item.html.j2").write_text("<h3>Mine: {{ item.about.title }}</h3>")
    page = Messages(Templates(tmp_path)).html(a_digest(an_item("fees")), KEY)
    assert "<h3>Mine: Fees = £42 &amp; &lt;b&gt;more&lt;/b&gt;</h3>" in page


def test_an_operator_s_digest_may_write_its_releases_itself(tmp_path: Path) -> None:
    (tmp_path / "digest.txt.j2").write_text(
        "{% for group in said.groups %}{% for item in group.items %}"
        "<{{ item.about.title }}>{{ item.shown }}|\n{% endfor %}{% endfor %}{{ you.reason }}"
    )
    text = Messages(Templates(tmp_path)).text(a_digest(an_item("visas"), an_item("fish")), KEY)
    first, second, last = text.replace("\n\n", "\n").split("|")
    assert first.startswith("<visas>visas\n")
    assert second.startswith("\n<fish>fish\n")
    assert last == "\nada asked"


def test_a_template_of_a_release_that_fails_is_passed_over_for_the_built_in_one(
    tmp_path: Path,
) -> None:
    (tmp_path / "item.txt.j2").write_text("{{ 1 // (item.about.title | length - 4) }} mine")
    messages = Messages(Templates(tmp_path))
    text = messages.text(a_digest(an_item("fish"), an_item("visas")), KEY)
    assert "\nfish\n" in text
    assert "1 mine" in text
