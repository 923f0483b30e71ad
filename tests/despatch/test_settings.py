"""Settings come from four places, and every fault names itself and its place."""

from datetime import timedelta
from pathlib import Path

import pytest

from despatch.errors import SettingsError
from despatch.settings import Settings, read


def test_the_defaults_are_the_embedded_installation(tmp_path: Path) -> None:
    found = read(tmp_path, environ={})
    assert found.kafka_servers == ()
    assert found.store_url == f"sqlite:///{tmp_path / 'store.db'}"
    assert found.poll_every == timedelta(minutes=15)


def test_the_nearer_place_wins(tmp_path: Path) -> None:
    """Command line before environment before secrets folder before file."""
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "despatch_contact").write_text("secrets\n")
    (secrets / "despatch_kafka_username").write_text("secrets\n")
    (tmp_path / "despatch.toml").write_text(
        'contact = "file"\nkafka_username = "file"\nkafka_token_provider = "file"\n'
        'log_level = "debug"\n'
    )
    environ = {"DESPATCH_SECRETS_DIR": str(secrets), "DESPATCH_CONTACT": "environment"}
    found = read(tmp_path, environ=environ, log_level="error")
    assert found.log_level == "error"
    assert found.contact == "environment"
    assert found.kafka_username == "secrets"
    assert found.kafka_token_provider == "file"


@pytest.mark.parametrize(
    "name, value, fault",
    [
        ("DESPATCH_POL_EVERY", "15m", "did you mean DESPATCH_POLL_EVERY?"),
        ("DESPATCH_POLL_EVERY", "15", "write a number with its unit"),
        ("DESPATCH_POLL_EVERY", "1m", "write 5m or more"),
        ("DESPATCH_BUS", "rabbit://x", "write `local` or `kafka://host:9092`"),
        ("DESPATCH_STORE", "mysql://u:pw@h/d", "postgresql://"),
        ("DESPATCH_PARTITIONS", "many", "DESPATCH_PARTITIONS in the environment: write a whole"),
        ("DESPATCH_PARTITIONS", "0", "write 1 or more"),
        ("DESPATCH_HOST_PAUSE", "2m", "write 1m or less"),
        ("DESPATCH_LOG_JSON", "maybe", "write true or false"),
        ("DESPATCH_LOG_LEVEL", "loud", "write 'debug', 'info', 'warning' or 'error'"),
        ("DESPATCH_ALLOW_NETWORKS", "10.0.0.0/40", "'10.0.0.0/40' is no network; write such as"),
        ("DESPATCH_ALLOW_NETWORKS", "127.0.0.1/8", "did you mean 127.0.0.0/8?"),
        ("DESPATCH_WEB_LISTEN", "99999", "'99999' is not HOST:PORT; write 127.0.0.1:8080"),
        ("DESPATCH_MAIL_FROM", "Alerts", "write an address: alerts@example.org"),
        ("DESPATCH_MAIL_FROM", "Alerts <a b@example.org>", "write an address"),
        ("DESPATCH_CONFIG", "/nowhere/despatch.toml", "/nowhere/despatch.toml does not exist"),
        ("DESPATCH_SECRETS_DIR", "/nowhere", "secrets folder /nowhere can't be read"),
    ],
)
def test_a_wrong_setting_names_itself_and_the_way_out(
    tmp_path: Path, name: str, value: str, fault: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, environ={name: value})
    assert fault in str(caught.value)
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize(
    "text, fault",
    [
        ("pol_every = '15m'", "unknown setting pol_every"),
        ("poll_every = 15m", 'despatch.toml:1:16: text stands in quotes: write "text"'),
        ("contact = 5", "setting contact in"),
        ("contact = 5", "write text, in quotes"),
        ("log_level = 'loud'", "setting log_level in"),
    ],
)
def test_a_fault_in_the_file_names_the_file(tmp_path: Path, text: str, fault: str) -> None:
    (tmp_path / "despatch.toml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, environ={})
    assert fault in str(caught.value)
    assert "despatch.toml" in str(caught.value)


def test_every_wrong_setting_has_a_line_of_its_own(tmp_path: Path) -> None:
    """Who mends one should not find the next one only then."""
    (tmp_path / "despatch.toml").write_text("pol_every = '15m'\npoll_every = '1s'\njudges = 0\n")
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, environ={"DESPATCH_LOG_LEVEL": "loud"})
    named = [line.split()[1 + line.startswith("unknown")] for line in str(caught.value).split("\n")]
    assert sorted(named) == ["DESPATCH_LOG_LEVEL", "judges", "pol_every", "poll_every"]


