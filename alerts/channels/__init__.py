"""Channels: ways to reach a subscriber, each written as an apprise URL.

A channel of one's own is one module here with two names: `SCHEMES`, the URL schemes that it
takes, and `open_channel(setup) -> Sender`; a third, `address_of(url, setup)`, if it sends e-mail.
Whatever no module takes, apprise sends.
"""

import difflib
import importlib
import pkgutil
from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property, lru_cache
from types import ModuleType
from typing import TYPE_CHECKING, TextIO
from urllib.parse import parse_qsl, urlsplit

from pydantic import SecretStr

from alerts.channels.setup import CONNECT_TIMEOUT, READ_TIMEOUT, TIME_LIMIT, ChannelSetup
from alerts.messages import Messages, Templates
from despatch.errors import UsageError
from despatch.fingerprint import digest
from despatch.guard import Network
from despatch.ports import Links, NoLinks, Sender

if TYPE_CHECKING:
    from despatch.connect import Resolve


class Senders:
    """One sender for each kind of channel, opened when it is first asked for."""

    def __init__(
        self,
        *,
        mail_from: str | None = None,
        mail_return_path: str | None = None,
        mail_url: SecretStr | None = None,
        links: Links = NoLinks(),  # noqa: B008 - it holds nothing
        templates: Templates | None = None,
        allow_networks: tuple[Network, ...] = (),
        resolve: "Resolve | None" = None,
        out: TextIO | None = None,
        connect_timeout: timedelta = CONNECT_TIMEOUT,
        read_timeout: timedelta = READ_TIMEOUT,
        time_limit: timedelta = TIME_LIMIT,
    ) -> None:
        """`out` is what the console channel prints to; None: standard output.

        `links` makes what a reader can act by; `templates` are None for those that come with
        Despatch.
        """
        self._setup = ChannelSetup(
            mail_from,
            mail_return_path,
            mail_url,
            Messages(templates, links),
            allow_networks,
            resolve,
            out,
            connect_timeout,
            read_timeout,
            time_limit,
        )
        self._open: dict[str, Sender] = {}

    def load(self) -> None:
        """Load now what is loaded when the first URL is read: a third of a second of a loop."""
        importlib.import_module("alerts.channels.grammar").known_schemes()

    def sender_for(self, url: SecretStr) -> Sender:
        """Return the sender for a channel's URL.

        Raises UsageError, without the URL, if there is none: it names the nearest scheme.
        """
        scheme = scheme_of(url)
        if scheme in self._modules:
            return self._opened(self._modules[scheme])
        apprise = importlib.import_module("alerts.channels.apprise")
        if scheme in apprise.known_schemes():
            return self._opened(apprise)
        raise UsageError(self._unknown(scheme, apprise.known_schemes()))

    def check(self, url: SecretStr) -> None:
        """Raise UsageError, without the secret, if the URL can't be a channel."""
        self.sender_for(url).check(url)

    def address(self, url: SecretStr) -> SecretStr | None:
        """Return the e-mail address that a URL leads to; None for one that is no e-mail's."""
        scheme = scheme_of(url)
        module = self._modules.get(scheme) or importlib.import_module("alerts.channels.apprise")
        if not hasattr(module, "address_of"):
            return None
        try:
            found: SecretStr | None = module.address_of(url, self._setup)
        except UsageError:
            return None
        return found

    def reached(self, url: SecretStr) -> frozenset[str]:
        """Return the keys of all that a URL reaches, e-mail addresses aside: `reached`."""
        found: frozenset[str] = importlib.import_module("alerts.channels.reached").reached(url)
        return found

    def advice(self, url: SecretStr) -> str:
        """Return what a person should know of a channel that works as it is; maybe nothing."""
        module = self._modules.get(scheme_of(url))
        if module is None or not hasattr(module, "advice_of"):
            return ""
        try:
            found: str = module.advice_of(url, self._setup)
        except UsageError:
            return ""
        return found

    def pause(self, url: SecretStr) -> timedelta:
        """Return what must lie between two sends to this URL's host; nothing for a wrong URL."""
        try:
            return self.sender_for(url).pause(url)
        except UsageError:
            return timedelta(0)

    async def close(self) -> None:
        """Let go of every kept connection."""
        for sender in self._open.values():
            await sender.close()

    @property
    def time_limit(self) -> timedelta:
        """How long a send can take at most, over any channel."""
        return self._setup.time_limit

    @cached_property
    def _modules(self) -> Mapping[str, ModuleType]:
        found = [
            importlib.import_module(f"{__name__}.{module.name}")
            for module in pkgutil.iter_modules(__path__)
            if module.name != "apprise"
        ]
        return {
            scheme: module
            for module in found
            if hasattr(module, "open_channel")
            for scheme in module.SCHEMES
        }

    def _opened(self, module: ModuleType) -> Sender:
        if module.__name__ not in self._open:
            self._open[module.__name__] = module.open_channel(self._setup)
        return self._open[module.__name__]

    def _unknown(self, scheme: str, others: frozenset[str]) -> str:
        """The scheme is shown if it looks like one: a URL pasted wrong may be all secret."""
        if not (scheme.isalnum() and len(scheme) <= 20):
            return (
                "this is no channel's URL: write its scheme first, such as "
                "json://host/path or mailto://user:password@host?to=you@example.org"
            )
        near = difflib.get_close_matches(scheme, {*self._modules, *others}, 1, cutoff=0.5)
        hint = f"did you mean {near[0]}://?" if near else "see https://appriseit.com/services/"
        return f"no channel has the scheme {scheme}://; {hint}"


def scheme_of(url: SecretStr) -> str:
    """Return a URL's scheme in lower case; empty if there is none."""
    head, mark, _rest = url.get_secret_value().strip().partition("://")
    return head.lower() if mark else ""


def shown(url: SecretStr) -> str:
    """Return what may be shown of a channel: `json://…3fa9`."""
    return f"{scheme_of(url)}://…{digest(url.get_secret_value(), length=4)}"


def host_of(url: SecretStr) -> str:
    """Return what sends to one place have in common: scheme, host and port. Secret, too.

    Of a mail server the login too: what it refuses one it may take from another.
    """
    return _host_of(url.get_secret_value().strip())


@lru_cache(10_000)
def _host_of(text: str) -> str:
    parts = urlsplit(text)
    login, _at, host = parts.netloc.rpartition("@")
    if parts.scheme in {"mailto", "mailtos"}:  # the server that takes it, if another is named
        host = dict(parse_qsl(parts.query)).get("smtp", host).lower()
        return f"{parts.scheme}://{digest(login, length=16) if login else ''}@{host}"
    if parts.scheme == "mail":  # all go by the installation's own mail server
        host = ""
    return f"{parts.scheme}://{host.lower()}"
