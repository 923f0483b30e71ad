"""What is wrong with the form of a TOML file is said where it is, with what to write instead."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from despatch.toml_faults import toml_fault


def told(text: str) -> str:
    with pytest.raises(tomllib.TOMLDecodeError) as caught:
        tomllib.loads(text)
    return str(toml_fault(text, str(caught.value)))


@pytest.mark.parametrize(
    "text, says",
    [
        # a quote is missing
        ('a = 1\ntitle = "Housing\nbias = -3\n', "2:17: a text in quotes is not closed"),
        ("a = 1\r\ntitle = 'Housing\r\nb = 'x'\r\n", "2:17: a text in quotes is not closed"),
        ("a = 1\ntitle = 'Housing\nbias = -3\n", "2:9: a text in quotes is not closed"),
        ('title = """Housing\nbias = -3\n', "1:9: a text in quotes is not closed"),
        ("title = '''Housing\nbias = -3\n", "1:9: a text in quotes is not closed"),
        ("title = Housing\n", '1:9: text stands in quotes: write "text"'),
        ("every = 15m\n", "1:11: text stands in quotes"),
        ("x = True\n", "true and false are written small"),
        ("title = “Housing”\n", "1:9: quotes have to be straight"),
        # a bracket is missing
        ('a = 1\nwords = ["a]", # ]\n "b"\nbias = 1\n', "2:9: a list is not closed"),
        ('words = ["a", ["b"]\n', "1:9: a list is not closed"),
        ('words = [\n"a",\nbias = 1\n', "1:9: a list is not closed"),
        ('words = ["a",\n[[terms]]\nname = "x"\n', "1:9: a list is not closed"),
        ('words = ["a",\n', "1:9: a list is not closed"),
        ('words = ["a",', "1:9: a list is not closed"),
        ("words = [\n  bias = 1\n", "1:9: a list is not closed"),
        ('words = "a", "b"]\n', "1:12: a list stands in brackets"),
        ("weights = { title = 1.5\nbias = 2\n", "1:11: a table in { } is not closed"),
        ('[[terms]\nname = "x"\n', "1:8: the head of a table is not closed: write [name]"),
        ('[terms\nname = "x"\n', "1:7: the head of a table is not closed"),
        # an equals sign is missing
        ('title "Housing"\n', "1:7: there is no = after a name"),
        ('title: "Housing"\n', "1:6: there is no = after a name"),
        ("title =\nbias = 1\n", "1:8: there is no value: write name = value"),
        # a name stands there twice
        ("title = 1\nb = 2\ntitle = 3\n", "3:1: title stands there twice, for the first time in l"),
        ("title = 1\nb = 2\ntitle = 3\n", "for the first time in line 1: keep one"),
        ("[weights]\na = 1\n[weights]\n", "3:2: weights stands there twice, for the first time in"),
        ("w = { a = 1, a = 2 }\n", "a stands twice in one { }: keep one"),
        # a backslash is not escaped
        ('pattern = "a\\d+"\n', "1:13: a \\ in double quotes begins an escape: write \\\\ for one"),
        ('path = "C:\\Users"\n', "1:11: a \\ in double quotes begins an escape"),
        # and others
        ("bias = 1,5\n", "1:9: a number has a point and no comma"),
        ("a = 1 b = 2\n", "1:7: something stands behind a value"),
        ("// a remark\n", "1:1: a remark begins with #"),
        ("é = 1\n", "1:1: no name begins so"),
        ('a = "\x01"\n', "1:6: a character that can't be seen"),
    ],
)
def test_a_fault_is_told_with_its_place_and_the_way_out(text: str, says: str) -> None:
    assert says in told(text)


def test_what_a_later_parser_says_has_its_place_and_the_way_out_too() -> None:
    fault = toml_fault("a = 1\nb = 2\n", "No moon (at line 2, column 3)")
    assert str(fault).startswith("2:3: this is no TOML: write name = value")


@given(st.text(alphabet="ab=[]{}\"'\\\n\r.,#1 é", max_size=40))
def test_whatever_is_wrong_has_a_place_in_the_file(text: str) -> None:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        fault = toml_fault(text, str(exc))
        lines = text.replace("\r\n", "\n").split("\n")
        assert 1 <= fault.line <= len(lines)
        assert 1 <= fault.column <= len(lines[fault.line - 1]) + 1


@pytest.mark.parametrize(
    "line",
    [
        'url = "json://hush',
        "url = json://hush",
        "url = 'json://hush",
        'url = "a" json://hush',
        'url "json://hush"',
        'url = "json://hush\\d"',
        'url = ["json://hush"',
        "url = “json://hush”",
    ],
)
def test_no_value_is_repeated_for_it_may_be_a_secret(line: str) -> None:
    assert "hush" not in told(f"{line}\n")
