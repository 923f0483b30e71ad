"""The figures of a whole installation in Prometheus' text format."""

from collections import Counter

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from despatch.app.status import STAGES, Status
from despatch.canary import WAY


def render(status: Status) -> bytes:
    """Return the figures, such as `despatch_stage_up{stage="alerts"} 1.0`.

    A registry is made for each call: the figures live in the store and the log, not here.
    """
    registry = CollectorRegistry()

    def gauge(name: str, help_: str, *labels: str) -> Gauge:
        return Gauge(f"despatch_{name}", help_, labels, registry=registry)

    up = gauge("stage_up", "1 if the stage showed life within 30 seconds", "stage")
    for stage in STAGES:
        up.labels(stage).set(stage not in status.missing)
    waiting = gauge("stage_lag_messages", "Messages before the stage", "stage", "topic")
    for lag in status.lags:
        waiting.labels(lag.stage, lag.topic).set(lag.waiting)
    deliveries = gauge("deliveries", "Deliveries by state", "state")
    for state, count in status.counts.deliveries.items():
        deliveries.labels(state).set(count)
    age = gauge("delivery_oldest_waiting_seconds", "How long the oldest due delivery has waited")
    oldest = status.counts.oldest_waiting
    age.set(0 if oldest is None else max(0.0, (status.at - oldest).total_seconds()))
    gauge("digests_waiting", "Digests that wait for their moment").set(
        status.counts.digests_waiting
    )
    gauge("items_waiting", "What is told in them").set(status.counts.items_waiting)
    overdue = gauge("digest_overdue_seconds", "How long the oldest due digest has waited")
    due = status.counts.oldest_digest_due
    overdue.set(0 if due is None else max(0.0, (status.at - due).total_seconds()))
    gauge("releases", "Releases in the archive").set(status.counts.releases)
    gauge("matches", "Matches recorded").set(status.counts.matches)
    gauge("told", "Times that a subscriber was told").set(status.counts.told)
    gauge("subscriptions", "Active subscriptions").set(status.counts.subscriptions)
    gauge("channels_stopped", "Channels that stand still for having failed").set(
        status.counts.stopped_channels
    )
    gauge("channels_bounced", "Those of them whose address bounced").set(status.counts.bounced)
    gauge("log_up", "1 if the log answers; if not, it has no figures here").set(not status.log_away)
    if status.dead is not None:
        gauge("dead_letters", "Dead letters that are kept").set(status.dead)
    gauge("alarms_open", "Alarms that are open").set(len(status.alarms))
    seen = status.canary
    if seen.arrived_at is not None and seen.took is not None:
        age = gauge("canary_age_seconds", "Since the last probe of the whole way came through")
        age.set((status.at - seen.arrived_at).total_seconds())
        took = gauge("canary_took_seconds", "How long that probe took")
        took.set(seen.took.total_seconds())
    stands = gauge("canary_under_way_seconds", "How long a probe has stood in a stage", "stage")
    for stage in WAY:
        here = seen.under_way_since if seen.stands_in == stage else None
        stands.labels(stage).set((status.at - here).total_seconds() if here else 0)
    failures = gauge("source_failures", "Failed polls in a row", "source")
    gaps = gauge("source_gaps_open", "Times in which it may have published unseen", "source")
    open_gaps = Counter(gap.source for gap in status.gaps)
    unread = gauge("source_documents_unread", "Summaries that wait for their full text", "source")
    read = gauge("source_read_timestamp_seconds", "When the source was last read", "source")
    for one in status.sources:
        failures.labels(one.source.id).set(one.health.failures)
        gaps.labels(one.source.id).set(open_gaps[one.source.id])
        unread.labels(one.source.id).set(status.unread.get(one.source.id, 0))
        if one.health.ok_at is not None:
            read.labels(one.source.id).set(one.health.ok_at.timestamp())
    return generate_latest(registry)
