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
    (secrets / "despatch_mail_from").write_text("secrets\n")
    (tmp_path / "despatch.toml").write_text(
        'contact = "file"\nmail_from = "file"\nmail_return_path = "file"\nlog_level = "debug"\n'
    )
    environ = {"DESPATCH_SECRETS_DIR": str(secrets), "DESPATCH_CONTACT": "environment"}
    found = read(tmp_path, environ=environ, log_level="error")
    assert found.log_level == "error"
    assert found.contact == "environment"
    assert found.mail_from == "secrets"
    assert found.mail_return_path == "file"


@pytest.mark.parametrize(
    "name, value, fault",
    [
        ("DESPATCH_POL_EVERY", "15m", "did you mean DESPATCH_POLL_EVERY?"),
        ("DESPATCH_POLL_EVERY", "15", "write a number with its unit"),
        ("DESPATCH_POLL_EVERY", "1m", "greater than or equal to 5 minutes"),
        ("DESPATCH_BUS", "rabbit://x", "write `local` or `kafka://host:9092`"),
        ("DESPATCH_STORE", "mysql://u:pw@h/d", "postgresql://"),
        ("DESPATCH_PARTITIONS", "many", "DESPATCH_PARTITIONS"),
        ("DESPATCH_ALLOW_NETWORKS", "10.0.0.0/40", "not a valid IPv4 network"),
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
        ("poll_every = ", "is not TOML"),
        ("log_level = 'loud'", "setting log_level in"),
    ],
)
def test_a_fault_in_the_file_names_the_file(tmp_path: Path, text: str, fault: str) -> None:
    (tmp_path / "despatch.toml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, environ={})
    assert fault in str(caught.value)
    assert "despatch.toml" in str(caught.value)


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
