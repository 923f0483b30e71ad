"""The public pages of one installation."""

from alerts.managing import Managed
from despatch.app import App
from despatch.errors import SettingsError
from despatch.web.pages import Pages, ThemeChoice


def pages(app: App) -> Pages:
    """Return the pages as the settings want them.

    Raises SettingsError without a public address, and for a mail server that can't be.
    """
    said = app.settings
    if said.public_url is None:
        raise SettingsError(
            "the public pages need their address: set public_url = "
            '"https://alerts.example.org" in despatch.toml, or DESPATCH_PUBLIC_URL'
        )
    return Pages(
        public_url=said.public_url,
        signer=app.signer,
        clock=app.clock,
        managed=Managed(app.store, app.clock),
        signups=app.signups,
        themes=[
            ThemeChoice(str(one.id), one.title, one.description) for one in app.chosen_themes(())
        ],
        zone=said.signup_zone,
        contact=said.contact,
        proxies=said.web_proxies,
    )
