"""`doctor`: is this installation sound? Each finding says what was looked at and the way out."""

import os
import pyexpat
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Literal

import despatch
from despatch.app.chosen import untested
from despatch.app.home import make_home
from despatch.app.mail_server import try_mail_server
from despatch.app.outside import check_fetching, check_operator
from despatch.app.status import status
from despatch.app.wiring import App
from despatch.errors import DespatchError, OperatorError

LITTLE_ROOM = 500 * 2**20
"""Bytes: less free room than this in the home folder is a finding."""

SHOWN = 5
"""Channels that a finding names."""

SAFE_EXPAT = (2, 4, 1)
"""From here on the XML parser stops entity bombs by itself (feeds are strangers' XML)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, and what was found or is to be done."""

    looked_at: str
    verdict: Literal["sound", "advice", "wrong"]
    text: str


class _Advice(Exception):
    """Sound, but better otherwise."""


def examine(app: App) -> Iterator[Finding]:
    """Yield a finding for each thing looked at, cheapest first; never raises a DespatchError."""
    for name, look in LOOKS:
        try:
            yield Finding(name, "sound", look(app))
        except _Advice as exc:
            yield Finding(name, "advice", str(exc))
        except DespatchError as exc:
            yield Finding(name, "wrong", str(exc))


def _python(_app: App) -> str:
    version = ".".join(str(part) for part in pyexpat.version_info)
    if pyexpat.version_info < SAFE_EXPAT:
        raise OperatorError(f"XML parser expat {version} lets entity bombs through; update Python")
    return f"{sys.version.split()[0]}, expat {version}"


def _packages(_app: App) -> str:
    root = Path(despatch.__file__).parent.parent
    owners = packages_distributions()
    for name in ("ingest", "processors", "alerts"):
        file = import_module(name).__file__
        others = set(owners.get(name, ())) - {"despatch"}
        if others or file is None or Path(file).parent.parent != root:
            raise OperatorError(
                f"another package ({', '.join(sorted(others)) or file}) took the name {name!r}; "
                "install Despatch into an environment of its own"
            )
    return f"{despatch.__version__} in {root}"


def _home(app: App) -> str:
    home = make_home(app.settings.home)
    free = shutil.disk_usage(home).free
    if free < LITTLE_ROOM:
        raise OperatorError(f"{home} has {free // 2**20} MiB left; make room on that disk")
    shut = [f.name for f in sorted(home.glob("*.db*")) if not os.access(f, os.R_OK | os.W_OK)]
    if shut:  # SQLite gives what it makes beside a file that file's permissions, and they stay
        raise OperatorError(f"{home}: not readable and writable for this user: {', '.join(shut)}")
    return f"{home}, {free / 2**30:.1f} GiB free"


def _themes(app: App) -> str:
    if app.loaded_themes.faults:
        raise OperatorError("; ".join(app.loaded_themes.faults.values()))
    marks = {True: " (experimental)", False: ""}
    judged = ", ".join(theme.id + marks[theme.experimental] for theme in app.themes)
    if faults := [fault for _theme, fault in untested(app.loaded_themes)]:
        raise _Advice("; ".join([judged, *faults]))
    return judged


def _templates(app: App) -> str:
    from alerts.messages.specimens import check

    check(app.templates)
    own = ", ".join(app.templates.own)
    return f"{own}, and the built-in ones" if own else "the built-in ones"


def _store(app: App) -> str:
    app.store.check_schema()
    app.store.check_keys()
    with app.store.transaction() as tx:
        counts = tx.counts()
    return f"releases: {counts.releases}, active subscriptions: {counts.subscriptions}"


def _subscriptions(app: App) -> str:
    known = {theme.id for theme in app.themes}
    with app.store.transaction() as tx:
        found = tx.subscriptions()
    for one in found:
        gone = sorted({*one.filter.themes.any, *one.filter.themes.all} - known)
        if gone:
            raise OperatorError(
                f"{one.id} asks for a theme that is not here: {', '.join(gone)}; put its file "
                f"back (setting themes_dir), or: despatch subscriptions remove {one.id}"
            )
    return "each asks for themes that are here"


def _webhooks(app: App) -> str:
    with app.store.transaction() as tx:
        hooks = [one for one in tx.channels() if one.shown.startswith(("json:", "jsons:"))]
    unsigned = [one.shown for one in hooks if app.senders.advice(one.url)]
    if unsigned:
        named = ", ".join(unsigned[:SHOWN]) + (", …" if len(unsigned) > SHOWN else "")
        raise _Advice(
            f"{len(unsigned)} of {len(hooks)} are not signed ({named}): whoever learns the address "
            "can send the same; put ?secret=whsec_… into the URL, docs/reference/webhook.md"
        )
    return f"{len(hooks)}, each signed" if hooks else "none"


def _topics(app: App) -> str:
    wrong = app.bus.check_topics(app.topics)
    if wrong:
        raise OperatorError("; ".join(wrong))
    return f"{len(app.topics)} topics on {app.settings.bus}"


def _operator(app: App) -> str:
    if app.settings.operator_url is None:
        raise _Advice(
            "no operator_url: alarms stand in the log and in `despatch status` only; "
            "set it to an apprise URL"
        )
    check_operator(app)
    return "operator_url is complete; nothing was sent to it now"


def _fetching(app: App) -> str:
    check_fetching(app)
    said = app.settings
    through = "through the proxy" if said.proxy else "straight"
    known = said.contact or "without a contact for publishers (setting contact)"
    return f"{through}; {known}; nothing was fetched now"


def _public(app: App) -> str:
    said = app.settings
    if said.public_url is None:
        return "none: no public_url is set"
    if app.signups is None:
        raise _Advice(
            f"{said.public_url}, where nobody can sign up: set mail_url, your mail server"
        )
    return f"{said.public_url}; mail_url is complete"


def _stages(app: App) -> str:
    now = status(app)
    if now.missing:
        raise _Advice(f"not running: {', '.join(now.missing)}; start them: despatch up")
    return "all stages show life"


def _alarms(app: App) -> str:
    with app.store.transaction() as tx:
        alarms = tx.alarms()
    if alarms:
        raise OperatorError("; ".join(alarm.text for alarm in alarms[:5]))
    return "none open"


LOOKS: tuple[tuple[str, Callable[[App], str]], ...] = (
    ("python", _python),
    ("packages", _packages),
    ("home folder", _home),
    ("themes", _themes),
    ("templates", _templates),
    ("store", _store),
    ("subscriptions", _subscriptions),
    ("webhooks", _webhooks),
    ("log", _topics),
    ("operator's channel", _operator),
    ("fetching", _fetching),
    ("mail server", try_mail_server),
    ("public pages", _public),
    ("stages", _stages),
    ("alarms", _alarms),
)
