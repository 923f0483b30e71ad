"""Puts an installation together from its settings: bus, store, themes, senders, stages."""

import os
import socket
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from despatch.app.chosen import choose, tell_of_wrong_themes
from despatch.app.home import make_home
from despatch.app.part import part
from despatch.errors import SettingsError, UsageError
from despatch.model import ThemeId
from despatch.ports import Bus, Clock, Fetcher, NoLinks, Store, SystemClock
from despatch.settings import Settings
from despatch.topics import TopicSpec, topic_specs

# Adapters are imported where they are opened: `despatch --help` must not load a Kafka client.
if TYPE_CHECKING:
    from alerts.alarms import StoreAlarms
    from alerts.channels import Senders
    from alerts.deliver import DeliveryWorker
    from alerts.digesting import Digesting
    from alerts.links import SignedLinks, Signer
    from alerts.messages import Messages, Templates
    from alerts.receipting import Receipting
    from alerts.signup import SignUps
    from alerts.stage import Alerting
    from ingest.http import HttpFetcher
    from ingest.poller import Poller
    from ingest.witness import Witness
    from processors.stage import Classifying
    from processors.themes import Loaded, Theme

ALERTS_GROUP = "despatch.alerts"
PROCESSORS_GROUP = "despatch.processors"

SOURCE_LEASE = timedelta(minutes=2)
"""How long a dead poller keeps a source from the others."""


class App:
    """One installation. Each part is made when it is first asked for; `close` lets go of all."""

    def __init__(
        self, settings: Settings, *, clock: Clock | None = None, store: Store | None = None
    ) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        self.instance = f"{socket.gethostname()}:{os.getpid()}"
        """Who we are in leases and signs of life."""
        self._closing = ExitStack()
        if store is not None:
            self.__dict__["store"] = store

    def __enter__(self) -> "App":
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
        try:
            self.senders.check(SecretStr("mail://anybody@example.org"))
        except UsageError as exc:
            lacks = "" if said.mail_from else "; it may lack a sender's address: set mail_from"
            raise SettingsError(f"setting mail_url: {exc}{lacks}") from exc
        return SignUps(
            self.store,
            self.clock,
            self.senders,
            links,
            an_hour=said.signups_per_hour,
            page=f"{said.public_url}/subscribe",
        )

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
        return self._new_senders()

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
            senders=self._new_senders(),  # its own: connections belong to one event loop
            pace=Pace(said.alarm_wait, said.alarm_interval, said.alarm_repeat),
        )

    def fetcher(self, witness: "Witness | None" = None) -> "HttpFetcher":
        """Return a fetcher, to be entered in an event loop; `witness` notes what it does."""
        from despatch.connect import trusting
        from ingest.http import HttpFetcher

        said = self.settings
        return HttpFetcher(
            contact=said.contact,
            allow_networks=said.allow_networks,
            clock=self.clock,
            total=said.fetch_timeout,
            per_host=said.host_at_once,
            pause=said.host_pause,
            tls=trusting(said.ca_file) if said.ca_file else None,
            proxy=said.proxy.get_secret_value() if said.proxy else None,
            witness=witness,
        )

    def poller(self, fetcher: Fetcher, lease: timedelta = SOURCE_LEASE) -> "Poller":
        """Return a poller over this installation's bus and store."""
        from ingest.poller import Poller

        return Poller(
            self.bus,
            self.store,
            fetcher,
            self.clock,
            owner=self.instance,
            every=self.settings.poll_every,
            lease=lease,
            alarms=self.alarms,
            per_host=self.settings.host_at_once,
        )

    def classifying(self) -> "Classifying":
        """Return the processors' stage."""
        from processors.stage import Classifying

        tell_of_wrong_themes(self.loaded_themes, self.store, self.alarms)
        stage = Classifying(self.themes, self.clock, judges=self.settings.judges)
        self._closing.callback(stage.close)
        return stage

    def alerting(self) -> "Alerting":
        """Return the alerts' stage, with a thread of its own for what can wait."""
        from concurrent.futures import ThreadPoolExecutor

        from alerts.stage import Alerting

        return Alerting(
            self.store,
            self.bus,
            self.clock,
            group=ALERTS_GROUP,
            max_alert_age=self.settings.max_alert_age,
            stories=self.settings.stories,
            submit=ThreadPoolExecutor(1, thread_name_prefix="merge phrases").submit,
        )

    def digesting(self) -> "Digesting":
        """Return what tells what waited once it is due."""
        from alerts.digesting import Digesting

        return Digesting(self.store, self.clock, alarms=self.alarms)

    def receipting(self) -> "Receipting":
        """Return what sends receipts once they are due."""
        from alerts.receipting import Receipting

        return Receipting(self.store, self.clock)

    def deliverer(self) -> "DeliveryWorker":
        """Return a worker that sends what waits."""
        from alerts.deliver import DeliveryWorker
        from alerts.host import Limits

        self.templates.compile_all()  # now, not in the loop that sends
        senders = self._new_senders()
        senders.load()  # likewise
        said = self.settings
        return DeliveryWorker(
            self.store,
            senders,
            self.clock,
            owner=self.instance,
            alarms=self.alarms,
            limits=Limits(
                at_once=said.send_at_once,
                host_at_once=said.send_host_at_once,
                channel_at_once=said.send_channel_at_once,
                host_pause=said.send_host_pause,
                channel_pause=said.send_channel_pause,
            ),
        )

    def close(self) -> None:
        """Let go of connections, files and processes."""
        self._closing.close()
        for name in ("bus", "store"):
            if name in self.__dict__:
                self.__dict__.pop(name).close()

    def _new_senders(self) -> "Senders":
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
