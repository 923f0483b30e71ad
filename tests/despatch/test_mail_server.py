"""The doctor speaks to the mail server of `mail_url`, as far as the login, and sends nothing."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from despatch.app import App
from despatch.app.doctor import Finding, examine
from despatch.settings import read
from despatch.testing.free_ports import free_port
from despatch.testing.mail_script import HANG_UP, mail_script

LOGIN = {"EHLO": "250-here\r\n250 AUTH PLAIN"}
SECRET = "hunter2"


def found(home: Path, port: int, *, user: bool = True) -> Finding:
    """Return what the doctor finds of a server on loopback."""
    who = f"u:{SECRET}@" if user else ""
    return look(home, f"mailto://{who}127.0.0.1:{port}/?mode=insecure")


def look(home: Path, url: str) -> Finding:
    sender = "Alerts <alerts@example.org>"
    said = read(home, environ={}, mail_url=SecretStr(url), mail_from=sender)
    with App(said) as app:
        [one] = [finding for finding in examine(app) if finding.looked_at == "mail server"]
    assert SECRET not in one.text
    return one


def test_a_server_that_lets_us_in_is_sound_and_gets_no_mail(tmp_path: Path) -> None:
    with mail_script(LOGIN | {"AUTH": "235 welcome"}) as server:
        assert found(tmp_path, server.port).verdict == "sound"
    assert server.heard == ["EHLO", "AUTH", "QUIT"]


def test_a_server_without_login_is_greeted(tmp_path: Path) -> None:
    with mail_script() as server:
        assert found(tmp_path, server.port, user=False).verdict == "sound"
    assert server.heard == ["QUIT"]


@pytest.mark.parametrize(
    "says,text",
    [
        (
            LOGIN | {"AUTH": "535 no"},
            "login: the mail server does not let us in (535); look at the user and the password "
            "in mail_url",
        ),
        ({}, "unsupported: the mail server has no STARTTLS or no login; a mail_url with"),
        (
            {"greeting": "421 busy"},
            "smtp 421: the mail server refused it for now; look at host and port in mail_url",
        ),
        ({"greeting": HANG_UP}, "disconnected: the mail server hung up; look at host and port"),
    ],
)
def test_a_server_that_does_not_let_us_in_is_named_with_the_fault_and_the_way_out(
    tmp_path: Path, says: dict[str, str], text: str
) -> None:
    with mail_script(says) as server:
        one = found(tmp_path, server.port)
    assert one.verdict == "wrong"
    assert one.text.startswith(f"127.0.0.1:{server.port}: {text}")
    assert "MAIL" not in server.heard


def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    one = found(tmp_path, free_port())
    assert one.verdict == "wrong"
    assert "unreachable: the mail server can't be reached: connection refused; look" in one.text


@pytest.mark.parametrize(
    "url,text",
    [
        ("mailto://mail.invalid/?mode=insecure", "dns: the mail server's name can't be resolved"),
        ("mailtos://127.0.0.1:{port}/?mode=ssl", "tls: no TLS with the mail server"),
    ],
)
def test_a_wrong_name_and_a_server_without_tls_are_told_apart(
    tmp_path: Path, url: str, text: str
) -> None:
    with mail_script({"greeting": "220 in the clear"}) as server:
        one = look(tmp_path, url.format(port=server.port))
    assert one.verdict == "wrong"
    assert text in one.text


def test_without_a_mail_server_there_is_nothing_to_try(tmp_path: Path) -> None:
    with App(read(tmp_path, environ={})) as app:
        [one] = [finding for finding in examine(app) if finding.looked_at == "mail server"]
    assert (one.verdict, one.text) == ("sound", "none: no mail_url is set")
