"""What a release offers to filters: the values of each facet, and its words. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from despatch.filter import Phrase
from despatch.model import Classified, Linked
from despatch.wording import beginning, loose, name_key, placed, stem, words


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase in a release: `release.<field>[start:end]`."""

    field: str
    start: int
    end: int


class Facets:
    """The facets of one classified release; each is made when it is first asked for.

    Every value is in the form in which filters are compared with it; the names of organisations
    and people by `name_key`.
    """

    def __init__(self, classified: Classified) -> None:
        self.classified = classified
        self.release = classified.revision.release

    @cached_property
    def themes(self) -> dict[str, float]:
        """Each theme that the release belongs to, with its score."""
        return {str(score.theme): score.score for score in self.classified.themes}

    @cached_property
    def countries(self) -> dict[str, str]:
        """Code and name of each country that is named."""
        facts = self.classified.facts
        return {} if facts is None else {one.code: one.name for one in facts.countries}

    @cached_property
    def organisations(self) -> dict[str, str]:
        """Key and name of each organisation that published the release or is named in it."""
        facts, details = self.classified.facts, self.release.details
        named = [] if facts is None else [one.name for one in facts.organisations]
        publishers: tuple[Linked, ...] = () if details is None else details.organisations
        return {name_key(name): name for name in [*named, *(one.title for one in publishers)]}

    @cached_property
    def people(self) -> dict[str, str]:
        """Key and name of each person who is named."""
        facts = self.classified.facts
        return {} if facts is None else {name_key(one.name): one.name for one in facts.people}

    @cached_property
    def document_types(self) -> frozenset[str]:
        """The publisher's word for what it is, if its record was read."""
        details = self.release.details
        known = details.document_type if details is not None else None
        return frozenset() if known is None else frozenset({known})

    @cached_property
    def sources(self) -> frozenset[str]:
        """The source that showed this revision."""
        return frozenset({str(self.release.source)})

    def find(self, phrase: Phrase) -> Found | None:
        """Return where a phrase first stands: in the title, else in the text unless it must not."""
        wanted = phrase.words()
        seen = wanted if phrase.exact else tuple(map(beginning, wanted))
        for field in ("title",) if phrase.where == "title" else ("title", "text"):
            if not all(part in self._loose[field] for part in seen if part.isascii()):
                continue
            have = self._exact_line[field] if phrase.exact else self._stem_line[field]
            first = have.find(f" {' '.join(wanted)} ")
            if first >= 0:
                at = have.count(" ", 0, first)
                there = self._placed[field]
                return Found(field, there[at][1], there[at + len(wanted) - 1][2])
        return None

    @cached_property
    def _loose(self) -> dict[str, str]:
        return {"title": loose(self.release.title), "text": loose(self.release.text)}

    @cached_property
    def exact(self) -> dict[str, list[str]]:
        """The folded words of `title` and of `text`."""
        return {"title": words(self.release.title), "text": words(self.release.text)}

    @cached_property
    def stems(self) -> dict[str, list[str]]:
        """Their stems."""
        return {field: list(map(stem, found)) for field, found in self.exact.items()}

    @cached_property
    def _exact_line(self) -> dict[str, str]:
        return {field: _spaced(found) for field, found in self.exact.items()}

    @cached_property
    def _stem_line(self) -> dict[str, str]:
        return {field: _spaced(found) for field, found in self.stems.items()}

    @cached_property
    def _placed(self) -> dict[str, list[tuple[str, int, int]]]:
        return {"title": placed(self.release.title), "text": placed(self.release.text)}


def _spaced(found: Iterable[str]) -> str:
    """Return words each between spaces: ` new visa fees `."""
    return f" {' '.join(found)} "
