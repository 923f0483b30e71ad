"""Signing in to Kafka: what is passed on, what is refused, and what each refusal says."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pydantic import SecretStr

from despatch.bus.kafka import KafkaBus, KafkaSecurity
from despatch.errors import OperatorError, ServerAway, SettingsError
from despatch.model import DeadLetter
from despatch.ports import Outgoing
from despatch.testing.certificates import make_certificates
from despatch.testing.kafka_broker import KafkaBroker
from despatch.topics import RETENTION, TopicSpec

PASSWORD = "s3cret-s3cret"
TOKENS = "despatch.testing.kafka_broker:unsigned_token"

kafka = pytest.mark.kafka
slow = pytest.mark.slow


@pytest.fixture(scope="module")
def guarded(kafka_here: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """A broker with a listener of each kind, that knows one user."""
    with KafkaBroker(
        tmp_path_factory.mktemp("guarded"),
        listeners=("SSL", "SASL_SSL", "SASL_PLAINTEXT"),
        users={"alice": PASSWORD},
    ) as broker:
        yield broker


def signed_in(broker: KafkaBroker, **changed: object) -> KafkaSecurity:
    fields: dict[str, object] = {
        "protocol": "SASL_SSL",
        "ca_file": broker.ca,
        "sasl_mechanism": "SCRAM-SHA-256",
        "username": "alice",
        "password": SecretStr(PASSWORD),
    }
    return KafkaSecurity(**(fields | changed))  # type: ignore[arg-type]


# On a broker


@kafka
@slow
@pytest.mark.parametrize(
    "changed",
    [
        {"protocol": "SSL", "sasl_mechanism": None},
        {"sasl_mechanism": "SCRAM-SHA-256"},
        {"sasl_mechanism": "SCRAM-SHA-512"},
        {"sasl_mechanism": "PLAIN"},
        {"sasl_mechanism": "OAUTHBEARER", "token_provider": TOKENS},
        {"protocol": "SASL_PLAINTEXT"},
    ],
    ids=lambda changed: "-".join(str(value) for value in changed.values()),
)
def test_signs_in(guarded: KafkaBroker, changed: dict[str, object]) -> None:
    """Whoever shows what the listener asks for publishes and reads."""
    security = signed_in(guarded, **changed)
    with closing(KafkaBus(guarded.servers_of(security.protocol), security=security)) as bus:
        topic = f"test.{uuid4().hex}"
        bus.create_topics([TopicSpec(topic, DeadLetter, 1, RETENTION)])
        bus.publish([Outgoing(topic, "k", b"v")])
        assert [message.value for message in bus.browse(topic)] == [b"v"]


def patiently(call: Callable[[], object]) -> None:
    """Call as a stage does: a broker that is slow to answer on a busy machine is asked again."""
    for _ in range(4):
        with suppress(ServerAway):
            call()
            return
    call()


@kafka
@slow
@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "PLAIN"])
def test_wrong_password(guarded: KafkaBroker, mechanism: str) -> None:
    """A wrong password is for the operator: the text names the settings, and never shows it."""
    wrong = SecretStr("wr0ng-wr0ng")
    security = signed_in(guarded, sasl_mechanism=mechanism, password=wrong)
    with closing(KafkaBus(guarded.servers_of("SASL_SSL"), security=security)) as bus:
        for call in (lambda: bus.extents("t"), lambda: bus.publish([Outgoing("t", "k", b"")])):
            with pytest.raises(OperatorError, match=r"kafka_username.*kafka_password") as caught:
                patiently(call)
            assert "wr0ng" not in str(caught.value)


@kafka
@slow
def test_wrong_mechanism(guarded: KafkaBroker) -> None:
    """Signing in where nobody has to names the settings that say so."""
    security = signed_in(guarded, protocol="SASL_PLAINTEXT")
    with (
        closing(KafkaBus(guarded.servers, security=security)) as bus,
        pytest.raises(OperatorError, match=r"kafka_sasl_mechanism.*kafka_protocol"),
    ):
        bus.extents("t")


@kafka
@slow
def test_unknown_authority(guarded: KafkaBroker, tmp_path: Path) -> None:
    """A certificate signed by an authority that we were not told of names kafka_ca_file."""
    make_certificates(tmp_path)
    for ca_file in (tmp_path / "ca.pem", None):
        security = signed_in(guarded, ca_file=ca_file)
        with (
            closing(KafkaBus(guarded.servers_of("SASL_SSL"), security=security)) as bus,
            pytest.raises(OperatorError, match="kafka_ca_file"),
        ):
            bus.extents("t")


@kafka
@slow
def test_other_host(guarded: KafkaBroker) -> None:
    """A certificate for another host is refused, unless kafka_check_hostname is off."""
    _, port = guarded.servers_of("SASL_SSL")[0].split(":")
    elsewhere = [f"127.1:{port}"]  # the same address by a name that the certificate lacks
    with (
        closing(KafkaBus(elsewhere, security=signed_in(guarded))) as bus,
        pytest.raises(OperatorError, match="kafka_check_hostname"),
    ):
        bus.extents("t")

    unchecked = signed_in(guarded, check_hostname=False)
    with (
        closing(KafkaBus(elsewhere, security=unchecked)) as bus,
        pytest.raises(OperatorError, match="despatch topics create"),
    ):
        bus.extents("t")


@kafka
@slow
def test_tls_where_there_is_none(guarded: KafkaBroker) -> None:
    """TLS spoken to a listener without it names kafka_protocol."""
    with (
        closing(KafkaBus(guarded.servers, security=signed_in(guarded))) as bus,
        pytest.raises(OperatorError, match="kafka_protocol"),
    ):
        bus.extents("t")


# Settings


def test_plain_passes_through() -> None:
    """User and password reach the client as they were set."""
    security = KafkaSecurity(
        protocol="SASL_PLAINTEXT",
        sasl_mechanism="PLAIN",
        username="alice",
        password=SecretStr(PASSWORD),
    )
    assert security.client_settings() == {
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "PLAIN",
        "sasl_plain_username": "alice",
        "sasl_plain_password": PASSWORD,
    }


def test_oauth_passes_through() -> None:
    """Each sign-in asks the installation's own callable for a token."""
    security = KafkaSecurity(
        protocol="SASL_PLAINTEXT", sasl_mechanism="OAUTHBEARER", token_provider="getpass:getuser"
    )
    settings = security.client_settings()
    assert settings["sasl_mechanism"] == "OAUTHBEARER"
    assert settings["sasl_oauth_token_provider"].token() == __import__("getpass").getuser()
    assert "sasl_plain_password" not in settings


