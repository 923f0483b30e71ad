"""What is wrong with the form of a TOML file, in words for whoever wrote it. Pure.

Python's parser says what it missed and where it noticed; people are told what they left out, where
that is, and what to write. What stands in the file is not repeated, save names: a value may be a
secret. The grammar is that of https://toml.io/en/v1.0.0.
"""

import re
from typing import NamedTuple

_QUOTE = (
    'a text in quotes is not closed: write " at its end, in the same line; one of several lines '
    'stands between """ and """'
)
_LIST = (
    'a list is not closed, or a comma or a quote is missing in it: write it ["one", "two"], with a '
    "] at its end"
)
_TABLE = "a table in { } is not closed: write it { title = 1.5, text = 0.5 }, in one line"
_HEAD = "the head of a table is not closed: write [name], or [[name]] for one of several"
_EQUALS = "there is no = after a name: write name = value, and a name of several words in quotes"
_BACKSLASH = (
    "a \\ in double quotes begins an escape: write \\\\ for one, or put the text in 'single "
    "quotes', where \\ is itself"
)
_NO_VALUE = 'there is no value: write name = value, such as name = "text" or name = 1.5'
_UNQUOTED = 'text stands in quotes: write "text"; true and false are written small, without'
_CURLY = "quotes have to be straight: write \"text\" or 'text'"
_COMMA = "a number has a point and no comma: write 1.5"
_NO_LIST = 'a list stands in brackets: write ["one", "two"]'
_MORE = "something stands behind a value: write each name = value in a line of its own"
_REMARK = "a remark begins with #"
_NAME = (
    "no name begins so: write name = value; a name with other signs than a-z, 0-9, _ - in quotes"
)
_CHARACTER = "a character that can't be seen stands there: take it out"
_ELSE = (
    'this is no TOML: write name = value, text in "quotes", numbers without, lists as ["a", "b"]'
)

_TWICE = re.compile(r"Cannot (overwrite|declare|mutate)")
_TWICE_IN_LINE = re.compile(r"Duplicate inline table key '(.+)'")
_NOT_CODE = re.compile(
    r'"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*', re.DOTALL
)
_BARE = re.compile(r"""\s*\[*\s*([\w.-]+|"[^"\n]*"|'[^'\n]*')\s*[]=]""")


class TomlFault(NamedTuple):
    """Where a fault is, counted from 1, and what to do about it."""

    line: int
    column: int
    words: str

    def __str__(self) -> str:
        return f"{self.line}:{self.column}: {self.words}"


def toml_fault(text: str, said: str) -> TomlFault:
    """Return what is wrong with a text of which `tomllib` says so: `Unclosed array (at line 3, …`.

    What it says in words that are not known here is still given a place and a way out.
    """
    what, _, where = said.partition(" (at ")
    text = text.replace("\r\n", "\n")
    place = re.match(r"line (\d+), column (\d+)", where)
    noticed = _offset(text, int(place[1]), int(place[2])) if place else len(text)
    at, words = _found(text, what, min(noticed, len(text)))
    before = text[:at].split("\n")
    return TomlFault(len(before), len(before[-1]) + 1, words)


def _offset(text: str, line: int, column: int) -> int:
    return sum(len(one) + 1 for one in text.split("\n")[: line - 1]) + column - 1


def _found(text: str, what: str, at: int) -> tuple[int, str]:
    """Return where a fault is, and the words for it, of where the parser noticed it."""
    if _TWICE.match(what):
        return _twice(text, at)
    if (again := _TWICE_IN_LINE.match(what)) is not None:
        return at, f"{again[1]} stands twice in one {{ }}: keep one"
    if what.endswith(r"character '\n'"):
        return at, _QUOTE
    if what.startswith(("Illegal character", "Found invalid character")):
        return at, _CHARACTER
    if what in {"Unterminated string", "Expected '\"'", 'Expected "\'"', "Expected \"'''\""}:
        return _opening_quote(text, what), _QUOTE
    if what in {"Unclosed array", "Unclosed inline table"}:
        array = what == "Unclosed array"
        begun = _opening(text, at, "[]" if array else "{}")
        return (at if begun is None else begun), _LIST if array else _TABLE
    if what.startswith("Expected ']"):
        return at, _HEAD
    if what.startswith("Expected '='"):
        return at, _EQUALS
    if what.startswith(("Unescaped '\\'", "Invalid hex value", "Escaped character")):
        return max(0, text.rfind("\\", 0, at)), _BACKSLASH
    if what == "Invalid value":
        return _value(text, at)
    if what.startswith("Expected newline"):
        return at, _behind(text, at)
    if what == "Invalid statement":
        return at, _REMARK if text.startswith("//", at) else _NAME
    return at, _ELSE


def _twice(text: str, at: int) -> tuple[int, str]:
    """Say which name stands there twice, and where it is first, if that can be seen."""
    start = text.rfind("\n", 0, max(0, at - 1)) + 1
    name = _BARE.match(text, start)
    if name is None:
        return at, "the same name stands there twice: keep one"
    above = [_BARE.match(line) for line in text[:start].split("\n")]
    same = [n for n, one in enumerate(above, 1) if one is not None and one[1] == name[1]]
    first = f", for the first time in line {same[-1]}" if same else ""
    return name.start(1), f"{name[1]} stands there twice{first}: keep one"


def _opening_quote(text: str, what: str) -> int:
    """Return where a text begins that goes on to the end of the file: no such quote follows."""
    quote = '"""' if what == "Unterminated string" else what.removeprefix("Expected ")[1:-1]
    return max(0, text.rfind(quote))


def _opening(text: str, at: int, pair: str) -> int | None:
    """Return where the innermost list or table begins that is open at a place."""
    code = _NOT_CODE.sub(lambda found: " " * len(found[0]), text[:at])
    closed = 0
    for place in range(len(code) - 1, -1, -1):
        if code[place] == pair[1]:
            closed += 1
        elif code[place] == pair[0]:
            closed -= 1
            if closed < 0:
                return place
    return None


def _value(text: str, at: int) -> tuple[int, str]:
    line = text.rfind("\n", 0, at) + 1
    # In a list that is open, what comes next is taken for one more of it: a name, or the end.
    begun = _opening(text, line, "[]") if _BARE.match(text, line) else None
    if begun is None and at == len(text):
        begun = _opening(text, at, "[]")
    if begun is not None:
        return begun, _LIST
    found = text[at : at + 1]
    if found in "“”‘’" and found:
        return at, _CURLY
    return at, _UNQUOTED if found.isalpha() else _NO_VALUE


def _behind(text: str, at: int) -> str:
    rest = text[at:].split("\n")[0]
    if re.match(r",\d", rest) and text[at - 1 : at].isdigit():
        return _COMMA
    if re.match(r"\w\w", text[max(0, at - 1) : at + 1]):  # as in 15m
        return _UNQUOTED
    return _NO_LIST if rest.startswith(",") else _MORE
