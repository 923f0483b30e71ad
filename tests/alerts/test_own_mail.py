"""`mail://you@example.org` goes by the server of `mail_url`, under the name of `mail_from`."""

import pytest
from pydantic import SecretStr

from alerts.channels import Senders
from despatch.errors import UsageError

YOU = SecretStr("mail://you@example.org")
INSIDE = ("mailto://postfix", "mailto://user:hunter2@10.0.0.5:2525?mode=insecure")


@pytest.mark.parametrize("server", INSIDE)
def test_a_server_inside_needs_no_sender_of_its_own_beside_mail_from(server: str) -> None:
    """What apprise makes of user and host there is no address: `user@10.0.0.5`."""
    url = SecretStr(server)
    Senders(mail_url=url, mail_from="Alerts <alerts@example.org>").check(YOU)
    with pytest.raises(UsageError, match="not complete"):
        Senders(mail_url=url).check(YOU)


def test_a_sender_that_the_server_s_url_names_stays() -> None:
    """Two of them would be two recipients' worth of doubt: apprise takes neither."""
    url = SecretStr("mailto://10.0.0.5?from=relay@example.org")
    Senders(mail_url=url, mail_from="Alerts <alerts@example.org>").check(YOU)