def test_tls_passes_through(tmp_path: Path) -> None:
    """TLS is 1.2 or later, trusts the authority that was named, and shows our certificate."""
    make_certificates(tmp_path)
    pem = tmp_path / "broker.pem"
    security = KafkaSecurity(protocol="SSL", ca_file=tmp_path / "ca.pem", cert_file=pem)

    context = security.client_settings()["ssl_context"]

    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.cert_store_stats()["x509_ca"] == 1


@pytest.mark.parametrize(
    "fields, setting",
    [
        ({"protocol": "SASL_SSL"}, "kafka_sasl_mechanism"),
        ({"sasl_mechanism": "PLAIN"}, "kafka_protocol"),
        ({"protocol": "SASL_SSL", "sasl_mechanism": "PLAIN"}, "kafka_username"),
        (
            {"protocol": "SASL_SSL", "sasl_mechanism": "SCRAM-SHA-512", "username": "alice"},
            "kafka_password",
        ),
        ({"protocol": "SASL_SSL", "sasl_mechanism": "OAUTHBEARER"}, "kafka_token_provider"),
    ],
)
def test_what_is_missing_is_named(fields: dict[str, str], setting: str) -> None:
    """What a way to sign in needs and lacks is named, before anything connects."""
    with pytest.raises(SettingsError, match=setting):
        KafkaSecurity(**fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "provider", ["nowhere:token", "getpass:nothing", "getpass", "ssl:CERT_NONE"]
)
def test_wrong_token_provider(provider: str) -> None:
    """A token provider that can't be called is named."""
    security = KafkaSecurity(
        protocol="SASL_SSL", sasl_mechanism="OAUTHBEARER", token_provider=provider
    )
    with pytest.raises(SettingsError, match="kafka_token_provider"):
        security.client_settings()


@pytest.mark.parametrize("field", ["ca_file", "cert_file"])
def test_unreadable_file(tmp_path: Path, field: str) -> None:
    """A PEM file that is absent or holds something else is named with its setting."""
    (tmp_path / "odd.pem").write_text("no certificate")
    for name in ("odd.pem", "absent.pem"):
        fields: dict[str, Any] = {field: tmp_path / name}
        with pytest.raises(SettingsError, match=rf"kafka_{field}.*{name}"):
            KafkaSecurity(protocol="SSL", **fields).client_settings()


def test_password_is_not_shown() -> None:
    """A password stands in no representation."""
    security = KafkaSecurity(
        protocol="SASL_SSL", sasl_mechanism="PLAIN", username="a", password=SecretStr(PASSWORD)
    )
    assert PASSWORD not in repr(security)
