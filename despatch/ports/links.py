"""Links that a reader of an alert can act by, as a port."""

from typing import Protocol

from despatch.model import Alert


class Links(Protocol):
    """Makes signed links for one alert's subscriber. Pure; shared between threads."""

    def unsubscribe(self, alert: Alert) -> str | None:
        """Return the https address that ends what this alert came from; None if there is none.

        A POST to it acts, without cookies or a login; a GET only shows (RFC 8058 §3.1).
        """
        ...

    def manage(self, alert: Alert) -> str | None:
        """Return the https address of all that the subscriber has; None if there is none.

        A GET shows, a POST pauses, resumes, ends, or changes the frequency.
        """
        ...


class NoLinks:
    """What an installation without a public address has."""

    def unsubscribe(self, alert: Alert) -> str | None:
        return None

    def manage(self, alert: Alert) -> str | None:
        return None
