"""What a mail server's answer about a recipient means: a bounce, a refusal, or not now."""

import pytest

from alerts.channels.answers import of_recipient


@pytest.mark.parametrize(
    "code, said, means",
    [
        (550, "5.1.1 no such user", "bounce"),
        (550, "5.1.10 recipient not found", "bounce"),
        (550, "5.2.1 the account is closed", "bounce"),
        (556, "5.1.2 that domain takes no mail", "bounce"),
        (550, "No such user here", "bounce"),
        (551, "user not local", "bounce"),
        (553, "mailbox name not allowed", "bounce"),
        (550, "5.7.1 your network is on a list", "smtp 550"),
        (552, "5.2.2 mailbox full", "smtp 552"),
        (550, "5.7.1 your relay 192.0.2.1 is on a list", "smtp 550"),
        (554, "5.7.1 refused", "smtp 554"),
        (554, "transaction failed", "smtp 554"),
        (550, "5.1.11 is no code that we know", "smtp 550"),
        (450, "4.2.1 try later", "smtp 450"),
    ],
)
def test_only_an_address_that_there_is_not_bounces(code: int, said: str, means: str) -> None:
    sent = of_recipient(code, said)
    assert sent.failure == means
    assert sent.outcome == ("temporary" if code < 500 else "permanent")


@pytest.mark.parametrize(
    "code, said, means",
    [
        (554, "5.7.1 <a@example.org>: Relay access denied", "relay"),
        (454, "4.7.1 <a@example.org>: Relay access denied", "relay"),
        (550, "relay not permitted", "relay"),
        (550, "5.7.54 SMTP; Unable to relay recipient in non-accepted domain", "relay"),
        (530, "5.7.0 Authentication required", "login"),
        (421, "4.3.2 going down", "smtp 421"),
    ],
)
def test_what_it_says_of_everybody_is_no_recipient_s_fault(
    code: int, said: str, means: str
) -> None:
    sent = of_recipient(code, said)
    assert (sent.outcome, sent.failure) == ("held up", means)


def test_what_the_server_says_is_not_repeated() -> None:
    """It names the address: only the codes are ours to show."""
    sent = of_recipient(550, "5.1.1 <ada@example.org> is unknown")
    assert sent.reason == "bounce: there is no such mailbox (550 5.1.1)"
