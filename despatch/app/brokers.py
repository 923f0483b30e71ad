"""How the settings say that brokers are spoken to."""

from despatch.bus.kafka import KafkaSecurity
from despatch.settings import Settings


def security_of(said: Settings) -> KafkaSecurity:
    """Return what a Kafka client has to know besides addresses."""
    return KafkaSecurity(
        protocol=said.kafka_protocol,
        ca_file=said.kafka_ca_file,
        cert_file=said.kafka_cert_file,
        key_file=said.kafka_key_file,
        check_hostname=said.kafka_check_hostname,
        sasl_mechanism=said.kafka_sasl_mechanism,
        username=said.kafka_username,
        password=said.kafka_password,
        token_provider=said.kafka_token_provider,
    )
