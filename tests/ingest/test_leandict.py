"""feedparser's dictionary made quick says what its own says, whatever the key."""

import importlib.util
import warnings
from collections.abc import Callable, Mapping
from itertools import combinations
from typing import Any

import pytest
from feedparser import util
from feedparser.util import FeedParserDict

from ingest.leandict import quicken

_NAMES = [
    *FeedParserDict.keymap,
    *("category", "enclosures", "license", "links", "published", "published_parsed", "tags"),
    *("updated", "updated_parsed", "id", "title", "href", "feed", "summary", "subtitle"),
]
_LINKS = [{"rel": "enclosure", "href": "a"}, {"rel": "license", "href": "b"}]
_VALUES: Mapping[str, Any] = {"tags": [{"term": "x"}], "links": _LINKS}


def own() -> Any:
    """Return feedparser's dictionary as it is written, untouched by us."""
    spec = importlib.util.spec_from_file_location("untouched", util.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.FeedParserDict


def said(kind: Any, kept: tuple[str, ...], name: str, do: str) -> Any:
    """Keep values as a plain dictionary has them; do something with a name; return what it says."""
    one: Any = kind()
    for key in kept:
        dict.__setitem__(one, key, _VALUES.get(key, key))
    ways: Mapping[str, Callable[[], Any]] = {
        "find": lambda: one[name],
        "ask": lambda: name in one,
        "get": lambda: one.get(name, "none"),
        "keep": lambda: one.__setitem__(name, "kept"),
        "keep first": lambda: one.setdefault(name, "kept"),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            found = ways[do]()
        except KeyError as exc:
            found = repr(exc)
    return found, dict(one)


@pytest.mark.parametrize("do", ["find", "ask", "get", "keep", "keep first"])
def test_a_quick_dictionary_does_what_feedparsers_own_does(do: str) -> None:
    """For every name that has another, and some that have none, whatever is in it already."""
    plain, quick = own(), own()
    quicken(quick)

    for kept in [(), *((one,) for one in _NAMES), *combinations(_NAMES[-12:], 2)]:
        for name in _NAMES:
            assert said(quick, kept, name, do) == said(plain, kept, name, do), (kept, name)
