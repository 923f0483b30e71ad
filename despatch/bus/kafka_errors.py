"""What Kafka's errors mean for us: one table, first match wins."""

from collections.abc import Iterator
from contextlib import contextmanager

from kafka import errors as kafka

from despatch.errors import (
    LOG_AWAY,
    DespatchError,
    FencedError,
    OperatorError,
    PermanentError,
    PositionLost,
    ServerAway,
    StorageFull,
    TooLarge,
    TransientError,
)

_TABLE: tuple[tuple[tuple[type[kafka.KafkaError], ...], type[DespatchError], str], ...] = (
    (
        (kafka.MessageSizeTooLargeError, kafka.RecordListTooLargeError),
        TooLarge,
        "the broker takes no message of this size: raise the topic's max.message.bytes, or cut it",
    ),
    (
        (kafka.InvalidRecordError, kafka.InvalidTimestampError),
        PermanentError,
        "the broker refuses this message",
    ),
    (
        (
            kafka.CommitFailedError,
            kafka.IllegalGenerationError,
            kafka.UnknownMemberIdError,
            kafka.RebalanceInProgressError,
            kafka.FencedInstanceIdError,
        ),
        FencedError,
        "the group has given the partition out anew: drop the batch and poll again",
    ),
    (
        (kafka.OffsetOutOfRangeError, kafka.LogTruncationError),
        PositionLost,
        "the log no longer holds what comes next: see what is left with `despatch status`, then "
        "move the group",
    ),
    (
        (
            kafka.UnknownTopicOrPartitionError,
            kafka.UnknownTopicIdError,
            kafka.InvalidTopicError,
        ),
        OperatorError,
        "a topic is missing: run `despatch topics create`",
    ),
    (
        (kafka.SaslAuthenticationFailedError,),
        OperatorError,
        "the broker refused the sign-in: check kafka_username and kafka_password (or "
        "kafka_token_provider) and kafka_sasl_mechanism",
    ),
    (
        (kafka.UnsupportedSaslMechanismError, kafka.IllegalSaslStateError),
        OperatorError,
        "the broker does not know this way to sign in: check kafka_sasl_mechanism and "
        "kafka_protocol",
    ),
    (
        (kafka.AuthorizationError, kafka.SecurityDisabledError),
        OperatorError,
        "the user that kafka_username names may not do this: grant it on the broker",
    ),
    (
        (kafka.UnsupportedVersionError, kafka.UnrecognizedBrokerVersion),
        OperatorError,
        "the broker is too old: Despatch needs Apache Kafka 4",
    ),
    (
        (kafka.UnsupportedCodecError, kafka.CorruptRecordError),
        OperatorError,
        "a message in the log can't be unpacked: `despatch topics check` says what is wrong with "
        "its topic; to go on behind it, move the group",
    ),
    (
        (
            kafka.InvalidReplicationFactorError,
            kafka.InvalidPartitionsError,
            kafka.InvalidConfigurationError,
            kafka.PolicyViolationError,
        ),
        OperatorError,
        "the broker refuses such a topic: check kafka_replication and partitions",
    ),
    ((kafka.KafkaConfigurationError,), OperatorError, "kafka-python refuses its settings"),
    ((kafka.KafkaStorageError,), StorageFull, "a broker can't write its log: check its disk"),
    (
        (kafka.RetriableError, kafka.UnknownBrokerIdError, kafka.BrokerNotAvailableError),
        ServerAway,
        "Kafka can't do that just now",
    ),
)
"""The rest is TransientError: a producer's lost sequence, a connection closed underneath."""


_SILENT = (
    kafka.KafkaTimeoutError,
    kafka.KafkaConnectionError,
    kafka.NodeNotReadyError,
    kafka.NetworkExceptionError,
    kafka.MetadataEmptyBrokerList,
)
"""Nobody is there. Their texts are the client's own affairs: `No node_id provided`."""

_NOT_YET = "currently fenced"
"""What a controller says of brokers that start, or that were silent for a while."""


def translate(exc: kafka.KafkaError, doing: str) -> DespatchError:
    """Return what we raise for Kafka's error: `ServerAway("publish: no Kafka broker …")`."""
    if isinstance(exc, kafka.InvalidReplicationFactorError) and _NOT_YET in str(exc):
        return ServerAway(f"{doing}: the brokers have not joined their cluster yet ({exc})")
    if isinstance(exc, _SILENT):
        return ServerAway(f"{doing}: {LOG_AWAY}: is it started, and within reach?")
    for kinds, ours, advice in _TABLE:
        if isinstance(exc, kinds):
            return ours(f"{doing}: {advice} ({exc})")
    return TransientError(f"{doing}: {exc}")


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Raise Kafka's errors as ours."""
    try:
        yield
    except kafka.KafkaError as exc:
        raise translate(exc, doing) from exc
