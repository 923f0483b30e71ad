"""The archive as a table: one row a release, with its facts as columns.

Rows are read and written in pages, so memory does not grow with the archive.
"""

import csv
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import closing
from datetime import datetime
from io import TextIOWrapper
from itertools import islice
from typing import Any, BinaryIO, Literal, get_args

from alerts.evidence import evidence_words
from despatch.app.documents import archived
from despatch.app.wiring import App
from despatch.errors import UsageError
from despatch.facts import Agreement, DateFact, Facts, Figure, Person
from despatch.model import Release, ThemeScore
from despatch.ports import Archived

Format = Literal["csv", "jsonl", "parquet"]
FORMATS: tuple[Format, ...] = get_args(Format)

Cell = str | datetime | list[str] | list[float] | None
Row = dict[str, Cell]

PAGE = 500
"""Rows of a Parquet file that are written at a time."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would run: text of strangers that begins so gets a ' before it (OWASP)."""

_NONE = Facts()


def rows(
    app: App, themes: Collection[str] = (), since: datetime | None = None, *, text: bool = False
) -> Iterator[Row]:
    """Yield the releases observed from `since` on, those of any of the themes if some are named."""
    for one in archived(app, since):
        scores = [s for s in one.classified.themes if not themes or s.theme in themes]
        if scores or not themes:
            yield _row(one, scores, text=text)


def write(format_: Format, table: Iterable[Row], to: BinaryIO, *, text: bool = False) -> int:
    """Write rows; return how many. Raises UsageError if a library is missing for the format."""
    names = columns(text=text)
    return _WRITERS[format_](names, table, to)


def columns(*, text: bool = False) -> Mapping[str, type]:
    """Return each column's name and what stands in it: str, datetime, or a list."""
    return {**_COLUMNS, "text": str} if text else _COLUMNS


def need(format_: Format) -> None:
    """Raise UsageError now, before a file is begun, if a format can't be written here."""
    if format_ == "parquet":
        _pyarrow()


_COLUMNS: Mapping[str, type] = {
    "release": str,
    "title": str,
    "address": str,
    "source": str,
    "source_title": str,
    "language": str,
    "status": str,
    "document_type": str,
    "published_at": datetime,
    "updated_at": datetime,
    "observed_at": datetime,
    "publishers": list,
    "themes": list,
    "scores": list,
    "words": list,
    "countries": list,
    "parties": list,
    "organisations": list,
    "people": list,
    "agreements": list,
    "figures": list,
    "dates": list,
}


def _row(one: Archived, scores: Collection[ThemeScore], *, text: bool) -> Row:
    release = one.classified.revision.release
    words = dict.fromkeys(word for score in scores for word in evidence_words(score))
    row: Row = {
        **_about(release),
        "status": one.status,
        "observed_at": one.observed_at,
        "themes": [str(score.theme) for score in scores],
        "scores": [round(score.score, 4) for score in scores],
        "words": list(words),
        **_of_facts(one.classified.facts or _NONE),
    }
    return {name: row.get(name) for name in _COLUMNS} | ({"text": release.text} if text else {})


def _about(release: Release) -> Row:
    details = release.details
    return {
        "release": str(release.id),
        "title": release.title,
        "address": release.address,
        "source": str(release.source),
        "source_title": release.source_title,
        "language": release.language,
        "document_type": details.document_type if details else None,
        "published_at": release.published_at,
        "updated_at": release.updated_at,
        "publishers": [one.title for one in details.organisations] if details else [],
    }


def _of_facts(facts: Facts) -> Row:
    return {
        "countries": list(dict.fromkeys(one.code for one in facts.countries)),
        "parties": [one.code for one in facts.countries if one.role == "party"],
        "organisations": [one.name for one in facts.organisations],
        "people": [_person(one) for one in facts.people],
        "agreements": [_agreement(one) for one in facts.agreements],
        "figures": [_figure(one) for one in facts.figures],
        "dates": [_date(one) for one in facts.dates],
    }


def _person(one: Person) -> str:
    return f"{one.name} ({one.office})" if one.office else one.name


def _agreement(one: Agreement) -> str:
    """Return `partnership, agreed: United Kingdom, Türkiye: illegal migration`."""
    return ": ".join(
        part
        for part in (f"{one.instrument}, {one.status}", ", ".join(one.parties), one.about)
        if part
    )


def _figure(one: Figure) -> str:
    """Return `90 percent down of Albanian small boat arrivals against last year`."""
    words = [f"{one.value:,.15g}", one.unit, one.change or ""]
    words += [f"of {one.of}"] if one.of else []
    words += [f"against {one.against}"] if one.against else []
    return " ".join(word for word in words if word)


def _date(one: DateFact) -> str:
    """Return `2023-09-01/2023-09-30 deadline`."""
    return f"{one.on}{f'/{one.until}' if one.until else ''} {one.kind}"


def _write_csv(names: Mapping[str, type], table: Iterable[Row], to: BinaryIO) -> int:
    number = 0
    text = TextIOWrapper(to, "utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(names)
    for row in table:
        writer.writerow([_plain(row[name]) for name in names])
        number += 1
    text.flush()
    text.detach()
    return number


def _plain(cell: Cell) -> str:
    """Return a cell as text; a list's items stand apart by semicolons."""
    if isinstance(cell, datetime):
        return cell.isoformat()
    if isinstance(cell, list):
        cell = "; ".join(str(item) for item in cell)
    text = cell or ""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _write_jsonl(_names: Mapping[str, type], table: Iterable[Row], to: BinaryIO) -> int:
    number = 0
    for row in table:
        line = json.dumps(row, ensure_ascii=False, default=datetime.isoformat)
        to.write(line.encode() + b"\n")
        number += 1
    return number


def _write_parquet(names: Mapping[str, type], table: Iterable[Row], to: BinaryIO) -> int:
    arrow = _pyarrow()
    from pyarrow import parquet

    kinds = {str: arrow.string(), datetime: arrow.timestamp("us", tz="UTC")}
    words, numbers = arrow.list_(arrow.string()), arrow.list_(arrow.float64())
    schema = arrow.schema(
        [
            (name, kinds.get(kind) or (numbers if name == "scores" else words))
            for name, kind in names.items()
        ]
    )
    number = 0
    source = iter(table)
    with closing(parquet.ParquetWriter(to, schema)) as writer:
        while page := list(islice(source, PAGE)):
            writer.write_table(arrow.Table.from_pylist(page, schema=schema))
            number += len(page)
    return number


def _pyarrow() -> Any:
    try:
        import pyarrow
    except ImportError as exc:
        raise UsageError(
            "Parquet needs the package pyarrow, which is not installed: "
            "pip install 'despatch[parquet]', or choose --format csv or jsonl"
        ) from exc
    return pyarrow


_WRITERS: Mapping[Format, Callable[[Mapping[str, type], Iterable[Row], BinaryIO], int]] = {
    "csv": _write_csv,
    "jsonl": _write_jsonl,
    "parquet": _write_parquet,
}
