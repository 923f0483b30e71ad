"""The settings that lead outside, looked at before anything runs: nothing is sent or fetched."""

from despatch.app.wiring import App
from despatch.errors import SettingsError, UsageError


def check_outside(app: App) -> None:
    """Raise SettingsError for the first of them that can't work, with the way out."""
    check_operator(app)
    check_fetching(app)
    _ = app.signups  # which looks at mail_url


def check_operator(app: App) -> None:
    """Raise SettingsError if alarms could reach nobody: that would be noticed too late."""
    url = app.settings.operator_url
    if url is None:
        return
    try:
        app.senders.check(url)
    except UsageError as exc:
        raise SettingsError(f"setting operator_url: {exc}") from exc


def check_fetching(app: App) -> None:
    """Raise SettingsError if the file of authorities can't be used."""
    if app.settings.ca_file is not None:
        from despatch.connect import trusting

        trusting(app.settings.ca_file)
