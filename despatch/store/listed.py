"""Many values as one parameter of a statement: whatever their number, its SQL is the same.

SQLAlchemy's own `IN` writes a statement anew for each number of values, and for a few dozen rows
that takes longer than to find them. SQLite reads a JSON array as a table (sqlite.org/json1.html),
PostgreSQL has arrays.
"""

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    ColumnElement,
    Dialect,
    Text,
    TypeDecorator,
    bindparam,
    cast,
    func,
    literal_column,
    type_coerce,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from despatch.store.columns import kept_words


class Listed(TypeDecorator[Collection[str]]):
    """Texts, kept as `Words` are, as one value."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        kept: TypeEngine[Any] = Text() if dialect.name == "sqlite" else ARRAY(Text())
        return dialect.type_descriptor(kept)

    def process_bind_param(self, value: Collection[str] | None, dialect: Dialect) -> Any:
        given = list(map(kept_words, value or ()))
        return json.dumps(given) if dialect.name == "sqlite" else given


class Paired(TypeDecorator[Collection[tuple[str, str]]]):
    """Pairs of texts likewise."""

    impl = Text
    cache_ok = True

    def process_bind_param(
        self, value: Collection[tuple[str, str]] | None, dialect: Dialect
    ) -> str:
        return json.dumps([list(map(kept_words, pair)) for pair in value or ()])


class _Among(FunctionElement[bool]):
    """Whether a column holds one of the values of a parameter.

    It has no type: of a Boolean SQLAlchemy asks `= 1` on SQLite, and then no index is used.
    """

    name = "among"
    inherit_cache = True


@compiles(_Among, "sqlite")
def _in_json(element: _Among, compiler: Any, **how: Any) -> str:
    column, values = (compiler.process(one, **how) for one in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 - a parameter


@compiles(_Among, "postgresql")
def _in_array(element: _Among, compiler: Any, **how: Any) -> str:
    column, values = (compiler.process(one, **how) for one in element.clauses)
    return f"{column} = ANY ({values})"


def among(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Return the condition that a column holds one of the texts given as a parameter."""
    return _Among(column, bindparam(name, type_=Listed))


def pairs(dialect: str, name: str) -> tuple[Any, ColumnElement[str], ColumnElement[str]]:
    """Return a table whose rows are the pairs of texts given as a parameter, and its columns."""
    given = bindparam(name, type_=Paired)
    if dialect == "sqlite":
        table = func.json_each(given).table_valued("value", name="given")
        one = func.json_extract(table.c.value, literal_column("'$[0]'"))
        return table, one, func.json_extract(table.c.value, literal_column("'$[1]'"))
    table = func.json_array_elements(cast(given, JSON)).table_valued("value", name="given")
    pair = type_coerce(table.c.value, JSON)
    return table, pair[0].as_string(), pair[1].as_string()
