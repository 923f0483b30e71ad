"""docker-compose.yml as compose reads it, for tests: there is no Docker where they run."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[?-])(?P<word>[^}]*))?\}")


class MissingVariable(Exception):
    """A variable that the file requires is not set; the text is the one that the file gives."""


@dataclass(frozen=True, slots=True)
class Service:
    """One service, with every variable filled in."""

    name: str
    given: Mapping[str, Any]
    """All that the file says of it."""
    environment: Mapping[str, str]
    """What its process sees; a name without a value is absent unless it stands outside."""

    @property
    def command(self) -> Sequence[str]:
        """The arguments of the image's program."""
        return [str(part) for part in self.given.get("command", ())]

    @property
    def health(self) -> Sequence[str]:
        """The health check's own command, such as `["python", "-c", "…"]`; empty if it has none."""
        kind, *command = self.given["healthcheck"].get("test", ["NONE"])
        if kind == "CMD-SHELL":
            return ["sh", "-c", *command]
        return command if kind == "CMD" else []

    @property
    def once(self) -> bool:
        """Whether it runs to its end and is not started again."""
        return bool(self.given.get("restart") == "no")

    @property
    def waits_for(self) -> Mapping[str, str]:
        """The services that come first, each with the condition it must meet."""
        return {name: on["condition"] for name, on in (self.given.get("depends_on") or {}).items()}

    @property
    def stops_within(self) -> timedelta:
        """How long it may take to stop before it is killed; compose's default is 10 s."""
        given = str(self.given.get("stop_grace_period", "10s"))
        return timedelta(seconds=int(given.removesuffix("s")))


@dataclass(frozen=True, slots=True)
class ComposeFile:
    """The whole file."""

    given: Mapping[str, Any]
    services: Mapping[str, Service]

    def in_order(self) -> Iterator[Service]:
        """Yield what `up` starts, each service after all that it waits for."""
        waiting = {n: s for n, s in self.services.items() if not s.given.get("profiles")}
        while waiting:
            ready = [s for s in waiting.values() if not waiting.keys() & s.waits_for.keys()]
            if not ready:
                raise ValueError(f"these services wait for each other: {', '.join(waiting)}")
            for service in ready:
                del waiting[service.name]
                yield service


def read_compose(file: Path, outside: Mapping[str, str]) -> ComposeFile:
    """Return the file, filled in from `outside` (what .env and the shell hold).

    Raises MissingVariable as compose refuses to start: with the file's own words.
    """
    given = _fill(yaml.safe_load(file.read_text(encoding="utf-8")), outside)
    return ComposeFile(
        given,
        {
            name: Service(name, service, _environment(service, outside))
            for name, service in given["services"].items()
        },
    )


def _fill(value: Any, outside: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _VARIABLE.sub(lambda match: _value_of(match, outside), value)
    if isinstance(value, list):
        return [_fill(each, outside) for each in value]
    if isinstance(value, dict):
        return {key: _fill(each, outside) for key, each in value.items()}
    return value


def _value_of(match: re.Match[str], outside: Mapping[str, str]) -> str:
    value = outside.get(match["name"], "")
    if not value and match["kind"] == "?":
        raise MissingVariable(f"{match['name']}: {match['word']}")
    return value or match["word"] or ""


def _environment(service: Mapping[str, Any], outside: Mapping[str, str]) -> Mapping[str, str]:
    given: Mapping[str, str | None] = service.get("environment") or {}
    found = {name: outside.get(name) if value is None else value for name, value in given.items()}
    return {name: str(value) for name, value in found.items() if value is not None}
