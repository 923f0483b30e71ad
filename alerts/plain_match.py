"""Many plain subscriptions against one release, by index: the answers of `alerts.plain.meets`."""

from collections.abc import Iterable, Iterator

from pyroaring import BitMap

from alerts.index import Id, Index
from alerts.phrases import Phrases, Submit
from alerts.plain import PlainRelease, PlainSubscription, folded, marked

_WORDS = "keywords"


class PlainMatcher:
    """Subscriptions by all that they ask for. One thread's own."""

    def __init__(self, submit: Submit | None = None) -> None:
        self._phrases = Phrases(_written, submit)
        self._index = Index({_WORDS: self._phrases.add})

    def __len__(self) -> int:
        return len(self._index)

    def __contains__(self, id_: Id) -> bool:
        return id_ in self._index

    def add(self, asked: PlainSubscription) -> None:
        """Add a subscription; one with this id is replaced. After the last of many: `settle`."""
        needs: list[tuple[str, Iterable[str]]] = []
        if asked.themes:
            needs.append(("themes", asked.themes))
        if asked.countries:
            needs.append(("countries", asked.countries))
        if asked.organisations:
            needs.append(("organisations", asked.organisations))
        if asked.keywords:
            needs.append((_WORDS, asked.keywords))
        if asked.not_keywords:
            self._index.add(asked.id, needs, ((_WORDS, asked.not_keywords),))
        else:
            self._index.add(asked.id, needs)

    def remove(self, id_: Id) -> None:
        """Take a subscription out; nothing if it is not there."""
        self._index.remove(id_)

    def settle(self) -> None:
        """Put new phrases where they are searched for fastest."""
        self._phrases.settle()

    def match(self, release: PlainRelease) -> BitMap:
        """Return the rows of the subscriptions that a release meets."""
        return self._index.match(
            {
                "themes": frozenset(release.themes or ()),
                "countries": frozenset(release.countries or ()),
                "organisations": frozenset(release.organisations or ()),
                _WORDS: self._phrases.find(marked(folded(release.text or ""))),
            }
        )

    def ids(self, rows: Iterable[int]) -> Iterator[Id]:
        """Yield the ids of rows, in the order in which they were added."""
        return self._index.ids(rows)


def _written(keyword: str) -> str:
    return marked(folded(keyword))
