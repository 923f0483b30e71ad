"""The catalogue: feeds that can be added by a short name, such as `gov.uk/home-office`.

One TOML file a publisher; its name is the first part of each name in it. Every address says where
it was read and when, and whether it was ever tried: who adds one sees that first.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from despatch.errors import PermanentError, SettingsError, UsageError
from despatch.guard import EVERYWHERE, vet_url
from despatch.toml import read

HERE = Path(__file__).parent

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")

Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Part = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9./-]*[a-z0-9])?$")]


class _Known(BaseModel):
    """What every address in the catalogue says of itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Sentence
    address: Sentence
    kind: str = "feed"
    """The module in `ingest/sources/` that reads it."""
    settings: Mapping[str, Any] = Field(default_factory=dict)
    """Further settings of that kind."""
    licence: Sentence | None = None
    """What may be done with the texts, where that is known; else the file's."""
    read_in: Sentence
    """Where the address was read."""
    read_on: date
    tried_on: date | None = None
    """When a feed last answered there; None: nobody has tried it yet."""
    note: str = ""

    @field_validator("address")
    @classmethod
    def _web_address(cls, address: str) -> str:
        try:
            vet_url(address.replace("{slug}", "a"), EVERYWHERE)
        except PermanentError as exc:
            raise ValueError(str(exc)) from exc
        return address


class Feed(_Known):
    """One feed; its whole name is the file's and its own."""

    name: Part


