"""Whatever a publisher writes stays words: in no form is it markup, a link or a command."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown import markdown
from markdown_it import MarkdownIt
from pydantic import SecretStr

from alerts.channels import grammar
from alerts.channels.form import fit
from alerts.messages import Messages
from alerts.messages.forms import chat_text
from alerts.messages.specimens import AT, classified
from alerts.messages.specimens import alert as an_alert
from alerts.words import one_line
from despatch.model import (
    Alert,
    DeliveryId,
    Details,
    Digest,
    DigestItem,
    Evidence,
    Linked,
    Rewording,
    ThemeId,
    ThemeScore,
)

KEY = DeliveryId("y-2412c3085480dc50beef2601")
MESSAGES = Messages()
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f]")

ATTACKS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><a href="https://evil.example">x</a>',
    "{{ 7 * 7 }}{% for x in y %}",
    "{{ said.__class__.__mro__ }}",
    "[click](https://evil.example)",
    "![x](https://evil.example/x.png)",
    "[x]: https://evil.example\n[x]",
    "<https://evil.example>",
    "<!channel> <@U012AB3CD> @everyone @here",
    "**bold** __bold__ *it* _it_ ~~no~~ `code` ||spoiler||",
    "# Heading\n- item\n1. item\n> quote\n---",
    "&lt;b&gt; &#60;b&#62; &amp;lt;",
    "\u202eevil\u202c \u2066x\u2069 \ufeff",
    "\x1b[2J\x07\x00\r\nBcc: eve@example.org",
    "\ufdd00\ufdd1 \ufdd04\ufdd1",
    "|a|b|\n|-|-|\n|c|d|",
    "javascript:alert(1)",
    "\\[x\\](y) \\<b\\>",
    "```\ncode\n```",
    "    code",
    "<details open ontoggle=alert(1)>",
    "--></style><b>",
)
WORDS = st.one_of(
    st.sampled_from(ATTACKS),
    st.lists(st.sampled_from(ATTACKS), min_size=2, max_size=3).map("".join),
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=80),
    st.text("<>&\"'*_`~|[](){}!#\\-+.:/@= ab\n", min_size=1, max_size=60),
)


def hostile(words: str, event: str = "revised") -> Alert:
    """Return an alert that says the words wherever a publisher or a subscriber can say any."""
    about = classified(title=words, text=f"A. {words}. B.")
    release = about.revision.release.model_copy(
        update={
            "details": Details(organisations=(Linked(title=words),), withdrawn_why=words),
            "address": f"https://www.example.gov/{words}",
            "language": words,
        }
    )
    at = release.text.find(words)
    evidence = (Evidence(field="text", start=at, end=at + len(words), text=words, weight=1.0),)
    theme = ThemeScore(theme=ThemeId(words), version="1", score=0.9, evidence=evidence)
    about = about.model_copy(
        update={
            "revision": about.revision.model_copy(update={"release": release}),
            "themes": (theme,),
            "language": words,
        }
    )
    changes = (Rewording(before=words, now=f"{words} x"), Rewording(now=words))
    also = (Linked(title=words, address="https://also.example/a_(b)"),)
    changed: dict[str, Any] = {"reason": words, "also": also}
    if event == "digest":
        item = DigestItem(classified=about, event="revised", reason=words, changed=words, also=also)
        theme_counts = ((ThemeId(words), 1),)
        digest = Digest(
            since=AT, until=AT, why=words, items=(item,), total=1, by_theme=theme_counts
        )
        return an_alert("digest", None, digest=digest, **changed)
    if event == "alarm":
        return an_alert("alarm", None, subject=words, body=words, **changed)
    return an_alert(event, about, changes=changes, changed=words, **changed)


EVENTS = st.sampled_from(["new", "revised", "withdrawn", "digest", "alarm"])


class _Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


OURS = {
    *("html", "head", "meta", "title", "style", "body", "div", "p", "h1", "h2", "h3", "a", "span"),
    *("strong", "mark", "ins", "del", "blockquote", "ul", "li", "br", "code"),
}
ATTRIBUTES = {
    *("lang", "dir", "charset", "name", "content", "style", "class", "role", "aria-label", "href"),
}


def every_attack(test: Any) -> Any:
    for words in ATTACKS:
        for event in ("revised", "digest", "alarm"):
            test = example(words=words, event=event)(test)
    return settings(deadline=None)(given(words=WORDS, event=EVENTS)(test))


@every_attack
def test_a_page_has_only_our_tags_and_leads_only_where_the_release_is(
    words: str, event: str
) -> None:
    page = _Tags(MESSAGES.html(hostile(words, event), KEY))
    for tag, attributes in page.tags:
        assert tag in OURS
        assert set(attributes) <= ATTRIBUTES
    links = {str(attributes["href"]) for tag, attributes in page.tags if tag == "a"}
    ours = ("https://www.example.gov/", "https://also.example/")
    told = {link for link in links if not link.startswith(ours)}
    if event != "alarm":  # an alarm's own words may name an address: it is shown as one
        assert not told
    assert all(link.startswith(("https://", "http://")) for link in links)


@every_attack
def test_a_page_says_the_words_as_they_are(words: str, event: str) -> None:
    page = "".join(_Tags(MESSAGES.html(hostile(words, event), KEY)).words)
    assert one_line(words)[:60] in " ".join(page.split())


@every_attack
def test_no_form_holds_control_characters_or_turns_the_writing(words: str, event: str) -> None:
    alert = hostile(words, event)
    shown = (
        MESSAGES.subject(alert),
        MESSAGES.text(alert, KEY),
        MESSAGES.html(alert, KEY),
        MESSAGES.chat(alert, KEY),
        MESSAGES.short(alert),
    )
    for text in shown:
        assert not CONTROL.search(text)
        assert not re.search("[\ufdd0-\ufdef]", text)
    assert "\n" not in shown[0] + shown[-1]


@every_attack
def test_markdown_holds_only_our_links_and_marks(words: str, event: str) -> None:
    """By two readers of Markdown: what chats use, and what apprise makes HTML with."""
    chat = MESSAGES.chat(hostile(words, event), KEY)
    for page in (MarkdownIt("commonmark").render(chat), markdown(chat)):
        for tag, attributes in _Tags(page).tags:
            assert tag in {"p", "strong", "a", "ul", "li", "br"}
            assert set(attributes) <= {"href"}
            if tag == "a" and event != "alarm":
                assert str(attributes["href"]).startswith(
                    ("https://www.example.gov/", "https://also.example/")
                )


@settings(deadline=None)
@given(WORDS)
def test_a_text_made_harmless_for_chats_is_harmless_again(words: str) -> None:
    assert chat_text(chat_text(words)) == chat_text(words)


URLS = (
    "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/",
    "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js",
    "tgram://123456789:abcdefg_hijklmnop/12315544/",
    "gchat://workspace/key/token",
    "webex://" + "a" * 80,
    "ntfy://topic",
    "gotify://host/Abcdefghijklmno",
    "matrixs://user:password@host/%23room",
)


@pytest.mark.parametrize("words", ATTACKS)
def test_what_slack_gets_mentions_nobody_and_links_only_to_the_release(words: str) -> None:
    plugin = grammar.read(SecretStr(URLS[0]))
    fitted = fit(plugin, "slack", MESSAGES, hostile(words), KEY)
    shown = plugin.dialect_convert(fitted.body, fitted.format)
    for found in re.findall(r"<([^>]*)>", shown):
        assert found.startswith(("https://www.example.gov/", "https://also.example/"))
    assert "<!" not in shown
    assert "<@" not in shown


@settings(deadline=None)
@given(words=WORDS, event=EVENTS, url=st.sampled_from(URLS))
def test_no_service_is_given_more_than_it_takes(words: str, event: str, url: str) -> None:
    plugin = grammar.read(SecretStr(url))
    fitted = fit(plugin, url.partition(":")[0], MESSAGES, hostile(words, event), KEY)
    # What has no place for a title gets it above the body; an empty one takes no line.
    above = len(fitted.title) + 2 if fitted.title and plugin.title_maxlen <= 0 else 0
    assert len(fitted.body) + above <= plugin.body_maxlen
    assert plugin.title_maxlen <= 0 or len(fitted.title) <= plugin.title_maxlen
    assert fitted.body
