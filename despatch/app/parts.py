"""The parts of an installation, as its settings name them: bus, store, themes, senders."""

import os
import socket
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pydantic import SecretStr

from despatch.app.chosen import choose
from despatch.app.home import make_home
from despatch.app.part import part
from despatch.errors import SettingsError, UsageError
from despatch.model import ThemeId
from despatch.ports import Bus, Clock, NoLinks, Store, SystemClock
from despatch.settings import Settings
from despatch.topics import TopicSpec, topic_specs

# Adapters are imported where they are opened: `despatch --help` must not load a Kafka client.
if TYPE_CHECKING:
    from alerts.alarms import StoreAlarms
    from alerts.channels import Senders
    from alerts.links import SignedLinks, Signer
    from alerts.messages import Messages, Templates
    from alerts.signup import SignUps
    from processors.themes import Loaded, Theme

ANYBODY = SecretStr("mail://anybody@example.org")
"""A mailbox that stands for all which the installation's own mail server serves."""


class Parts:
    """One installation's parts, each made when it is first asked for; `close` lets go of all."""

    def __init__(
        self, settings: Settings, *, clock: Clock | None = None, store: Store | None = None
    ) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        self.instance = f"{socket.gethostname()}:{os.getpid()}"
        """Who we are in leases and signs of life."""
        self.closing = ExitStack()
        """What is let go of at the end, the last first."""
        if store is not None:
            self.__dict__["store"] = store

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    @part
    def bus(self) -> Bus:
        """The log that the settings name; a local one gets its topics at once."""
        if self.settings.kafka_servers:
            from despatch.app.brokers import security_of
            from despatch.bus.kafka import KafkaBus

            return KafkaBus(
                self.settings.kafka_servers,
                security=security_of(self.settings),
                clock=self.clock,
                replication=self.settings.kafka_replication,
            )
        from despatch.bus.local import LocalBus

        bus = LocalBus(make_home(self.settings.home) / "log.db", clock=self.clock)
        bus.create_topics(self.topics)
        return bus

    @part
    def store(self) -> Store:
        """The store that the settings name; a local one that does not exist yet is made.

        One that exists is never changed here: that is `despatch migrate`.
        """
        from despatch.store.sql import SqlStore

        url = self.settings.store_url
        fresh = url.startswith("sqlite") and not (self.settings.home / "store.db").exists()
        file = str(self.settings.home / "secret.key")
        named = file if self.settings.secret_key is None else "secret_key"
        store = SqlStore(url, keys=self.keys, clock=self.clock, keys_from=named)
        if fresh:
            store.migrate()
        return store

    @part
    def keys(self) -> list[str]:
        """The store's keys, the one that encrypts first."""
        from despatch.store.secrets import load_keys

        key = self.settings.secret_key
        file = make_home(self.settings.home) / "secret.key"
        return load_keys(file, None if key is None else key.get_secret_value())

    @part
    def links(self) -> "SignedLinks | None":
        """Links to the public pages; None without a public address."""
        from alerts.links import SignedLinks

        address = self.settings.public_url
        return None if address is None else SignedLinks(address, self.signer)

    @part
    def signer(self) -> "Signer":
        """What signs the links, and reads them."""
        from alerts.links import Signer
        from despatch.store.secrets import link_keys

        return Signer(link_keys(self.keys))

    @part
    def signups(self) -> "SignUps | None":
        """What takes sign-ups; None unless there are both public pages and a mail server.

        Raises SettingsError if the mail server can't be.
        """
        from alerts.signup import SignUps

        said, links = self.settings, self.links
        if links is None or said.mail_url is None or said.public_url is None:
            return None
        self.check_mail_url()
        return SignUps(
            self.store,
            self.clock,
            self.senders,
            links,
            an_hour=said.signups_per_hour,
            page=f"{said.public_url}/subscribe",
        )

    def check_mail_url(self) -> None:
        """Raise SettingsError if what `mail_url` says can't be a mail server."""
        try:
            self.senders.check(ANYBODY)
        except UsageError as exc:
            lacks = (
                "" if self.settings.mail_from else "; it may lack a sender's address: set mail_from"
            )
            raise SettingsError(f"setting mail_url: {exc}{lacks}") from exc

    @part
    def themes_folder(self) -> Path:
        """Where the operator's own themes are: `themes_dir`, else `themes` in the home folder."""
        return self.settings.themes_dir or self.settings.home / "themes"

    @part
    def loaded_themes(self) -> "Loaded":
        """The built-in themes and the operator's own; of one id, the operator's."""
        from processors.themes import HERE, read_themes

        own = self.settings.themes_dir
        if own is not None and not own.is_dir():
            raise SettingsError(f"themes_dir {own} is no folder: make it, or leave the setting out")
        return read_themes(HERE, self.themes_folder)

    @part
    def themes(self) -> "tuple[Theme, ...]":
        """Every theme whose file is right; the others are in `loaded_themes.faults`."""
        return self.loaded_themes.themes

    def chosen_themes(
        self, names: Sequence[str], *, experimental: bool = False
    ) -> "tuple[Theme, ...]":
        """Return the themes of these names, or all: see `despatch.app.chosen`."""
        return choose(self.loaded_themes, names, experimental=experimental)

    @part
    def topics(self) -> tuple[TopicSpec, ...]:
        """Every topic that this installation uses."""
        return topic_specs(
            (ThemeId(theme.id) for theme in self.themes),
            partitions=self.settings.partitions,
            retention=self.settings.retention,
        )

    @part
    def templates(self) -> "Templates":
        """The templates of messages; an operator's own are tried on every kind of message first.

        Raises SettingsError that names the file and the line of a broken one.
        """
        from alerts.messages.specimens import check
        from alerts.messages.templates import Templates, built_in

        if self.settings.templates_dir is None:
            return built_in()
        own = Templates(self.settings.templates_dir)
        check(own)
        return own

    @part
    def messages(self) -> "Messages":
        """What writes messages."""
        from alerts.messages import Messages

        return Messages(self.templates, self.links or NoLinks())

    @part
    def senders(self) -> "Senders":
        """One sender for each kind of channel."""
        return self.new_senders()

    @part
    def alarms(self) -> "StoreAlarms":
        """Where stages say that a person should look."""
        from alerts.alarms import StoreAlarms
        from alerts.grouping import Pace

        said = self.settings
        return StoreAlarms(
            self.store,
            self.clock,
            operator_url=said.operator_url,
            senders=self.new_senders(),  # its own: connections belong to one event loop
            pace=Pace(said.alarm_wait, said.alarm_interval, said.alarm_repeat),
            outage_file=said.home / "store-is-away",
        )

    def new_senders(self) -> "Senders":
        """Return senders of one's own: connections belong to one event loop."""
        from alerts.channels import Senders
        from alerts.channels.setup import READ_TIMEOUT

        said = self.settings
        return Senders(
            mail_from=said.mail_from,
            mail_return_path=said.mail_return_path,
            mail_url=said.mail_url,
            links=self.links or NoLinks(),
            templates=self.templates,
            allow_networks=said.allow_networks,
            read_timeout=min(READ_TIMEOUT, said.send_timeout / 2),
            time_limit=said.send_timeout,
        )

    def close(self) -> None:
        """Let go of connections, files and processes."""
        self.closing.close()
        for name in ("bus", "store"):
            if name in self.__dict__:
                self.__dict__.pop(name).close()