class Pattern(_Known):
    """Feeds that differ by a slug alone, such as those of a government's departments."""

    under: Part | None = None
    """What stands between the file's name and the slug."""
    known: Mapping[str, tuple[Sentence, ...]] = Field(default_factory=dict)
    """Slugs with what they are called, the full name first. Others can be asked for too."""

    @field_validator("address")
    @classmethod
    def _has_a_place(cls, address: str) -> str:
        if "{slug}" not in address:
            raise ValueError("write {slug} where the slug belongs")
        return address

    @field_validator("known")
    @classmethod
    def _slugs(cls, known: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
        for slug, names in known.items():
            if not _SLUG.fullmatch(slug):
                raise ValueError(f"{slug!r} is no slug: small letters, digits, dashes")
            if not names:
                raise ValueError(f"{slug!r} has no name: write what it is called")
        return known


class Publisher(BaseModel):
    """One file of the catalogue."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    publisher: Sentence
    licence: Sentence | None = None
    feeds: tuple[Feed, ...] = Field(min_length=1)
    pattern: Pattern | None = None


class Listed(BaseModel):
    """A feed of the catalogue, ready to be added."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """What it is asked for by: `us/state`."""
    title: str
    publisher: str
    address: str
    kind: str
    settings: Mapping[str, Any]
    licence: str | None
    read_in: str
    read_on: date
    tried_on: date | None
    note: str
    certain: bool = True
    """False for a slug that the catalogue does not know: whether it exists, the publisher says."""

    @property
    def id(self) -> str:
        """What the source is called once it is added: `us-state`."""
        return self.name.replace("/", "-")


class Catalogue:
    """Feeds by name."""

    def __init__(self, publishers: Sequence[Publisher]) -> None:
        self._publishers = {one.id: one for one in publishers}
        self._feeds = {one.name: one for one in _all(publishers)}
        self._called = dict(_names(publishers))

    def find(self, name: str) -> Listed | None:
        """Return the feed of a name; None if there is none.

        `gov.uk/home-office`, `gov.uk/Home Office` and `home office` are one. A slug that the
        catalogue does not know makes a feed where there is a pattern for it: `gov.uk/ofsted`.
        """
        plain = _plain(name)
        for known in (plain, self._called.get(plain, "")):
            if known in self._feeds:
                return self._feeds[known]
        first, _, rest = plain.partition("/")
        rest = self._called.get(plain, "").partition("/")[2] or rest
        publisher = self._publishers.get(first)
        if publisher is None or publisher.pattern is None:
            return None
        under = f"{publisher.pattern.under}/" if publisher.pattern.under else ""
        slug = rest.removeprefix(under)
        if not rest.startswith(under) or not _SLUG.fullmatch(slug):
            return None
        return _of_pattern(publisher, publisher.pattern, slug, certain=False)

    def get(self, name: str) -> Listed:
        """Return the feed of a name. Raises UsageError with the nearest one."""
        found = self.find(name)
        if found is None:
            near = self.nearest(name)
            hint = f": did you mean {near}? See" if near else "; see"
            raise UsageError(
                f"{name!r} is no web address (https://…) and not in the catalogue{hint}: "
                "despatch sources catalogue"
            )
        return found

    def nearest(self, name: str) -> str | None:
        """Return the name that is most like one that is not right; None if none is like it."""
        plain = _plain(name)
        if longer := [known for known in self._feeds if known.startswith(f"{plain}/")]:
            return longer[0]
        words = {**{known: known for known in self._feeds}, **self._called}
        ends = {known.rpartition("/")[2]: known for known in self._feeds}
        for wanted, among in ((plain, words), (plain.rpartition("/")[2], ends)):
            near = get_close_matches(wanted, [w for w in among if among[w] != plain], 1, 0.8)
            if near:
                return among[near[0]]
        return None

    def listed(self, word: str = "") -> list[Listed]:
        """Return the feeds in which a word stands (name, title, publisher, note), by name."""
        wanted = word.casefold().strip()
        aliases: dict[str, str] = {}
        for called, name in self._called.items():
            aliases[name] = aliases.get(name, "") + f" {called} {called.replace('-', ' ')}"
        return [
            one
            for name, one in sorted(self._feeds.items())
            if wanted
            in " ".join(
                (name, one.title, one.publisher, one.note, aliases.get(name, ""))
            ).casefold()
        ]

    def of_patterns(self) -> frozenset[str]:
        """Return the names of the known feeds that a pattern makes."""
        return frozenset(self._called.values())

    def patterns(self) -> list[tuple[str, Pattern]]:
        """Return each pattern under the name that it is asked for by: `gov.uk/<slug>`."""
        return [
            (_named(one.id, one.pattern.under, "<slug>"), one.pattern)
            for one in self._publishers.values()
            if one.pattern is not None
        ]


def load_catalogue(folder: Path = HERE) -> Catalogue:
    """Return the catalogue of a folder's TOML files.

    Raises SettingsError that names each fault with file, line, field and fix.
    """
    publishers, faults = [], []
    for path in sorted(folder.glob("*.toml")):
        try:
            publishers.append(read(Publisher, path, id=path.name.removesuffix(".toml")))
        except SettingsError as exc:
            faults.append(str(exc))
    faults += _taken_twice(publishers, folder)
    if faults:
        raise SettingsError("\n".join(faults))
    return Catalogue(publishers)


def _taken_twice(publishers: Iterable[Publisher], folder: Path) -> list[str]:
    seen: set[str] = set()
    faults = []
    for one in _all(publishers):
        if one.name in seen:
            file = folder / f"{one.name.partition('/')[0]}.toml"
            faults.append(f"{file}: {one.name} is there twice: give one another name")
        seen.add(one.name)
    return faults


def _all(publishers: Iterable[Publisher]) -> Iterator[Listed]:
    for publisher in publishers:
        for feed in publisher.feeds:
            yield _listed(
                publisher, feed, _named(publisher.id, feed.name), feed.title, feed.address
            )
        if publisher.pattern is not None:
            for slug in publisher.pattern.known:
                yield _of_pattern(publisher, publisher.pattern, slug, certain=True)


def _of_pattern(publisher: Publisher, pattern: Pattern, slug: str, *, certain: bool) -> Listed:
    title = pattern.title.replace("{name}", pattern.known.get(slug, (slug,))[0])
    name = _named(publisher.id, pattern.under, slug)
    address = pattern.address.replace("{slug}", slug)
    return _listed(publisher, pattern, name, title, address, certain=certain)


def _listed(
    publisher: Publisher, one: _Known, name: str, title: str, address: str, *, certain: bool = True
) -> Listed:
    return Listed(
        name=name,
        title=title,
        publisher=publisher.publisher,
        address=address,
        kind=one.kind,
        settings=one.settings,
        licence=one.licence or publisher.licence,
        read_in=one.read_in,
        read_on=one.read_on,
        tried_on=one.tried_on,
        note=one.note,
        certain=certain,
    )


def _names(publishers: Iterable[Publisher]) -> Iterator[tuple[str, str]]:
    """Yield what known slugs are also called, alone and after the file's name, with their name."""
    for publisher in publishers:
        pattern = publisher.pattern
        for slug, called in pattern.known.items() if pattern is not None else ():
            name = _named(publisher.id, pattern.under if pattern else None, slug)
            for word in (slug, *called):
                yield _plain(word), name
                yield _named(publisher.id, _plain(word)), name


def _named(*parts: str | None) -> str:
    return "/".join(part for part in parts if part)


def _plain(name: str) -> str:
    """Return a name as slugs are written: `Food & Rural Affairs` is `food-rural-affairs`."""
    words = name.casefold().strip().replace("'", "").replace("’", "").replace("_", "-")
    parts = (re.sub(r"[^a-z0-9.]+", "-", part).strip("-") for part in words.split("/"))
    return "/".join(part for part in parts if part)
