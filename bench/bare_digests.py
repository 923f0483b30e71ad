"""What digests are compared to: their rows by sqlite3 alone, their words by jinja2 alone."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jinja2 import Environment

from alerts.digesting import PAGE
from alerts.messages.saying import say_item
from bench import again
from bench.measure import Cost
from despatch.model import Alert, DeliveryId, DigestItem

_HTML = """<html><body><h1>{{ subject }}</h1>
{% for item in items %}<h3><a href="{{ item.link }}">{{ item.title }}</a></h3>
<p>{{ item.publisher }} {{ item.date }} ({{ item.source }})</p>
<p>{% for words, hit in item.evidence %}{% if hit %}<mark>{{ words }}</mark>{% else %}{{ words }}\
{% endif %}{% endfor %}</p>
{% endfor %}<p>{{ reason }}</p></body></html>"""
_TEXT = """{{ subject }}
{% for item in items %}{{ item.title }}
{{ item.publisher }} {{ item.date }} ({{ item.source }})
{% for words, hit in item.evidence %}{{ words }}{% endfor %}
{{ item.link }}
{% endfor %}{{ reason }}"""

_SHOWN = ("title", "link", "publisher", "date", "source")
_ITEM_COLUMNS = "state, alert, outcome, release, subscriber, revision, event"
_RUN_COLUMNS = "state, since, until, items, dropped, alert, done_at, reason, subscriber, due_at"
_SETTLED = (
    "UPDATE items SET state = ?, alert = ?, outcome = ?"
    " WHERE release = ? AND subscriber = ? AND revision = ? AND event = ?"
)
_RUN = (
    "UPDATE digests SET state = ?, waits_until = NULL, since = ?, until = ?, items = ?,"
    " dropped = ?, alert = ?, done_at = ?, reason = ? WHERE subscriber = ? AND due_at = ?"
)


class BareTemplates:
    """One template a form, whose values are ready: a release's are made once."""

    def __init__(self) -> None:
        html, text = Environment(autoescape=True), Environment(autoescape=False)  # noqa: S701
        self._forms = html.from_string(_HTML), text.from_string(_TEXT)
        self._known: dict[int, dict[str, Any]] = {}

    def render(self, alert: Alert, _key: DeliveryId) -> object:
        """Return both forms."""
        items = [self._item(one) for one in alert.digest.items] if alert.digest else []
        values = {"subject": alert.subject, "items": items, "reason": alert.reason}
        return [form.render(values) for form in self._forms]

    def _item(self, one: DigestItem) -> dict[str, Any]:
        known = self._known.get(id(one.classified))
        if known is None:
            said = say_item(one)
            known = {name: getattr(said.about, name) for name in _SHOWN}
            known["evidence"] = [(piece.words, piece.hit) for piece in said.evidence]
            self._known[id(one.classified)] = known
        return known


def written_again(done: Path, home: Path) -> Cost:
    """Write what a run of digests wrote into a store where they are due."""
    return again.written_again(done, home, _statements, page=PAGE)


def _statements(source: sqlite3.Connection, alerts: list[str]) -> Iterator[again.Statement]:
    for table, key in (("alerts", "id"), ("digest_items", "alert"), ("deliveries", "alert")):
        yield again.inserted(source, table, key, alerts)
    whose = f"SELECT subscriber FROM alerts WHERE id IN ({again.marks(alerts)})"  # noqa: S608 - our own marks
    for statement, table, columns in (
        (_RUN, "digests", _RUN_COLUMNS),
        (_SETTLED, "items", _ITEM_COLUMNS),
    ):
        asked = f"SELECT {columns} FROM {table} WHERE subscriber IN ({whose})"  # noqa: S608
        yield statement, source.execute(asked, alerts).fetchall()
