"""Messages in every form, rendered once for all who get the same."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from alerts.memo import Memo
from alerts.messages.about import link_of
from alerts.messages.digest_json import digest_json
from alerts.messages.faults import TemplateFault
from alerts.messages.forms import Form
from alerts.messages.fragments import Fragments
from alerts.messages.lessen import STEPS, lessen
from alerts.messages.payload import Body, release_part, shared_part
from alerts.messages.personal import You, marks, you
from alerts.messages.said import Item, Said, kind_of
from alerts.messages.saying import digest_key, say, say_item
from alerts.messages.short import Fits, Write, short, text_messages, within
from alerts.messages.templates import Templates, built_in
from alerts.messages.written import Written
from despatch import log
from despatch.model import Alert, Classified, DeliveryId, DigestItem
from despatch.ports import Links, NoLinks

MAX_SHORT = 300
"""Characters of the one line, where a channel says nothing smaller."""

_KEPT = 256
"""What is kept of each kind: several forms of each of the last messages."""
_KEPT_ITEMS = 1_000
"""Releases of digests that are kept."""
_IN_HAND = 8
"""Digests and notes that are known by themselves, while their forms are written one by one."""

_JSON = json.JSONEncoder(ensure_ascii=False)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class MailBody:
    """What an e-mail needs of a message; both parts are quoted-printable."""

    subject: str
    text: bytes
    html: bytes
    unsubscribe: str
    """The address that ends what it came from by one POST; empty if there is none."""


class Messages:
    """Writes messages by an installation's templates. Shared between threads.

    What does not differ between recipients is rendered and encoded once, and kept: a message about
    a release, a digest or a note of the same words, and each release of digests that differ. An
    operator's template that fails for some release all the same is passed over for
    the built-in one: nobody is told less for it.
    """

    def __init__(
        self,
        templates: Templates | None = None,
        links: Links = NoLinks(),  # noqa: B008 - it holds nothing
    ) -> None:
        self._templates = templates or built_in()
        self._links = links
        self._said: Memo[Said] = Memo(_KEPT)
        self._in_hand: Memo[Said] = Memo(_IN_HAND)
        self._items: Memo[Item] = Memo(_KEPT_ITEMS)
        self._fragments = Fragments(self._item_rendered)
        self._written: Memo[Written] = Memo(_KEPT)
        self._bodies: Memo[str] = Memo(_KEPT)
        self._releases: Memo[str] = Memo(_KEPT_ITEMS)
        self._log = log.get()

    def said(self, alert: Alert) -> Said:
        """Return what an alert says, as values: the same object for all that say the same."""
        if alert.classified is not None:
            return _kept(self._said, alert, (), partial(say, alert))
        return self._in_hand.of(alert, (), partial(self._said_alike, alert))

    def _said_alike(self, alert: Alert) -> Said:
        if alert.digest is not None:
            about, decides = digest_key(alert.digest)
            return self._said.of_all(about, decides, partial(say, alert, self._item))
        return self._said.of_all((), (alert.event, alert.subject, alert.body), partial(say, alert))

    def _item(self, one: DigestItem) -> Item:
        decides = (one.event, one.changed, one.also)
        return self._items.of(one.classified, decides, partial(say_item, one))

    def subject(self, alert: Alert) -> str:
        """Return one line of at most 200 characters: `New: Visa fees rise (migration)`."""
        return self.said(alert).subject

    def text(self, alert: Alert, key: DeliveryId) -> str:
        """Return the whole message as plain text."""
        return self._whole(alert, key, "text")

    def html(self, alert: Alert, key: DeliveryId) -> str:
        """Return the whole message as an HTML page."""
        return self._whole(alert, key, "html")

    def chat(self, alert: Alert, key: DeliveryId) -> str:
        """Return the whole message as Markdown."""
        return self._whole(alert, key, "chat")

    def short(self, alert: Alert, most: int = MAX_SHORT) -> str:
        """Return at most so many characters in one line, the link whole or left out.

        With why, and how to stop where there is a page for it and room: the title is cut first.
        """
        return self._short(alert, within(most))

    def text_message(self, alert: Alert) -> str:
        """Return the same as a text message, or as several: as few as link and words need.

        The link is whole; one of over 1,500 characters is left out.
        """
        return self._short(alert, text_messages())

    def _short(self, alert: Alert, rooms: Sequence[Fits]) -> str:
        stop = link_of(self._links.unsubscribe(alert))
        return short(self.said(alert), alert.names, rooms, self._line(alert), stop)

    def fitting(self, alert: Alert, key: DeliveryId, form: Form, most: int) -> str:
        """Return as much as there is room for: the least important goes first, the link last.

        Empty where no page of HTML is so small.
        """
        own = you(alert, key, self._links)
        for step in range(STEPS + 1):
            text = self._write(alert, own, form, step).plain(own.values(form))
            if len(text) <= most:
                return text
        return "" if form == "html" else self.short(alert, most)

    def mail(self, alert: Alert, key: DeliveryId) -> MailBody:
        """Return what an e-mail needs, both parts of it encoded."""
        own = you(alert, key, self._links)
        return MailBody(
            subject=self.subject(alert),
            text=self._write(alert, own, "text", 0).quoted(own.values("text")),
            html=self._write(alert, own, "html", 0).quoted(own.values("html")),
            unsubscribe=own.unsubscribe,
        )

    def body(self, alert: Alert, key: DeliveryId) -> Body:
        """Return the JSON body of a webhook: docs/reference/webhook.md."""
        return Body.model_validate_json(self.encoded(alert, key))

    def encoded(self, alert: Alert, key: DeliveryId) -> bytes:
        """Return the same as bytes; what is the same for everybody is not encoded again."""
        own = you(alert, key, self._links)
        text = self._write(alert, own, "text", 0).in_json(own.values("text"))
        head = _JSON.encode(_own_part(alert, own))
        return f'{head[:-1]}, "text": {text}, {self._rest(alert)[1:]}'.encode()

    def _rest(self, alert: Alert) -> str:
        """Return what is not its recipient's own, as JSON."""
        if alert.digest is not None:
            return digest_json(alert, alert.digest, self.subject(alert), self._release_json)
        return _kept(self._bodies, alert, (), lambda: self._shared_json(alert))

    def _shared_json(self, alert: Alert) -> str:
        return shared_part(alert, self.subject(alert)).model_dump_json()

    def _release_json(self, classified: Classified) -> str:
        return self._releases.of(classified, (), lambda: release_part(classified).model_dump_json())

    def _whole(self, alert: Alert, key: DeliveryId, form: Form) -> str:
        own = you(alert, key, self._links)
        return self._write(alert, own, form, 0).plain(own.values(form))

    def _write(self, alert: Alert, own: You, form: Form, step: int) -> Written:
        """Return a message, less by so many steps, with places for a recipient's own words."""
        said = self.said(alert)
        also = (form, step, own.has)
        return self._written.of(said, also, lambda: self._rendered(lessen(said, step), own, form))

    def _rendered(self, said: Said, own: You, form: Form) -> Written:
        shown, fragments = self._fragments.ready(said, form)
        values = {"said": shown, "you": marks(own.has)}
        kind = kind_of(said)
        text = self._surely(lambda templates: templates.render(kind, form, **values))
        return Written(text, fragments)

    def _item_rendered(self, item: Item, form: Form) -> str:
        return self._surely(lambda templates: templates.render_item(item, form))

    def _line(self, alert: Alert) -> Write:
        """Return what puts words, address and reason of a short message together."""
        event = alert.event

        def line(head: str, link: str, why: str) -> str:
            values = {"head": head, "link": link, "why": why, "event": event}
            return self._surely(lambda templates: templates.render_short(**values))

        return line

    def _surely(self, render: Callable[[Templates], str]) -> str:
        try:
            return render(self._templates)
        except TemplateFault as exc:
            if self._templates is built_in():
                raise
            self._log.error("template passed over", why=str(exc))
            return render(built_in())


def _kept(memo: Memo[T], alert: Alert, also: tuple[object, ...], make: Callable[[], T]) -> T:
    """Return what was made for all alerts about the same release, event and change.

    What is about no one release is its subscriber's alone, and made anew for each.
    """
    if alert.classified is None:
        return make()
    decides = (alert.event, alert.changed, alert.more_changes, alert.changes, alert.also)
    return memo.of(alert.classified, (decides, also), make)


def _own_part(alert: Alert, own: You) -> dict[str, object]:
    return {
        "id": alert.id,
        "key": own.key,
        "created_at": alert.created_at.isoformat().replace("+00:00", "Z"),
        "reason": own.reason,
        "subscriptions": list(alert.subscriptions),
        "manage": own.manage or None,
        "unsubscribe": own.unsubscribe or None,
    }
