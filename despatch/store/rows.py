"""One open transaction, seen as rows: the few statements that every subject is made of."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    Executable,
    Row,
    Table,
    Text,
    any_,
    bindparam,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

from despatch.errors import FencedError, SchemaError
from despatch.ports import Clock
from despatch.store.parsed import Parsed
from despatch.store.secrets import Secrets

_ASKED_AT_ONCE = 500
_THESE = "these"
_COUNTED = {"preserve_rowcount": True}

Model = TypeVar("Model", bound=BaseModel)


class Rows:
    """What the subjects' classes stand on; each adds the methods of one subject."""

    def __init__(
        self, connection: Connection, secrets: Secrets, clock: Clock, parsed: Parsed
    ) -> None:
        self._connection = connection
        self._secrets = secrets
        self._clock = clock
        self._parsed = parsed
        self._hashes: dict[int, tuple[object, str]] = {}
        """Of classified messages that were kept or read in this transaction, by their identity."""
        self._any_manner: bool | None = None
        """Whether any subscriber has quiet hours or a limit; None before it was asked."""
        self.fenced: FencedError | None = None
        """Set once another owner was found to have gone on: this must not be committed."""

    @property
    def _dialect(self) -> str:
        return self._connection.dialect.name

    def _add(self, table: Table, **values: Any) -> bool:
        """Insert a row; False, and nothing changed, if one with its key is there."""
        return self._run(_insert_new(self._dialect, table), values) == 1

    def _put(self, table: Table, key: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows, each in place of the one with its key; no key twice."""
        self._many(_put_in(self._dialect, table, tuple(key)), rows)

    def _many(self, statement: Executable, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute a statement, which is made once and kept, for each of many rows, or of none."""
        prepared = _prepared(self._connection.dialect, statement)
        if rows:
            self._connection.exec_driver_sql(prepared.sql, prepared.written(rows))

    def _run(self, statement: Executable, values: Mapping[str, Any] | None = None) -> int:
        """Execute and return how many rows were inserted or changed."""
        result: Any = self._connection.execute(statement, values, execution_options=_COUNTED)
        rowcount: int = result.rowcount
        return rowcount

    def _all(
        self, statement: Executable, values: Mapping[str, Any] | None = None
    ) -> Sequence[Row[Any]]:
        return self._connection.execute(statement, values).all()

    def _these(self, ids: Sequence[str]) -> dict[str, Any]:
        """Return the parameter that `among` names; any number of ids."""
        return {_THESE: json.dumps(ids) if self._dialect == "sqlite" else list(ids)}

    def _first(self, statement: Executable) -> Row[Any] | None:
        return self._connection.execute(statement).first()


def read_payload(model: type[Model], payload: str) -> Model:
    """Return what was stored as JSON. Raises SchemaError if another version wrote it."""
    try:
        return model.model_validate_json(payload)
    except ValidationError as exc:
        fault = exc.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in fault["loc"])
        raise SchemaError(
            f"a stored {model.__name__.lower()} was written by another version of Despatch "
            f"({field}: {fault['msg']}): use that version, or begin anew with --home DIR"
        ) from exc


def among(dialect: str, column: Column[str]) -> ColumnElement[bool]:
    """Return a condition: the column is one of those ids that are given when it is executed.

    One parameter holds all, so that the statement is made once: to write a thousand of them into
    it takes SQLAlchemy longer than the database needs to find them.
    """
    if dialect == "sqlite":
        each = func.json_each(bindparam(_THESE, type_=Text)).table_valued("value")
        return column.in_(select(each.c.value))
    return column == any_(bindparam(_THESE, type_=ARRAY(Text)))


def insert_into(dialect: str, table: Table) -> Any:
    """Return an insert that knows ON CONFLICT; each dialect has its own class.

    Inline: SQLAlchemy would add a RETURNING of keys that the database works out, which nobody
    reads here and which SQLite refuses for many rows from Python 3.13 on.
    """
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    return insert(table).inline()


@cache
def _insert_new(dialect: str, table: Table) -> Any:
    # Made once: to build a statement takes SQLAlchemy longer than SQLite takes to run it.
    return insert_into(dialect, table).on_conflict_do_nothing()


@cache
def _put_in(dialect: str, table: Table, key: tuple[str, ...]) -> Any:
    insert = insert_into(dialect, table).values({c.name: bindparam(c.name) for c in table.c})
    changed = {c.name: insert.excluded[c.name] for c in table.c if c.name not in key}
    return insert.on_conflict_do_update(index_elements=list(key), set_=changed)


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A statement for many rows. SQLAlchemy's own way costs more than the database's work."""

    sql: str
    names: Sequence[str]
    made: Sequence[tuple[int, Callable[[Any], Any]]]
    """How values are written that are not written as they are, by their places."""
    by_place: bool
    """Whether parameters go by their place, and not by name."""

    def written(self, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
        """Return the rows' parameters, made column by column: a loop a column, and none a row."""
        columns: list[Iterable[Any]] = [[row[name] for row in rows] for name in self.names]
        for place, made in self.made:
            columns[place] = map(made, columns[place])
        written = zip(*columns, strict=True)
        if self.by_place:
            return list(written)
        return [dict(zip(self.names, values, strict=True)) for values in written]


@cache
def _prepared(dialect: Dialect, statement: Any) -> _Prepared:
    compiled = statement.compile(dialect=dialect)
    if constant := [name for name, bind in compiled.binds.items() if not bind.required]:
        raise TypeError(f"no row gives {constant}: write them into the statement")
    if compiled.effective_returning:
        raise TypeError("many rows give nothing back: make the insert inline")
    names = compiled.positiontup or list(compiled.binds)
    types = [compiled.binds[name].type.dialect_impl(dialect) for name in names]
    made = [(place, type_.bind_processor(dialect)) for place, type_ in enumerate(types)]
    return _Prepared(
        str(compiled),
        names,
        [(place, processor) for place, processor in made if processor is not None],
        bool(compiled.positiontup),
    )


def in_parts(values: Collection[str]) -> Iterator[tuple[str, ...]]:
    """Yield the values in parts that fit the number of parameters of one statement."""
    known = sorted(set(values))
    for start in range(0, len(known), _ASKED_AT_ONCE):
        yield tuple(known[start : start + _ASKED_AT_ONCE])
