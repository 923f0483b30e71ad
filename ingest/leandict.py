"""feedparser's dictionary, which knows other names for some keys, made quick for the others."""

from typing import Any

from feedparser.util import FeedParserDict

_ALIASES = frozenset(
    {*FeedParserDict.keymap, "category", "enclosures", "license", "updated", "updated_parsed"}
)
"""Names under which feedparser's dictionary keeps or finds something else."""


def quicken(own: Any) -> None:
    """Let feedparser's class of dictionaries be a plain one for every name that is no alias."""
    find, holds, get, keep, keep_first = (
        own.__getitem__,
        own.__contains__,
        own.get,
        own.__setitem__,
        own.setdefault,
    )

    def quick_find(self: Any, key: Any) -> Any:
        return find(self, key) if key in _ALIASES else dict.__getitem__(self, key)

    def quick_holds(self: Any, key: Any) -> Any:
        return holds(self, key) if key in _ALIASES else dict.__contains__(self, key)

    def quick_get(self: Any, key: Any, default: Any = None) -> Any:
        return get(self, key, default) if key in _ALIASES else dict.get(self, key, default)

    def quick_keep(self: Any, key: Any, value: Any) -> None:
        keep(self, key, value) if key in _ALIASES else dict.__setitem__(self, key, value)

    def quick_keep_first(self: Any, key: Any, default: Any) -> Any:
        if key in _ALIASES:
            return keep_first(self, key, default)
        return dict.setdefault(self, key, default)

    own.__getitem__, own.__contains__, own.get = quick_find, quick_holds, quick_get
    own.__setitem__, own.setdefault, own.__hash__ = quick_keep, quick_keep_first, object.__hash__
