"""`export`: the archive as a table, for spreadsheets and programs."""

import csv
import io
import json
from collections.abc import Callable
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from despatch.app import App
from despatch.app.export import Row, columns, write
from despatch.facts import Agreement, Country, DateFact, Facts, Figure, Organisation, Person, Span
from despatch.model import Evidence
from despatch.ports import Place, Taken
from despatch.settings import read
from despatch.testing import a_classified, a_release, a_revision
from despatch.testing.releases import SEEN

Cli = Callable[..., str]
SPAN = (Span(field="title", start=0, end=1, text="A"),)
FACTS = Facts(
    countries=(
        Country(code="GB", name="United Kingdom", role="party", evidence=SPAN),
        Country(code="FR", name="France", role="mentioned", evidence=SPAN),
    ),
    organisations=(Organisation(name="Home Office", evidence=SPAN),),
    people=(Person(name="Ada Lovelace", office="Minister for Engines", evidence=SPAN),),
    agreements=(
        Agreement(
            parties=("United Kingdom", "Türkiye"),
            instrument="memorandum of understanding",
            status="signed",
            about="engines",
            evidence=SPAN,
        ),
    ),
    figures=(
        Figure(
            value=90, unit="percent", change="down", of="arrivals", against="2022", evidence=SPAN
        ),
        Figure(value=1_200_000_000, unit="GBP", evidence=SPAN),
    ),
    dates=(DateFact(on=date(2026, 9, 1), until=date(2026, 9, 30), kind="deadline", evidence=SPAN),),
)
EXPECTED = {
    "countries": ["GB", "FR"],
    "parties": ["GB"],
    "organisations": ["Home Office"],
    "people": ["Ada Lovelace (Minister for Engines)"],
    "agreements": ["memorandum of understanding, signed: United Kingdom, Türkiye: engines"],
    "figures": ["90 percent down of arrivals against 2022", "1,200,000,000 GBP"],
    "dates": ["2026-09-01/2026-09-30 deadline"],
}


@pytest.fixture
def archive(home: Path) -> Path:
    """Two releases, one of migration with facts, and a third with a title that is a formula."""
    made = [
        a_classified(a_revision(a_release("a", title="Asylum, and “more”")), facts=FACTS),
        a_classified(a_revision(a_release("b", title="Trade")), themes=("partnerships",)),
        a_classified(a_revision(a_release("c", title="=HYPERLINK(1)")), themes=()),
    ]
    with App(read(home, environ={})) as app, app.store.transaction() as tx:
        for offset, one in enumerate(made):
            place = Place("c", "t", "i", 0)
            tx.archive(Taken(one, place, offset, SEEN, "new"), best=True)
    return home


def table(said: str) -> list[dict[str, str]]:
    lines = [line for line in said.splitlines(keepends=True) if "releases" not in line]
    return list(csv.DictReader(io.StringIO("".join(lines))))


def test_csv_has_a_row_a_release_with_facts_as_columns(archive: Path, cli: Cli) -> None:
    found = {row["title"]: row for row in table(cli("export"))}
    row = found["Asylum, and “more”"]
    assert row["themes"] == "migration"
    assert row["words"] == "Asylum,"
    assert row["published_at"] == "2026-03-02T11:59:00+00:00"
    assert {name: row[name] for name in EXPECTED} == {
        name: "; ".join(value) for name, value in EXPECTED.items()
    }
    assert found["Trade"]["countries"] == ""


def test_words_are_those_that_tell_the_heaviest_first(archive: Path, cli: Cli) -> None:
    """An ordinary word that fitting found is evidence, and tells whoever reads a table nothing."""
    of = {"keep": 0.1, "boats": 1.5, "asylum": 4.0, "Boats": 1.2, "information": -0.3}
    spans = [
        Evidence(field="text", start=0, end=len(word), text=word, weight=weight)
        for word, weight in of.items()
    ]
    one = a_classified(a_revision(a_release("d", title="Words")))
    score = one.themes[0].model_copy(update={"evidence": tuple(spans)})
    with App(read(archive, environ={})) as app, app.store.transaction() as tx:
        taken = Taken(
            one.model_copy(update={"themes": (score,)}), Place("c", "t", "i", 0), 9, SEEN, "new"
        )
        tx.archive(taken, best=True)
    found = {row["title"]: row for row in table(cli("export"))}
    assert found["Words"]["words"] == "asylum; boats"


def test_a_spreadsheet_runs_no_formula_that_a_stranger_wrote(archive: Path, cli: Cli) -> None:
    assert "'=HYPERLINK(1)" in {row["title"] for row in table(cli("export"))}


def test_only_what_is_asked_for_is_written(archive: Path, cli: Cli) -> None:
    *rows, said = cli("export", "--theme", "partnerships", "--format", "jsonl").splitlines()
    assert [json.loads(row)["title"] for row in rows] == ["Trade"]
    assert said == "1 release."
    assert cli("export", "--since", "2026-03-03", "--format", "jsonl") == "0 releases.\n"
    assert "text" not in json.loads(rows[0])
    [first, *_] = cli("export", "--format", "jsonl", "--text").splitlines()
    assert "The minister spoke" in json.loads(first)["text"]


def test_jsonl_and_parquet_say_the_same(archive: Path, cli: Cli, tmp_path: Path) -> None:
    parquet: Any = import_module("pyarrow.parquet")
    for name in ("all.jsonl", "all.parquet"):
        cli("export", "--to", str(tmp_path / name))
    lines = (tmp_path / "all.jsonl").read_text().splitlines()
    packed = parquet.read_table(tmp_path / "all.parquet").to_pylist()
    assert len(lines) == len(packed) == 3
    for line, row in zip(lines, packed, strict=True):
        expected = json.loads(line)
        assert {
            n: v.isoformat() if hasattr(v, "isoformat") else v for n, v in row.items()
        } == expected
    assert list(packed[0]) == list(columns())
    asylum = next(json.loads(line) for line in lines if "Asylum" in line)
    assert {name: asylum[name] for name in EXPECTED} == EXPECTED


def test_a_file_takes_its_name_once_it_is_complete(archive: Path, cli: Cli, tmp_path: Path) -> None:
    to = tmp_path / "out.csv"
    to.write_text("before")
    assert "can't be written" in cli("export", "--to", str(tmp_path / "none" / "out.csv"), code=73)
    assert "3 releases in" in cli("export", "--to", str(to))
    assert len(table(to.read_text())) == 3
    assert list(tmp_path.glob("*.part")) == []


def test_an_unknown_format_is_refused_with_those_there_are(cli: Cli, tmp_path: Path) -> None:
    assert "csv, jsonl, parquet" in cli("export", "--format", "xlsx", code=2)
    assert "say --format" in cli("export", "--to", str(tmp_path / "out.xlsx"), code=2)


def test_rows_are_written_as_they_come() -> None:
    """The first page is on its way before the last row is made: memory stays flat."""
    to = io.BytesIO()

    def made() -> Any:
        for number in range(3):
            assert to.getvalue().count(b"\n") == number
            row: Row = dict.fromkeys(columns(), None)
            yield row

    assert write("jsonl", made(), to) == 3


def test_an_empty_address_does_not_export_the_archive(archive: Path, cli: Cli) -> None:
    """It is what `"$ADDRESS"` gives where the shell knows none."""
    assert "nobody is called ''" in cli("export", "", code=2)
