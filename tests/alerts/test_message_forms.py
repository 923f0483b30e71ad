"""How much a channel gets, and in which form: never over its limit, the link whole or left out."""

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from apprise import NotifyFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import SecretStr

from alerts.channels import grammar
from alerts.channels.form import fit
from alerts.messages import Messages
from alerts.messages.forms import FORMS, Form
from alerts.messages.payload import Body
from alerts.messages.specimens import specimens
from despatch.model import Alert, DeliveryId
from despatch.testing import a_classified, a_release, a_revision
from despatch.testing.subscribers import an_alert

KEY = DeliveryId("y-2412c3085480dc50beef2601")
MESSAGES = Messages()
SCHEMA = Path(__file__).parents[2] / "docs" / "schemas" / "webhook.v2.schema.json"
LINK = "https://www.example.gov/news/ruritania"
TELLING = ("new", "late", "revised", "withdrawn", "restored", "digest")


@pytest.mark.parametrize("form", ["text", "chat"])
@pytest.mark.parametrize("name", specimens())
def test_whatever_the_room_it_is_kept_to_and_the_link_is_whole(name: str, form: Form) -> None:
    alert = specimens()[name]
    for most in range(0, 3_000, 7):
        fitted = MESSAGES.fitting(alert, KEY, form, most)
        assert len(fitted) <= most
        if name in TELLING and most >= len(LINK) + 20:
            assert LINK in fitted
        elif name in TELLING:
            assert LINK in fitted or "https:" not in fitted


@pytest.mark.parametrize("name", specimens())
def test_a_page_of_html_fits_or_is_not_given(name: str) -> None:
    for most in (10, 1_000, 3_000, 5_000, 30_000):
        assert len(MESSAGES.fitting(specimens()[name], KEY, "html", most)) <= most


def test_what_is_cut_is_cut_in_whole_sentences() -> None:
    """Down to the last step: its lines are those of the whole message."""
    alert = specimens()["new"]
    whole = set(MESSAGES.text(alert, KEY).splitlines())
    kept = {line for line in MESSAGES.fitting(alert, KEY, "text", 700).splitlines() if line}
    assert kept <= whole | {line.partition(":")[0] for line in whole} | kept_words(whole)
    assert len(kept) > 5


def kept_words(lines: set[str]) -> set[str]:
    """Return a theme's line with fewer of its words."""
    found = set()
    for line in lines:
        words = line.split(", ")
        found |= {", ".join(words[:n]) for n in range(1, len(words))}
    return found


def test_facts_go_before_evidence_and_evidence_before_what_happened() -> None:
    alert = specimens()["revised"]
    sizes = {
        part: next(
            most for most in range(3_000) if part in MESSAGES.fitting(alert, KEY, "text", most)
        )
        for part in ("Facts in the text", "*Small boat*", "£38", "Revised")
    }
    assert list(sizes) == sorted(sizes, key=lambda part: -sizes[part])


def test_a_digest_without_room_shows_fewer_and_says_how_many_more() -> None:
    alert = specimens()["digest"]
    fitted = MESSAGES.fitting(alert, KEY, "text", 650)
    assert "Shown are" in fitted
    assert fitted.count("https://") < MESSAGES.text(alert, KEY).count("https://")


def test_a_text_message_is_of_the_small_alphabet_if_the_title_is() -> None:
    title = "“Boats” – what’s next… " + "and so on " * 30
    alert = an_alert(a_classified(a_revision(a_release("boats", title=title))))
    said = MESSAGES.short(alert, 160)
    assert said.isascii()
    assert len(said) <= 160
    assert said.endswith("... (migration) https://example.gov/boats")


@settings(deadline=None)
@given(st.text(st.sampled_from("e\u0301👩\u200d⚕️🇬🇧🏽a "), min_size=1, max_size=200), st.data())
def test_no_letter_loses_its_accent_and_no_emoji_its_half(title: str, data: Any) -> None:
    alert = an_alert(a_classified(a_revision(a_release("x", title=f"x{title}"))))
    most = data.draw(st.integers(60, 160))
    said = MESSAGES.short(alert, most)
    assert len(said) <= most
    head, cut, _link = said.partition("...")
    if cut and head.startswith("New: "):
        rest = f"x{title}"[len(head) - len("New: ") :]
        assert not rest or not unicodedata.category(rest[0]).startswith("M") or len(head) < 30


FORMS_OF = {
    "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/": NotifyFormat.MARKDOWN,
    "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js": NotifyFormat.MARKDOWN,
    "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js?format=text": NotifyFormat.TEXT,
    "tgram://123456789:abcdefg_hijklmnop/12315544/": NotifyFormat.MARKDOWN,
    "resend://abcd:user@example.org/ada@example.com": NotifyFormat.HTML,
    "bulksms://user:password@12025550199": NotifyFormat.TEXT,
    "ntfy://topic": NotifyFormat.TEXT,
    "xml://host/path": NotifyFormat.TEXT,
    "form://host/path": NotifyFormat.TEXT,
}


@pytest.mark.parametrize("url", FORMS_OF, ids=lambda url: url.partition(":")[0])
def test_each_service_gets_the_form_that_it_shows_best(url: str) -> None:
    plugin = grammar.read(SecretStr(url))
    fitted = fit(plugin, url.partition(":")[0], MESSAGES, specimens()["new"], KEY)
    assert fitted.format == FORMS_OF[url]
    assert LINK in fitted.body


@pytest.mark.parametrize("name", specimens())
def test_the_json_body_is_as_its_schema_says(name: str) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    body = json.loads(MESSAGES.encoded(specimens()[name], KEY))
    Draft202012Validator(schema).validate(body)
    assert set(body) == set(Body.model_fields)


def test_a_body_that_is_not_so_is_refused_by_the_schema() -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    body = json.loads(MESSAGES.encoded(specimens()["new"], KEY))
    assert not Draft202012Validator(schema).is_valid(body | {"version": 1})
    assert not Draft202012Validator(schema).is_valid(body | {"more": 1})


@pytest.mark.parametrize("form", FORMS)
def test_what_differs_between_recipients_is_put_in_after_rendering(form: Form) -> None:
    """Rendered once, yet each gets their own words, made harmless for the form."""
    about = specimens()["new"]
    ours = about.model_copy(update={"reason": "Ada <asked> for *it*"})
    theirs = about.model_copy(update={"reason": "Bob asked"})
    messages = Messages()
    first, second = (_shown(messages, one, form) for one in (ours, theirs))
    reason = {
        "text": "Ada <asked> for *it*",
        "html": "Ada &lt;asked&gt; for *it*",
        "chat": "Ada ‹asked› for ＊it＊",
    }[form]
    assert first.replace(reason, "Bob asked") == second


def _shown(messages: Messages, alert: Alert, form: Form) -> str:
    shows = {"text": messages.text, "html": messages.html, "chat": messages.chat}
    return shows[form](alert, KEY)
