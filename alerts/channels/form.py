"""Which form of a message a service behind apprise gets, and how much of it.

Apprise knows what each service shows: Markdown, HTML or text, and how many characters. Markdown is
written for all chats alike, and apprise turns it into the dialect of Slack, Telegram or Matrix.
"""

from dataclasses import dataclass
from typing import Any

from apprise import NotifyFormat, OverflowMode

from alerts.messages import MAX_SHORT, Messages
from alerts.messages.forms import Form, chat_text
from despatch.model import Alert, DeliveryId
from despatch.shorten import shorten

_MACHINES = frozenset({"amqp", "amqps", "apprise", "apprises", "form", "forms", "xml", "xmls"})
"""They take every form and hand it on as it is: text is what a program expects."""
_FORMS: dict[NotifyFormat, Form] = {
    NotifyFormat.MARKDOWN: "chat",
    NotifyFormat.HTML: "html",
    NotifyFormat.TEXT: "text",
}


_ONE_MESSAGE = frozenset({140, 160})
_NO_MORE = frozenset({"pushed", "voipms"})
"""They take no more, or are none that send text messages."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What apprise is given."""

    title: str
    body: str
    format: NotifyFormat


def fit(plugin: Any, scheme: str, messages: Messages, alert: Alert, key: DeliveryId) -> Fitted:
    """Return title and body within a service's limits; the link is whole, or left out.

    A chat without titles gets none: the body begins with what happened. Any other service without
    titles gets it as the body's first line, from apprise.
    """
    if _is_sms(plugin, scheme):
        return Fitted("", messages.text_message(alert), _TEXT)
    format_ = format_of(plugin, scheme)
    form, most = _FORMS[format_], int(plugin.body_maxlen)
    title = messages.subject(alert)
    if plugin.title_maxlen > 0:
        title = _titled(title, form, int(plugin.title_maxlen))
    elif form == "chat":
        title = ""
    else:
        most -= len(title) + 2
    if most < MAX_SHORT:
        return Fitted("", messages.fitting(alert, key, "text", int(plugin.body_maxlen)), _TEXT)
    body = messages.fitting(alert, key, form, most)
    if not body:
        return Fitted(title, messages.fitting(alert, key, "text", most), _TEXT)
    return Fitted(title, body, format_)


def _is_sms(plugin: Any, scheme: str) -> bool:
    """Tell whether a service sends text messages and makes several of one that is too long.

    By what apprise says that it takes at once: the 160 characters, or 140 bytes, of one. A URL
    that has apprise cut (`?overflow=`) means it.
    """
    one_message = int(plugin.body_maxlen) in _ONE_MESSAGE and scheme not in _NO_MORE
    return one_message and plugin.overflow_mode == OverflowMode.UPSTREAM


def format_of(plugin: Any, scheme: str) -> NotifyFormat:
    """Return how a service shows a message best: as its URL says, as Markdown, as it does itself.

    `?format=text` in a URL wins.
    """
    if scheme in _MACHINES:
        return _TEXT
    asked = NotifyFormat(plugin.resolve_format(NotifyFormat.MARKDOWN))
    return asked if asked == NotifyFormat.MARKDOWN else NotifyFormat(plugin.resolve_format(None))


def _titled(title: str, form: Form, most: int) -> str:
    """Return a title that is no markup, wherever a service may show it."""
    return shorten(chat_text(title) if form == "chat" else title, most)


_TEXT = NotifyFormat.TEXT
