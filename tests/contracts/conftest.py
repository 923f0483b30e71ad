"""What the contract suites need to run on real servers."""

from collections.abc import Callable

import pytest

from despatch.testing.buses import BusUnderTest
from despatch.testing.kafka_broker import SESSION, KafkaBroker, forget_records, open_kafka_bus


@pytest.fixture(scope="session")
def kafka_bus_factory(kafka_broker: KafkaBroker) -> Callable[[], BusUnderTest]:
    """Make handles on one broker; topics and groups have names of their own in each test."""
    where = ",".join(kafka_broker.servers)
    return lambda: BusUnderTest(where, open_kafka_bus, forget_records, session=SESSION)
