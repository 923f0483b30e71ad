"""Peers that Despatch does not depend on, installed apart from it: bench/peers.lock."""

import hashlib
import importlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

LOCK = Path(__file__).with_name("peers.lock")


class Missing(Exception):
    """A peer can't be had here; the text says why."""


def peer(module: str) -> Any:
    """Return a peer's module; the first call installs all of them into the user's cache folder.

    Raises Missing if that fails, as it does without a network.
    """
    folder = _folder()
    if not (folder / "complete").exists():
        _install(folder)
    if str(folder) not in sys.path:
        sys.path.append(str(folder))  # at the end: nothing of ours comes from there
    try:
        return importlib.import_module(module)
    except ImportError as exc:
        raise Missing(f"{module} is installed and can't be loaded: {exc}") from exc


def folder(module: str) -> Path:
    """Return where a peer is installed, for a process of its own; raises Missing likewise."""
    peer(module)
    return _folder()


def _folder() -> Path:
    """Another lock file, or another Python, is another folder."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    mark = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]
    return home / "despatch" / f"bench-peers-{sys.implementation.cache_tag}-{mark}"


def _install(folder: Path) -> None:
    done = subprocess.run(  # noqa: S603 - our own arguments, no shell
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--require-hashes", "--no-deps", "--upgrade", "--target", str(folder)),
            *("-r", str(LOCK)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise Missing(f"its peers could not be installed: {last}")
    (folder / "complete").touch()
