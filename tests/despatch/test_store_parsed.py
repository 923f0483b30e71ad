"""What was read lately is found again, and no more is kept than was said."""

import pytest

from despatch.model import Classified
from despatch.store.parsed import Parsed
from despatch.testing import a_classified, a_release, a_revision


def about(name: str, chars: int = 10) -> Classified:
    return a_classified(a_revision(a_release(name, text="x" * chars)))


def test_what_is_kept_comes_back_as_the_same_object() -> None:
    parsed, one = Parsed(), about("fees")
    parsed.keep("h", one)
    assert parsed.among({"h", "other"})["h"] is one
    assert parsed.among({"other"}) == {}


@pytest.mark.parametrize("parsed", [Parsed(most=2), Parsed(chars=25)])
def test_what_was_not_asked_for_longest_goes(parsed: Parsed) -> None:
    for name in ("a", "b"):
        parsed.keep(name, about(name))
    parsed.among({"a"})
    parsed.keep("c", about("c"))
    assert set(parsed.among({"a", "b", "c"})) == {"a", "c"}


def test_one_that_is_too_long_is_kept_alone_until_the_next_comes() -> None:
    parsed = Parsed(chars=25)
    parsed.keep("a", about("a"))
    parsed.keep("long", about("long", 100))
    assert set(parsed.among({"a", "long"})) == {"long"}
    parsed.keep("b", about("b"))
    assert set(parsed.among({"a", "long", "b"})) == {"b"}
    parsed.keep("c", about("c"))
    assert set(parsed.among({"b", "c"})) == {"b", "c"}, "no length is left over"


def test_one_that_is_kept_again_counts_once() -> None:
    parsed = Parsed(chars=25)
    for _ in range(9):
        parsed.keep("a", about("a"))
    parsed.keep("b", about("b"))
    assert set(parsed.among({"a", "b"})) == {"a", "b"}
