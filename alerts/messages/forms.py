"""The forms of a message, and what keeps a release's words from being markup in each. Pure.

A template gets its values ready for its form, so none can forget to escape: HTML is escaped by
jinja2 on the way out, Markdown here. Markdown has no escape that all chats know (Slack and
Telegram know another than Discord), so the few signs that make markup become look-alikes, `*` a
full-width `＊`; the link leads to the exact words.
"""

import dataclasses
import html
import re
from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias, TypeVar, cast

from alerts.messages.said import Item, Url
from alerts.words import clean

Form: TypeAlias = Literal["text", "html", "chat"]
Escape: TypeAlias = Callable[[str], str]
FORMS: tuple[Form, ...] = ("text", "html", "chat")
SUFFIXES: Mapping[Form, str] = {"text": "txt", "html": "html", "chat": "md"}

T = TypeVar("T")

_TWINS = str.maketrans(
    {
        "*": "＊", "_": "＿", "`": "｀", "~": "～", "|": "｜", "\\": "＼",
        "<": "‹", ">": "›", "[": "［", "]": "］", "{": "｛", "}": "｝",
    }
)  # fmt: skip
_MENTION = re.compile(r"(?<![\w.])[@#!](?=\w)")
_LARGE = {"@": "＠", "#": "＃", "!": "！"}
_ENTITY = re.compile(r"&(?=#?\w+;)")
_LEADING = re.compile(r"^(\s*)(#|[+=-]+(?=\s|$)|\d+[.)](?=\s|$))", re.MULTILINE)
_IN_LINK = {"(": "%28", ")": "%29", "*": "%2A", "~": "%7E"}


def ready(said: T, form: Form, shown: Callable[[Item], Item] | None = None) -> T:
    """Return what is said with every text of it harmless in a form.

    `shown` makes the releases of a digest harmless, where it remembers what came of it.
    """
    return _each(said, harmless(form), shown)


def harmless(form: Form) -> Escape:
    """Return what makes a text harmless before a template of this form shows it."""
    return chat_text if form == "chat" else clean


def outer(form: Form) -> Escape:
    """Return what makes a text harmless that is put in after the template, such as the reason."""
    return {"html": html_text, "chat": chat_text, "text": clean}[form]


def html_text(text: str) -> str:
    """Return a text as it stands in HTML, in quotes too."""
    return html.escape(clean(text))


def chat_text(text: str) -> str:
    """Return a text in which no chat finds markup, a mention or a link of its own making."""
    found = clean(text).translate(_TWINS)
    found = _MENTION.sub(lambda one: _LARGE[one[0]], found)
    found = _ENTITY.sub("＆", found)
    return _LEADING.sub(lambda one: f"{one[1]}\u200b{one[2]}", found)


def address(url: str, form: Form) -> str:
    """Return an address as it stands in a form."""
    if form == "html":
        return html.escape(url)
    if form == "chat":
        return "".join(_IN_LINK.get(char, char) for char in url)
    return url


def _each(value: T, escape: Escape, shown: Callable[[Item], Item] | None) -> T:
    """Return a value of dataclasses, tuples and texts with each text escaped."""
    found: object = value
    if isinstance(value, Url):
        found = Url(address(value, "chat")) if escape is chat_text else value
    elif isinstance(value, str):
        found = escape(value)
    elif shown is not None and isinstance(value, Item):
        found = shown(value)
    elif isinstance(value, tuple):
        found = tuple([_each(one, escape, shown) for one in value])
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        changed = {
            field.name: _each(getattr(value, field.name), escape, shown)
            for field in dataclasses.fields(value)
        }
        found = dataclasses.replace(value, **changed)
    return cast(T, found)
