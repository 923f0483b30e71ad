"""Settings: one frozen class, read once, from `despatch.toml` and `DESPATCH_*`.

Precedence: command line, environment, secrets folder (DESPATCH_SECRETS_DIR), file, default. A name
that does not exist is refused, with the nearest right one: a misspelt setting must not be a
silent default.
"""

from despatch.settings.every import Settings
from despatch.settings.forms import POSTGRESQL, host_and_port
from despatch.settings.reading import FILE_NAME, NOT_SETTINGS, PREFIX, default_home, read

__all__ = [
    "FILE_NAME",
    "NOT_SETTINGS",
    "POSTGRESQL",
    "PREFIX",
    "Settings",
    "default_home",
    "host_and_port",
    "read",
]
