"""Settings are read once, from the command line, the environment, a secrets folder and a file."""

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from despatch.errors import SettingsError
from despatch.settings.every import Settings
from despatch.settings.faults import faults_of
from despatch.toml_faults import toml_fault

FILE_NAME = "despatch.toml"
PREFIX = "DESPATCH_"
NOT_SETTINGS = frozenset({"DESPATCH_HOME", "DESPATCH_CONFIG", "DESPATCH_SECRETS_DIR"})
"""Where settings are read from; the rest of `DESPATCH_*` are settings."""


def default_home(environ: Mapping[str, str]) -> Path:
    """Return the home folder: DESPATCH_HOME, else `despatch` in the user's data folder."""
    if environ.get("DESPATCH_HOME"):
        return Path(environ["DESPATCH_HOME"]).expanduser()
    data = environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data).expanduser() / "despatch"


def read(
    home: Path | None = None,
    config: Path | None = None,
    environ: Mapping[str, str] = os.environ,
    **given: Any,
) -> Settings:
    """Return the settings of an installation; `given` are those of the command line.

    The file is `config`, else DESPATCH_CONFIG, else `despatch.toml` in the home folder if there
    is one. Raises SettingsError with a line for each setting that is wrong: its name, where it
    stands, and the way out.
    """
    home = (home or default_home(environ)).absolute()
    named = config or (Path(environ["DESPATCH_CONFIG"]) if "DESPATCH_CONFIG" in environ else None)
    file = named or home / FILE_NAME
    layers: tuple[tuple[str, Mapping[str, Any]], ...] = (
        (str(file), _read_file(file, must_exist=named is not None)),
        ("the secrets folder", _read_secrets(environ)),
        ("the environment", _read_environment(environ)),
        ("the command line", {"home": home} | given),
    )
    values: dict[str, Any] = {}
    where: dict[str, str] = {}
    wrong: list[str] = []
    for place, layer in layers:
        wrong += _unknown(layer, place)
        values |= {name: layer[name] for name in layer if name in Settings.model_fields}
        where |= dict.fromkeys(layer, place)
    try:
        found = Settings.model_validate(values)
    except ValidationError as exc:
        for name, words in faults_of(exc, Settings).items():
            place = where.get(name, "nowhere")
            wrong.append(f"setting {_shown(name, place)} in {place}: {words}")
    if wrong:
        raise SettingsError("\n".join(wrong))
    return found


def _read_file(file: Path, *, must_exist: bool) -> Mapping[str, Any]:
    text = ""
    try:
        text = file.read_text(encoding="utf-8-sig")
        return tomllib.loads(text)
    except (FileNotFoundError, NotADirectoryError):
        if must_exist:
            raise SettingsError(f"settings file {file} does not exist") from None
        return {}
    except UnicodeDecodeError as exc:
        raise SettingsError(f"settings file {file} is not UTF-8: save it as UTF-8") from exc
    except tomllib.TOMLDecodeError as exc:
        raise SettingsError(f"settings file {file}:{toml_fault(text, str(exc))}") from None
    except OSError as exc:
        raise SettingsError(f"settings file {file} can't be read: {exc.strerror}") from exc


def _read_environment(environ: Mapping[str, str]) -> Mapping[str, str]:
    return {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environ.items()
        if name.startswith(PREFIX) and name not in NOT_SETTINGS
    }


def _read_secrets(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Read `DESPATCH_SECRETS_DIR/despatch_<setting>`, as container secrets are mounted."""
    folder = environ.get("DESPATCH_SECRETS_DIR")
    if not folder:
        return {}
    try:
        return {
            file.name.lower().removeprefix(PREFIX.lower()): file.read_text().strip()
            for file in sorted(Path(folder).iterdir())
            if file.name.lower().startswith(PREFIX.lower())
        }
    except OSError as exc:
        raise SettingsError(f"secrets folder {folder} can't be read: {exc.strerror}") from exc


def _unknown(layer: Mapping[str, Any], place: str) -> Iterator[str]:
    """Yield what is wrong with each name that no setting has."""
    for name in layer:
        if name not in Settings.model_fields:
            near = difflib.get_close_matches(name, Settings.model_fields, 1)
            hint = f"did you mean {_shown(near[0], place)}?" if near else "see: despatch settings"
            yield f"unknown setting {_shown(name, place)} in {place}: {hint}"


def _shown(name: str, place: str) -> str:
    return PREFIX + name.upper() if place == "the environment" else name
