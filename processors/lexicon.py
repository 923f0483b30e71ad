"""The word lists that patterns name with @: countries, nationalities, offices, bodies."""

import json
import tomllib
from pathlib import Path

from despatch.fingerprint import digest

_FILE = Path(__file__).parent / "lexicon.toml"

LISTS: dict[str, list[str]] = tomllib.loads(_FILE.read_text("utf-8"))
"""Words by the name of their list; capitals ask for capitals in the text."""

LISTS_VERSION = digest(json.dumps(LISTS, sort_keys=True))
"""Part of every theme's stamp: other words may judge otherwise."""
