"""What digests are compared to: their rows by sqlite3 alone, their words by jinja2 alone."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from jinja2 import Environment

from alerts.digesting import PAGE
from alerts.messages.saying import say_item
from bench.measure import Cost, Stopwatch
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
_PRAGMAS = ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON")
"""As `despatch/store/engine.py` has it."""
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
    """Write what a run wrote, by as many rows a transaction, into a store where it is due."""
    watch, count = Stopwatch(), 0
    with (
        closing(sqlite3.connect(done / "store.db")) as source,
        closing(sqlite3.connect(home / "store.db", isolation_level=None)) as db,
    ):
        for pragma in _PRAGMAS:
            db.execute(f"PRAGMA {pragma}")
        ids = [row[0] for row in source.execute("SELECT id FROM alerts ORDER BY rowid")]
        for start in range(0, len(ids), PAGE):
            page = ids[start : start + PAGE]
            statements = list(_statements(source, page))
            with watch:
                db.execute("BEGIN IMMEDIATE")
                for statement, rows in statements:
                    db.executemany(statement, rows)
                db.execute("COMMIT")
            count += len(page)
    return watch.cost(count)


def _statements(
    source: sqlite3.Connection, alerts: list[str]
) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    """Yield what a page of a run wrote, as statements with their rows."""
    some = ", ".join("?" for _ in alerts)
    whose = f"SELECT subscriber FROM alerts WHERE id IN ({some})"  # noqa: S608 - our own marks
    for table, key in (("alerts", "id"), ("digest_items", "alert"), ("deliveries", "alert")):
        rows = source.execute(f"SELECT * FROM {table} WHERE {key} IN ({some})", alerts)  # noqa: S608
        marks = ", ".join("?" for _ in rows.description)
        yield f"INSERT INTO {table} VALUES ({marks})", rows.fetchall()  # noqa: S608
    for statement, table, columns in (
        (_RUN, "digests", _RUN_COLUMNS),
        (_SETTLED, "items", _ITEM_COLUMNS),
    ):
        asked = f"SELECT {columns} FROM {table} WHERE subscriber IN ({whose})"  # noqa: S608
        yield statement, source.execute(asked, alerts).fetchall()