def test_a_file_that_is_no_utf_8_says_so(tmp_path: Path) -> None:
    (tmp_path / "despatch.toml").write_bytes(b"contact = 'caf\xe9'")
    with pytest.raises(SettingsError, match=r"despatch.toml is not UTF-8: save it as UTF-8"):
        read(tmp_path, environ={})


@pytest.mark.parametrize("given", ["alerts@example.org", "Release alerts <alerts@example.org>"])
def test_a_sender_is_an_address_with_or_without_a_name(tmp_path: Path, given: str) -> None:
    assert read(tmp_path, environ={"DESPATCH_MAIL_FROM": given}).mail_from == given


def test_a_secret_is_in_no_text_of_the_settings(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        environ={
            "DESPATCH_STORE": "postgresql://u:hunter2@db/despatch",
            "DESPATCH_SECRET_KEY": "hunter2",
            "DESPATCH_KAFKA_PASSWORD": "hunter2",
            "DESPATCH_OPERATOR_URL": "json://hunter2@h",
        },
    )
    assert "hunter2" not in repr(found) + found.model_dump_json()
    assert found.store_url == "postgresql+psycopg://u:hunter2@db/despatch"


def test_every_setting_has_a_sentence() -> None:
    assert [n for n, field in Settings.model_fields.items() if not field.description] == []


@pytest.mark.parametrize(
    "given, kept",
    [
        ("https://alerts.example.org", "https://alerts.example.org"),
        ("https://example.org/alerts/", "https://example.org/alerts"),
        ("http://127.0.0.1:8090/", "http://127.0.0.1:8090"),
        ("http://localhost:8090", "http://localhost:8090"),
        ("http://[::1]:8090", "http://[::1]:8090"),
    ],
)
def test_the_public_pages_are_at_https_or_on_this_machine(
    tmp_path: Path, given: str, kept: str
) -> None:
    assert read(tmp_path, environ={"DESPATCH_PUBLIC_URL": given}).public_url == kept


@pytest.mark.parametrize(
    "name, value, fault",
    [
        ("DESPATCH_PUBLIC_URL", "http://alerts.example.org", "write it with https://"),
        ("DESPATCH_PUBLIC_URL", "alerts.example.org", "write `https://alerts.example.org`"),
        ("DESPATCH_PUBLIC_URL", "https://a.example/?x=1", "with a path if need be and no more"),
        ("DESPATCH_PUBLIC_URL", "https://u:p@a.example", "with a path if need be and no more"),
        ("DESPATCH_PUBLIC_URL", "https://a.example/\r\nX: y", "with a path if need be"),
        ("DESPATCH_MAIL_URL", "json://hooks.example", "write `mailtos://user:password@"),
        ("DESPATCH_MAIL_URL", "mailto://u:p@h.example?to=a@b.example", "leave `to` out"),
        ("DESPATCH_SIGNUP_ZONE", "Europe/Londn", "did you mean Europe/London"),
    ],
)
def test_a_wrong_setting_of_the_pages_names_itself_and_the_way_out(
    tmp_path: Path, name: str, value: str, fault: str
) -> None:
    with pytest.raises(SettingsError, match=name) as caught:
        read(tmp_path, environ={name: value})
    assert fault in str(caught.value)
