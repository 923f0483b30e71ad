"""`forget`, `export ADDRESS`, `unsuppress`: shown before it is done, and without a secret."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from despatch.app import App
from despatch.settings import PREFIX, read

Cli = Callable[..., str]
ADA = "ada@example.org"


@pytest.fixture(autouse=True)
def mail_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """The installation's own mail server, as its operator says."""
    monkeypatch.setenv(f"{PREFIX}MAIL_URL", "mailto://u:hunter2@mail.example")


@pytest.fixture
def known(cli: Cli) -> Cli:
    """The command line of an installation that ada has subscribed at."""
    cli("subscribe", "--theme", "migration", "--to", f"mail://{ADA}", "--name", "ada")
    return cli


def test_without_yes_it_is_only_shown(known: Cli) -> None:
    said = known("forget", ADA)
    assert "ada, since" in said
    assert "1 subscription (migration), 1 channel (mail://…" in said
    assert "0 alerts" in said
    assert f"despatch forget {ADA} --yes" in said
    assert "migration" in known("subscriptions", "list")


def test_with_yes_it_is_done_and_the_address_is_written_to_no_more(known: Cli) -> None:
    assert "Erased." in known("forget", ADA, "--yes")
    assert "Nobody is subscribed" in known("subscriptions", "list")
    said = known("subscribe", "--theme", "migration", "--to", f"mail://{ADA}", code=2)
    assert "despatch unsuppress" in said
    assert ADA not in said
    assert "can be written to again" in known("unsuppress", ADA)
    assert "was not suppressed" in known("unsuppress", ADA)
    known("subscribe", "--theme", "migration", "--to", f"mail://{ADA}")


def test_an_address_of_nobody_s_is_suppressed_all_the_same(cli: Cli) -> None:
    assert "Nothing is kept about that address" in cli("forget", ADA)
    assert "written to no more" in cli("forget", ADA, "--yes")
    assert "since it was forgotten before" in cli("forget", ADA)


def test_machines_get_the_same(known: Cli) -> None:
    (shown,) = known("forget", ADA, "--json").splitlines()
    assert json.loads(shown)["erased"] is False
    (done,) = known("forget", ADA, "--yes", "--json").splitlines()
    found = json.loads(done)
    assert (found["erased"], found["suppressed"], found["left"]) == (True, True, "")
    assert [one["name"] for one in found["subscribers"]] == ["ada"]


def test_a_name_that_nobody_has_is_said(cli: Cli) -> None:
    assert "nobody is called 'bob'" in cli("forget", "bob", code=2)
    assert "nobody is called 'bob'" in cli("export", "bob", code=2)


def test_a_person_s_data_goes_into_a_file_of_its_owner_s(known: Cli, tmp_path: Path) -> None:
    file = tmp_path / "ada.json"
    known("export", ADA, "--to", str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    text = file.read_text()
    (who,) = json.loads(text)["subscribers"]
    assert [one["to"] for one in who["channels"]] == [ADA]
    assert [one["query"] for one in who["subscriptions"]] == ["theme:migration"]
    assert "hunter2" not in text


def test_a_person_s_data_has_no_format_and_no_part(known: Cli) -> None:
    assert "only --to goes with an address" in known("export", ADA, "--since", "30d", code=2)


def test_without_an_address_the_archive_is_exported_as_before(known: Cli) -> None:
    assert "0 releases" in known("export")


def test_an_address_that_bounced_is_shown_with_the_reason_until_it_may_be_written_to_again(
    known: Cli, home: Path
) -> None:
    assert "No channel has failed" in known("subscriptions", "list", "--stopped")
    why = "bounce: there is no such mailbox (550 5.1.1)"
    with App(read(home, environ={})) as app, app.store.transaction() as tx:
        (channel,) = tx.channels()
        tx.stop_channel(channel.id, why, app.clock.now(), bounced=True)
    assert f"(paused: {why})" in known("subscriptions", "show", "ada")
    listed = known("subscriptions", "list", "--stopped", "--json")
    assert json.loads(listed)["stopped"] == [why]
    assert "1 channel stopped, 1 of them for a bounce" in known("status", code=1)
    said = known("subscribe", "--theme", "migration", "--to", f"mail://{ADA}", code=2)
    assert "bounced: there was no such mailbox" in said
    assert ADA not in said
    assert "can be written to again" in known("unsuppress", ADA)
    assert "(active)" in known("subscriptions", "show", "ada")


@pytest.mark.parametrize(
    "url",
    [
        f"sendgrid://abcd123-abcd:from@example.org/{ADA}",
        f"mailgun://user@example.org/12345678-abcdef12-12345678abc/{ADA}",
        f"ses://from@example.org/AKIA1234/secret/us-east-1/{ADA}",
    ],
)
def test_an_address_behind_a_service_is_found_and_erased_too(cli: Cli, url: str) -> None:
    cli("subscribe", "--theme", "migration", "--to", url, "--name", "ada")
    scheme = url.partition(":")[0]
    assert f"1 channel ({scheme}://…" in cli("forget", ADA)
    assert "Erased." in cli("forget", ADA, "--yes")
    assert "Nobody is subscribed" in cli("subscriptions", "list")
    refused = cli("subscribe", "--theme", "migration", "--to", url, code=2)
    assert "asked to be forgotten" in refused


@pytest.mark.parametrize("url", ["ntfy://h/topic", "json://hooks.example/in?to=ada@example.org"])
def test_what_names_no_address_as_its_target_is_nobody_s(cli: Cli, url: str) -> None:
    cli("subscribe", "--theme", "migration", "--to", url, "--name", "ada")
    said = cli("forget", ADA)
    assert "Nothing is kept about that address" in said
    assert "by their name" in said


def test_a_person_is_found_and_forgotten_by_their_telephone_number(cli: Cli) -> None:
    url = "vonage://ACCOUNT:SECRETxx@15551234567/447700900123"
    cli("subscribe", "--theme", "migration", "--to", url, "--name", "ada")
    said = cli("forget", "+44 7700 900123")
    assert said.startswith("By that telephone number:\nada, since ")
    assert "despatch forget '+44 7700 900123' --yes" in said
    assert "Erased." in cli("forget", "+44 7700 900123", "--yes")
    assert "asked to be forgotten" in cli("subscribe", "--theme", "trade", "--to", url, code=2)
    assert "can be written to again" in cli("unsuppress", "0044 7700 900123")
    cli("subscribe", "--theme", "migration", "--to", url)


def test_a_number_without_its_country_is_said_to_lack_it(cli: Cli) -> None:
    assert "write it with the country's code" in cli("forget", "07700 900123", code=2)
