"""The keys that channels' URLs are encrypted with, and what is done with them.

A URL is kept as a Fernet token (AES-128-CBC with HMAC-SHA256, https://github.com/fernet/spec).
An equal URL is found by a keyed hash, without decrypting. The first key encrypts, all decrypt: to
change keys put the new one first, run `despatch migrate`, then take the old one away.
"""

import hashlib
import hmac
import os
import shlex
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

from despatch.errors import NotWritable, OperatorError, SettingsError

_HEADER = (
    "# Channels' URLs in Despatch's store are encrypted with this key: without it they are lost.\n"
    "# Keep a copy apart from the store's. One key a line; the first encrypts, all decrypt.\n"
)


def load_keys(key_file: Path, setting: str | None) -> list[str]:
    """Return the store's keys, first the one that encrypts.

    They are those of the setting (apart by commas or spaces) if it is given, else those of the key
    file, which is made with a new key, mode 0600, if it is not there. Raises SettingsError for a
    wrong setting, NotWritable, and OperatorError for a key file that others can read or that
    holds no key. No text shows a key.
    """
    if setting is not None and setting.strip():
        keys = setting.replace(",", " ").split()
        for number, key in enumerate(keys, 1):
            if not _is_key(key):
                raise SettingsError(f"key {number} of the store's keys in the settings: {_FORM}")
        return keys
    if not key_file.exists():
        _make(key_file)
    return _read(key_file)


def link_keys(keys: Sequence[str]) -> tuple[bytes, ...]:
    """Return what links are signed with, made of the store's keys, in their order.

    Whoever has a link can't work out the key, and a link's key decrypts nothing.
    """
    return tuple(_derive(key, "links") for key in keys)


class DamagedError(OperatorError):
    """One channel's URL can't be read, though its key is here."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A URL as it is kept."""

    url: str
    """The Fernet token."""
    hash: str
    """Keyed hash of the URL, under the same key."""
    key: str
    """Name of the key, such as `5f2d90ab`: tells a lost key from a damaged token."""


class Secrets:
    """Encrypts and decrypts channels' URLs. Shared between threads."""

    def __init__(self, keys: Sequence[str], keys_from: str) -> None:
        if not keys:
            raise SettingsError("the store has no key: give one, or a key file")
        self.keys_from = keys_from
        self._keys = {_derive(key, "name")[:4].hex(): key for key in keys}
        self._fernets = {name: Fernet(key) for name, key in self._keys.items()}
        self.names = tuple(self._keys)
        """Names of the keys, the one that encrypts first."""

    def __repr__(self) -> str:
        return f"Secrets(names={self.names!r})"

    def seal(self, url: SecretStr) -> Sealed:
        """Return the URL encrypted with the first key."""
        name = self.names[0]
        token = self._fernets[name].encrypt(url.get_secret_value().encode())
        return Sealed(token.decode(), self.hashes(url)[0], name)

    def hashes(self, url: SecretStr) -> tuple[str, ...]:
        """Return the URL's keyed hash under each key: whichever sealed it, one is equal."""
        data = url.get_secret_value().encode()
        return tuple(
            hmac.new(_derive(key, "equality"), data, hashlib.sha256).hexdigest()
            for key in self._keys.values()
        )

    def reveal(self, token: str, key: str) -> SecretStr:
        """Return the URL that a token holds.

        Raises OperatorError without its key, DamagedError if the token is not what was written.
        """
        if key not in self._keys:
            raise OperatorError(self.lost((key,)))
        try:
            return SecretStr(self._fernets[key].decrypt(token).decode())
        except InvalidToken as exc:
            raise DamagedError(
                f"a channel's URL in the store is damaged (key {key}): remove that channel and "
                "subscribe again, or put back a backup of the store"
            ) from exc

    def lost(self, keys: Sequence[str]) -> str:
        """Return what to do when the store names keys that are not here."""
        return (
            f"channels' URLs in the store were encrypted with key {', '.join(keys)}, and "
            f"{self.keys_from} holds {', '.join(self.names)}: put the old key back as a further "
            "line, or remove those channels and subscribe again"
        )


_FORM = "not a key; make one: despatch settings --new-key"


def _derive(key: str, purpose: str) -> bytes:
    info = f"despatch channels: {purpose}".encode()
    return HKDF(SHA256(), length=32, salt=None, info=info).derive(key.encode())


def _is_key(key: str) -> bool:
    try:
        Fernet(key)
    except ValueError:
        return False
    return True


def _make(key_file: Path) -> None:
    """Write a new key whole and durable before it has its name: a crash leaves no half a key.

    Of two processes that do so at once, one wins and both read the winner's.
    """
    draft = key_file.with_name(f".{key_file.name}.{uuid4().hex}")
    try:
        draft.touch(mode=0o600, exist_ok=False)
        with draft.open("w") as file:
            file.write(f"{_HEADER}{Fernet.generate_key().decode()}\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, key_file)
        except FileExistsError:
            return
        finally:
            draft.unlink()
        _sync_folder(key_file.parent)
    except OSError as exc:
        raise NotWritable(f"the key file {key_file} can't be made: {exc.strerror}") from exc


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(key_file: Path) -> list[str]:
    try:
        mode = stat.S_IMODE(key_file.stat().st_mode)
        lines = key_file.read_text("utf-8", "replace").splitlines()
    except OSError as exc:
        raise OperatorError(f"the key file {key_file} can't be read: {exc.strerror}") from exc
    if mode & 0o077:
        raise OperatorError(
            f"the key file {key_file} can be read by others (mode {mode:03o}): "
            f"run chmod 600 {shlex.quote(str(key_file))}"
        )
    keys = {number: line.strip() for number, line in enumerate(lines, 1) if _is_meant(line)}
    for number, key in keys.items():
        if not _is_key(key):
            raise OperatorError(f"the key file {key_file}, line {number}: {_FORM}")
    if not keys:
        raise OperatorError(
            f"the key file {key_file} holds no key: put back a copy of it, or delete it for a new "
            "key (channels in the store must be made again then)"
        )
    return list(keys.values())


def _is_meant(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")
