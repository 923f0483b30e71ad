"""Reading a topic as it stands, without a group."""

import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from despatch.bus.kafka_connect import Connector
from despatch.bus.kafka_errors import translated
from despatch.bus.kafka_records import to_message
from despatch.errors import LOG_AWAY, ServerAway
from despatch.ports.bus import Extent, Message

_SILENT_FOR_S = 10.0
_POLL_MS = 500


def browse(
    connector: Connector, spans: Mapping[TopicPartition, Extent], doing: str
) -> Iterator[Message]:
    """Yield what stands in the spans, each in order; ends when all are through.

    Raises ServerAway when nothing comes for ten seconds though more must.
    """
    spans = {partition: span for partition, span in spans.items() if span.oldest < span.end}
    if not spans:
        return
    consumer = connector.open(
        KafkaConsumer,
        doing,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="none",
        request_timeout_ms=10_000,
        allow_auto_create_topics=False,
        metrics_enabled=False,
    )
    with closing(consumer), translated(doing):
        consumer.assign(list(spans))
        for partition, span in spans.items():
            consumer.seek(partition, span.oldest)
        yield from _through(consumer, spans, doing)


def _through(
    consumer: Any, spans: Mapping[TopicPartition, Extent], doing: str
) -> Iterator[Message]:
    left = set(spans)
    heard_at = time.monotonic()
    while left:
        before = {partition: consumer.position(partition) for partition in left}
        for partition, records in consumer.poll(timeout_ms=_POLL_MS).items():
            for record in records:
                if record.offset < spans[partition].end:
                    yield to_message(record)
        # A position also moves over holes, which no record tells of.
        after = {partition: consumer.position(partition) for partition in left}
        if after != before:
            heard_at = time.monotonic()
        elif time.monotonic() - heard_at > _SILENT_FOR_S:
            raise ServerAway(f"{doing}: {LOG_AWAY}")
        through = {partition for partition in left if after[partition] >= spans[partition].end}
        consumer.pause(*through)
        left -= through
