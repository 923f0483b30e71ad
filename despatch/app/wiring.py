"""Puts an installation's stages together from its parts."""

from datetime import timedelta
from typing import TYPE_CHECKING

from despatch.app.chosen import tell_of_untested_themes, tell_of_wrong_themes
from despatch.app.parts import Parts
from despatch.ports import Fetcher

# Stages are imported where they are made: `despatch --help` must not load them.
if TYPE_CHECKING:
    from alerts.deliver import DeliveryWorker
    from alerts.digesting import Digesting
    from alerts.receipting import Receipting
    from alerts.stage import Alerting
    from ingest.http import HttpFetcher
    from ingest.poller import Poller
    from ingest.witness import Witness
    from processors.stage import Classifying

ALERTS_GROUP = "despatch.alerts"
PROCESSORS_GROUP = "despatch.processors"

SOURCE_LEASE = timedelta(minutes=2)
"""How long a dead poller keeps a source from the others."""


class App(Parts):
    """One installation: its parts, and the stages that it runs."""

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
        tell_of_untested_themes(self.loaded_themes)
        stage = Classifying(self.themes, self.clock, judges=self.settings.judges)
        self.closing.callback(stage.close)
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
        senders = self.new_senders()
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
