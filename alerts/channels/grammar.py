"""Channel URLs are written in apprise's grammar: this reads one, and lets nothing of it out.

What apprise logs can hold a URL, a header or a record: it is caught thread by thread, for the
sender to look at, and reaches no handler.
"""

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

from apprise import Apprise, AppriseAsset
from apprise.exception import AppriseException
from apprise.manager_plugins import NotificationManager
from pydantic import SecretStr

from despatch.errors import UsageError

_LOUD = (
    "urllib3",
    "urllib3.connectionpool",
    "urllib3.connection",
    "urllib3.util.retry",
    "requests",
    "requests_oauthlib",
    "oauthlib",
    "slixmpp",
    "paho",
    "websocket",
    "asyncio",
)
"""Loggers of what apprise sends with; some write addresses at debug level."""

_LOCAL = frozenset(
    {
        "blink1", "dbus", "gio", "glib", "gnome", "growl", "kde", "macosx", "qt", "rsyslog",
        "syslog", "windows",
    }
)  # fmt: skip
"""They speak to this very machine, or say `sent` with nobody there."""
_FILES = {
    "discord": {"template"},
    "fcm": {"keyfile"},
    "slack": {"template"},
    "tgram": {"template"},
    "vapid": {"keyfile", "subfile"},
    "workflow": {"template"},
    "workflows": {"template"},
}
"""Options with which a URL makes apprise read a file, or any address, from here."""
_FILES_ANYWHERE = frozenset({"pgp", "pgppub", "pgpprv", "wkd"})


@cache
def asset() -> AppriseAsset:
    """Return how apprise is used here: no redirects, nothing kept on disk, secrets masked."""
    return AppriseAsset(
        app_id="Despatch",
        app_desc="Government releases that matter to you",
        app_url="",
        http_redirects=False,
        secure_logging=True,
        storage_mode="memory",
        pgp_autogen=False,
        pem_autogen=False,
        allow_templates=False,
        interpret_emojis=False,
        async_mode=False,
    )


@cache
def known_schemes() -> frozenset[str]:
    """Return every scheme that apprise knows; `read` refuses some.

    Loads all its plugins; what those warn of while they load (`imghdr` is deprecated) is not ours.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return frozenset(NotificationManager().schemas())


def read(url: SecretStr) -> Any:
    """Return apprise's plugin for a URL, made for one send: plugins keep state.

    Raises UsageError, without the secret, if the URL is wrong, needs something that is not
    installed, reads files of this machine, or names more than one recipient.
    """
    known_schemes()
    scheme = url.get_secret_value().strip().partition("://")[0].lower()
    if scheme in _LOCAL:
        raise UsageError(
            f"{scheme}:// is no channel: it reaches this machine only, or can't tell whether "
            "anybody got it"
        )
    with muffled():
        try:
            plugin = Apprise.instantiate(
                url.get_secret_value().strip(), asset=asset(), suppress_exceptions=False
            )
        except (AppriseException, TypeError, ValueError, AttributeError, KeyError):
            raise UsageError(_wrong(scheme)) from None  # apprise's text names tokens
    if plugin is None:
        raise UsageError(_disabled(scheme) or _wrong(scheme))
    _refuse_files(scheme, url)
    plugin.redirects = False  # `?redirect=yes` would win over the asset
    return plugin


def one_recipient(plugin: Any, scheme: str) -> None:
    """Raise UsageError if a channel has several recipients.

    Some would get it and some not, and a repeat would go to all of them.
    """
    if len(plugin) > 1:
        raise UsageError(
            f"this {scheme}:// URL names {len(plugin)} recipients: add a channel for each"
        )


@contextmanager
def muffled() -> Iterator[list[str]]:
    """Keep what apprise says in this thread from the log; yield it, line by line."""
    _listen()
    logger = logging.getLogger("apprise")
    if logger.level != logging.DEBUG:  # whatever `log.configure` made of it; to set it costs
        logger.setLevel(logging.DEBUG)
    lines: list[str] = []
    before = getattr(_heard, "lines", None)
    _heard.lines = lines
    try:
        yield lines
    finally:
        _heard.lines = before


_heard = threading.local()


def _caught(record: logging.LogRecord) -> bool:
    """Keep a record of a thread that is sending in its list; no handler gets to see any.

    Nor those of other threads: a plugin may start one of its own, and its lines hold URLs too.
    """
    lines = getattr(_heard, "lines", None)
    if lines is not None and len(lines) < 200:
        lines.append(record.getMessage()[:2_000])
    return False


def _silent(_record: logging.LogRecord) -> bool:
    """Let a record pass only from a thread that is not sending."""
    return getattr(_heard, "lines", None) is None


@cache
def _listen() -> None:
    logging.getLogger("apprise").addFilter(_caught)
    for name in _LOUD:
        logging.getLogger(name).addFilter(_silent)


def _refuse_files(scheme: str, url: SecretStr) -> None:
    query = url.get_secret_value().partition("?")[2]
    options = {name.strip().lower() for name, _value in parse_qsl(query, keep_blank_values=True)}
    wrong = sorted(options & (_FILES.get(scheme, set()) | _FILES_ANYWHERE))
    if wrong:
        raise UsageError(
            f"the option {wrong[0]}= of {scheme}:// reads files of this machine: leave it out"
        )


def _wrong(scheme: str) -> str:
    return f"this {scheme}:// URL is not complete or not right: see https://appriseit.com/services/"


def _disabled(scheme: str) -> str:
    known = NotificationManager()
    if scheme in known and not known[scheme].enabled:
        needs = known[scheme].requirements.get("packages_required") or ()
        names = [needs] if isinstance(needs, str) else list(needs)
        return f"{scheme}:// needs what is not installed here: {', '.join(names) or 'see apprise'}"
    return ""
