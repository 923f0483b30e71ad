"""The installation's own mail server (setting mail_url), spoken to without sending anything."""

import asyncio
from typing import TYPE_CHECKING, cast

from despatch.app.parts import ANYBODY
from despatch.app.wiring import App
from despatch.errors import OperatorError
from despatch.ports import Sent

if TYPE_CHECKING:
    from alerts.channels.own_mail import OwnMail

_WAYS_OUT = {
    "login": "look at the user and the password in mail_url",
    "tls": "its certificate must be valid for the host that mail_url names",
    "unsupported": "a mail_url with ?mode=insecure asks for no TLS, one without user for no login",
}
"""By the first word of what failed."""
_WHERE = "look at host and port in mail_url, and whether this machine may reach them"


def try_mail_server(app: App) -> str:
    """Connect to the mail server and log in, within seconds; return what came of it, in words.

    Raises OperatorError with the fault and the way out, and SettingsError for a wrong mail_url.
    """
    if app.settings.mail_url is None:
        return "none: no mail_url is set"
    app.check_mail_url()
    failed = asyncio.run(_greet(app))
    if failed is not None:
        way_out = _WAYS_OUT.get(failed.reason.partition(":")[0], _WHERE)
        which = (failed.by or "mail_url").removeprefix("mail server ")
        raise OperatorError(f"{which}: {failed.reason}; {way_out}")
    return "mail_url: it lets us in; nothing was sent by it now"


async def _greet(app: App) -> Sent | None:
    senders = app.new_senders()
    try:
        return await cast("OwnMail", senders.sender_for(ANYBODY)).greet(ANYBODY)
    finally:
        await senders.close()
