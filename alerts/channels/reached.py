"""By which addresses a channel reaches somebody: numbers, handles, web addresses. Pure.

E-mail addresses have their own way (`address_of`). What is one and the same place has one key,
however a URL writes it: `number:447700900123`, `handle:tgram:ada`, `web:hooks.example/in`. A key is
as secret as the URL.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from alerts.addresses import email_address
from alerts.channels import grammar, scheme_of
from despatch.errors import UsageError
from despatch.fingerprint import digest

_WEBHOOKS = frozenset({"json", "jsons", "xml", "xmls", "form", "forms"})
_NUMBER = re.compile(r"\+?[0-9][0-9 ().\-/]{5,24}")
_LEAST_DIGITS = 7
_MOST_DIGITS = 15
"""Of a number with its country (E.164 §6)."""
_OURS = ("mail:", "mailto:", "mailtos:", "console:", "canary:")


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody is asked for by. Its representation shows nothing of it."""

    kind: str
    """`number`, `handle` or `web`, in words for people: "telephone number"."""
    keys: frozenset[str]
    """Keys that are theirs; of a handle without the service: `handle:*:ada`."""
    hint: str
    """What must stand somewhere in a URL that leads there, in small letters: a quick look."""
    within_a_country: bool = False
    """Of a number: which country's can't be told; it is found only where it is written so."""

    def __repr__(self) -> str:
        return f"Asked({self.kind})"

    def leads(self, url: SecretStr, keys: Callable[[SecretStr], frozenset[str]]) -> bool:
        """Tell whether a channel's URL leads there.

        `keys` says what a URL reaches: to read one as apprise does takes long.
        """
        text = unquote(url.get_secret_value()).casefold()
        if text.startswith(_OURS):
            return False
        seen = re.sub(r"\D", "", text) if self.kind == NUMBER else text
        return self.hint in seen and not self.keys.isdisjoint(every_way(keys(url)))


NUMBER, HANDLE, WEB = "telephone number", "handle", "web address"


def asked(named: str) -> Asked | None:
    """Return what a number, a handle or a web address stands for; None for anything else.

    A number is written with its country (`+44 7700 900123`, `0044…`), a handle with its sign
    (`@ada`, `#desk`), a web address or a channel's URL whole. Raises UsageError for a URL that is
    none of a channel.
    """
    named = named.strip()
    if "://" in named:
        return _web(named)
    if named[:1] in {"@", "#"} and len(named) > 2:
        name = named[1:].casefold()
        return Asked(HANDLE, frozenset({f"handle:*:{name}"}), name)
    if not _NUMBER.fullmatch(named):
        return None
    digits = _digits(named)
    if digits is None:
        return None
    hint, national = digits[-_LEAST_DIGITS:], digits.startswith("0")
    return Asked(NUMBER, frozenset({f"number:{digits}"}), hint, national)


def reached(url: SecretStr) -> frozenset[str]:
    """Return the keys of all that a channel's URL reaches, e-mail addresses aside; maybe none."""
    if url.get_secret_value().strip().casefold().startswith(_OURS):
        return frozenset()
    try:
        plugin = grammar.read(url)
    except UsageError:
        return frozenset()
    return frozenset(_keys(plugin, scheme_of(url)))


def every_way(keys: Iterable[str]) -> frozenset[str]:
    """Return keys, and those of handles as of any service too: by these they are suppressed."""
    handles = [key.split(":", 2) for key in keys if key.startswith("handle:")]
    return frozenset([*keys, *(f"handle:*:{name}" for _kind, _service, name in handles)])


def suppressible(keys: frozenset[str]) -> frozenset[str]:
    """Return those of keys that are one person's wherever they stand: their numbers."""
    return frozenset(key for key in keys if key.startswith("number:"))


def _keys(plugin: Any, scheme: str) -> Iterator[str]:
    if scheme in _WEBHOOKS:
        yield _place(f"//{plugin.host}{f':{plugin.port}' if plugin.port else ''}{plugin.fullpath}")
        return
    for target in _targets(plugin):
        for part in target if isinstance(target, tuple) else (target,):
            if isinstance(part, str | int) and (key := _of_target(str(part), scheme)):
                yield key
    yield f"url:{_whole(plugin)}"


def _targets(plugin: Any) -> Iterator[Any]:
    """Yield whom apprise takes a URL's recipients for; services keep them by several names."""
    for name in ("targets", "channels", "rooms", "users"):
        found = getattr(plugin, name, None)
        if isinstance(found, list | tuple | set):
            yield from found


def _of_target(target: str, scheme: str) -> str:
    digits = _digits(target) if _NUMBER.fullmatch(target) else None
    if digits is not None:
        return f"number:{digits}"
    name = target.lstrip("@#").casefold()
    return f"handle:{scheme}:{name}" if len(name) > 1 and not _is_mail(target) else ""


def _digits(text: str) -> str | None:
    """Return a number's digits, from its country's code on if it has one; None if it is none."""
    bare = re.sub(r"\D", "", text.replace("(0)", "") if text.startswith(("+", "00")) else text)
    bare = bare.removeprefix("00")
    return bare if _LEAST_DIGITS <= len(bare) <= _MOST_DIGITS else None


def _web(named: str) -> Asked:
    """Return what a URL stands for: a webhook's place, or the very channel of a service."""
    secret = SecretStr(named)
    if scheme_of(secret) in {"http", "https"}:
        try:
            return Asked(WEB, frozenset({f"url:{_whole(grammar.read(secret))}"}), _last(named))
        except UsageError:  # none of a service that apprise knows by its own address
            place = _place(named)
            host = place.removeprefix("web:").partition("/")[0]
            return Asked(WEB, frozenset({place}), host)
    keys = reached(secret)
    if not keys:
        raise UsageError("this URL is none of a channel that could be found by it")
    only = {key for key in keys if key.startswith(("web:", "url:"))}
    return Asked(WEB, frozenset(only), _last(named))


def _last(address: str) -> str:
    """Return the last part of a URL's path, mostly a token or a recipient."""
    parts = unquote(urlsplit(address).path).casefold().rstrip("/").rpartition("/")
    return parts[2].lstrip("+@#")


def _place(address: str) -> str:
    """Return the key of a web address: its host, its port and its path, whatever stands beside."""
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2].casefold()
    host = host.removesuffix(":443").removesuffix(":80")
    return f"web:{host}/{unquote(parts.path).strip('/')}"


def _whole(plugin: Any) -> str:
    """Return a hash of account and recipients: the same however the URL writes them."""
    account, targets = getattr(plugin, "url_identifier", None), sorted(map(repr, _targets(plugin)))
    return digest(type(plugin).__name__, repr(account), *targets)


def _is_mail(text: str) -> bool:
    try:
        email_address(text)
    except UsageError:
        return False
    return True
