import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from despatch.errors import PermanentError
from despatch.facts import Facts
from processors.jsonl import classify_lines
from processors.themes import load_themes

THEMES = load_themes()


def line(**fields: Any) -> str:
    return json.dumps(fields)


def classified(*lines: bytes | str, **options: Any) -> list[dict[str, Any]]:
    return [json.loads(out) for out in classify_lines(lines, THEMES, **options)]


def test_documents_come_out_in_order_with_only_the_themes_they_belong_to() -> None:
    text = "The government will return illegal migrants who cross the Channel in small boats."
    outs = classified(
        line(id="b", title="Small boats", text=text, url="ignored", other=[1]),
        "\n",
        line(id="a", title="Bridge opens", text="Traffic may use it."),
    )
    assert [out["id"] for out in outs] == ["b", "a"]
    assert [theme["theme"] for theme in outs[0]["themes"]] == ["migration"]
    assert outs[1] == {"id": "a", "themes": []}
    fields = {"title": "Small boats", "text": text}
    for one in outs[0]["themes"][0]["evidence"]:
        assert list(one) == ["field", "start", "end", "text", "weight"]
        assert fields[one["field"]][one["start"] : one["end"]] == one["text"]


def test_facts_come_where_they_are_asked_for_told_by_the_day_of_the_document() -> None:
    document = {"id": "a", "title": "UK and Chad sign treaty", "text": "It opens next month."}
    asked = line(**document, published_at="2026-12-02T09:00:00Z")
    facts = classified(asked, facts=True)[0]["facts"]
    assert list(facts) == list(Facts.model_fields)
    assert [one["code"] for one in facts["countries"]] == ["GB", "TD"]
    assert [one["on"] for one in facts["dates"]] == ["2027-01-01"]
    assert classified(line(**document), facts=True)[0]["facts"]["dates"] == []
    assert "facts" not in classified(asked)[0]


def test_a_document_that_is_not_in_english_has_no_facts() -> None:
    text = (
        "Die Regierung der Schweiz und die Regierung der Türkei haben ein Abkommen unterzeichnet. "
    )
    assert classified(line(id="a", text=text * 9), facts=True)[0]["facts"] is None


@pytest.mark.parametrize("day", ["next week", 20260302, "2026-02-30"])
def test_a_wrong_day_is_named_where_facts_are_asked_for(day: object) -> None:
    asked = line(id="a", title="Bridge", published_at=day)
    with pytest.raises(PermanentError, match=r"line 1: published_at is .*write a day, 2026-03-02"):
        classified(asked, facts=True)
    assert classified(asked)


@pytest.mark.parametrize(
    "fields",
    [{"title": "Asylum reform"}, {"text": "Illegal migrants sought asylum. Refugees came too."}],
)
def test_a_missing_title_or_text_is_empty(fields: dict[str, str]) -> None:
    assert [theme["theme"] for theme in classified(line(id="a", **fields))[0]["themes"]] == [
        "migration"
    ]
    assert classified(line(id="a", **{"title": None, "text": None, **fields}))


@pytest.mark.parametrize(
    "bad,told",
    [
        ("{", "line 2: not JSON: .* at column 2"),
        ("[" * 100_000, "line 2: not JSON that can be read"),
        (b'{"id": "\xff"}', "line 2: not UTF-8 at byte 9"),
        ("[1]", "line 2: not an object"),
        (line(title="x"), "line 2: id is missing"),
        (line(id=7.5, text="x"), "line 2: id is missing, or neither text nor"),
        (line(id="a"), "line 2: 'a' has neither title nor text"),
        (line(id="a", text=3), "line 2: text is int, not text"),
    ],
)
def test_a_bad_line_is_told_by_its_number_and_fault(bad: bytes | str, told: str) -> None:
    with pytest.raises(PermanentError, match=told):
        classified(line(id="good", text="x"), bad)


def test_whoever_asks_for_it_is_told_of_bad_lines_and_gets_the_others() -> None:
    told: list[str] = []
    outs = classified(
        "{", line(id="a", text="x"), "[]", on_bad=lambda exc: told.append(str(exc).split(":")[0])
    )
    assert [out["id"] for out in outs] == ["a"]
    assert told == ["line 1", "line 3"]


def test_several_processes_give_the_same_lines_in_the_same_order() -> None:
    lines = [line(id=str(n), title="Visas" if n % 3 else "Roads", text="x") for n in range(300)]
    lines[150] = "{"
    told: list[PermanentError] = []
    alone = list(classify_lines(lines, THEMES, on_bad=told.append))
    assert list(classify_lines(lines, THEMES, on_bad=told.append, workers=2)) == alone
    assert [str(exc) for exc in told] == [str(told[0])] * 2


def test_lines_are_read_as_results_are_taken() -> None:
    read: list[int] = []

    def endless() -> Any:
        for number in range(10**9):
            read.append(number)
            yield line(id=str(number), text="x")

    results = classify_lines(endless(), THEMES)
    assert [json.loads(next(results))["id"] for _ in range(3)] == ["0", "1", "2"]
    assert len(read) == 3


@given(title=st.text(), text=st.text())
def test_any_text_at_all_is_classified(title: str, text: str) -> None:
    (out,) = classified(line(id="a", title=title, text=text))
    assert out["id"] == "a"


def test_half_a_surrogate_pair_is_replaced_and_offsets_stay() -> None:
    (out,) = classified('{"id": "a", "title": "\\ud800 illegal migration", "text": ""}')
    assert out["themes"][0]["evidence"][0]["start"] == 2


def test_a_byte_order_mark_and_windows_line_ends_are_no_part_of_a_line() -> None:
    [out] = classified(b'\xef\xbb\xbf{"id": "1", "title": "Small boats"}\r\n')
    assert out["id"] == "1"
